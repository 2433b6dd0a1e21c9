/** The GPU where no browser offers one: in Node through Dawn, or an error that says what helps. Pages with a GPU do not load it. */
import { importUnbundled, isNode } from '../runtime.ts';
import { explainNoAdapter, explainNoGPU } from './no-adapter.ts';

/** For where WebGPU is offered, but without an adapter. */
export function createNoAdapterError(): Error {
  return new Error(explainNoAdapter(isNode()));
}

/**
 * Dawn in this process. The reference is never dropped: once Dawn is garbage-collected, its remaining devices refer to
 * freed memory, and Node crashes or hangs. The reference does not keep Node from exiting.
 */
let instance: GPU | undefined;

/** @throws Error outside Node, and where the package webgpu is not installed */
export async function findNodeGPU(): Promise<GPU> {
  if (!isNode()) throw new Error(explainNoGPU());
  if (instance) return instance;
  let module: { create(flags: string[]): GPU };
  try {
    module = (await importUnbundled('webgpu')) as typeof module;
  } catch (cause) {
    throw new Error('webgpu: Node reaches a GPU through the package webgpu (Dawn): npm install webgpu', { cause });
  }
  instance ??= module.create([]);
  return instance;
}
