/**
 * A pass of an iteration: one dispatch is a product with the pass in its epilogue, one observes what that has left. Loaded when a
 * Program first holds a pass: a page whose layers are no wider than a workgroup solves does without.
 */
import observe from '../../../shaders/pass-observe.wgsl';
import pass from '../../../shaders/shared/pass.wgsl';
import tiled from '../../../shaders/shared/pass-tiled.wgsl';
import { ABSENT, ACTIVATIONS, ITERATIONS, type PassCall, passLayout } from '../kernels.ts';
import type { PlannedCall } from '../plan.ts';
import type { PendingPass, Runtime } from './compile.ts';
import { type Dispatch, f, groupsFor, u, wordsToBytes } from './dispatch.ts';
import { groupsOf, tiledForm } from './lower-product.ts';
import type { DeviceBuffer } from './pool.ts';
import { ITERATING, kernel, SHADERS, type Shader, STATES } from './shaders.ts';

const PASS = { file: 'shared/pass.wgsl', text: pass };
const TILED = { file: 'shared/pass-tiled.wgsl', text: tiled };

/** The sources by name. */
export const PASS_SHADERS: Readonly<Record<string, Shader>> = {
  pass: kernel(6, ...ITERATING, PASS, ...SHADERS['product-tiled'].parts.slice(-1), TILED),
  'pass-observe': kernel(3, ...ITERATING, STATES, { file: 'pass-observe.wgsl', text: observe }),
};

/** Says what is still open of these. */
export function completePasses(passes: readonly PendingPass[], sizesBuffer: DeviceBuffer, runtime: Runtime): void {
  const { device, pipelines } = runtime;
  for (const { kernels, call, step } of passes) {
    for (const [index, { name, sizes, constants, ...rest }] of lowerPass(call, step).entries()) {
      const kernel = kernels[index];
      Object.assign(kernel, { pipeline: pipelines.get(name, constants, PASS_SHADERS[name]), ...rest });
      device.queue.writeBuffer(sizesBuffer.handle, kernel.sizes?.offset ?? 0, wordsToBytes(sizes));
    }
  }
}

/** With the name of its source. */
type PassDispatch = Omit<Dispatch, 'shader' | 'part'> & { readonly name: string };

export function lowerPass(call: PassCall, step: PlannedCall): PassDispatch[] {
  const { batch, n, transposed, shared } = call;
  const form = tiledForm({ m: batch, n, k: n, transposeA: false, transposeB: transposed });
  /** Stretches of columns over which the first dispatch adds up. */
  const tiles = Math.ceil(n / form.columns);
  const [carried, matrix, b, alpha, tolerance, floor, slope] = step.operands;
  const { kept, state, lost, sums } = passLayout(batch, n);
  const sloped = call.inputs[6] === ABSENT ? 0 : 1;
  const result = step.output;
  return [
    {
      name: 'pass',
      constants: {
        ...form.constants,
        METHOD: ITERATIONS.indexOf(call.iteration),
        ACTIVATION: ACTIVATIONS.indexOf(call.activation),
        SLOPED: sloped,
      },
      sizes: [
        ...u(batch, n, n, 0, batch, n, 1),
        ...u(...(transposed ? [1, n] : [n, 1])),
        ...f(...call.activationParameters),
        ...u(0, tiles, kept, state, lost, sums), // zero
      ],
      operands: [carried, matrix, carried, b, alpha, slope],
      result,
      groups: groupsOf(form, n, batch),
      work: 2 * batch * n ** 2,
    },
    {
      name: 'pass-observe',
      constants: { SLOPED: sloped },
      sizes: [
        ...u(batch, n, tiles, shared.tolerance ? 1 : 0, shared.floor ? 1 : 0, call.giveUp ? 1 : 0),
        ...f(call.staleLimit, call.epsilon, ...call.activationParameters),
        ...u(0, state, sums), // zero
      ],
      operands: [carried, tolerance, floor],
      result,
      groups: groupsFor(batch),
      work: 2 * batch * tiles,
    },
  ];
}
