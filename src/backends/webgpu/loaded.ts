/** Kernels that most Programs do without: this is loaded when a Program first holds one of them. */
import type { PlannedCall } from '../plan.ts';
import type { Runtime, Unloaded } from './compile.ts';
import { type Forms, type LoadedDispatch, wordsToBytes } from './dispatch.ts';
import { lowerPass, PASS_SHADERS } from './lower-pass.ts';
import { lowerSolve, SOLVE_SHADERS } from './lower-solve.ts';
import type { DeviceBuffer } from './pool.ts';
import type { Shader } from './shaders.ts';

export const LOADED_SHADERS: Readonly<Record<string, Shader>> = { ...PASS_SHADERS, ...SOLVE_SHADERS };

/** Says what `UNLOADED` leaves open of these kernels. */
export function load(all: readonly Unloaded[], sizesBuffer: DeviceBuffer, { device, forms, pipelines }: Runtime): void {
  for (const { kernels, step } of all) {
    for (const [index, { name, sizes, constants, ...rest }] of lowerLoaded(step, forms).entries()) {
      const kernel = kernels[index];
      Object.assign(kernel, { pipeline: pipelines.get(name, constants, LOADED_SHADERS[name]), ...rest });
      device.queue.writeBuffer(sizesBuffer.handle, kernel.sizes?.offset ?? 0, wordsToBytes(sizes));
    }
  }
}

function lowerLoaded(step: PlannedCall, forms: Forms): LoadedDispatch[] {
  const { call } = step;
  if (call.kernel === 'pass') return lowerPass(call, step, forms);
  if (call.kernel === 'solve') return [lowerSolve(call, step)];
  throw new Error(`${call.kernel} is not a kernel that is loaded by itself`);
}
