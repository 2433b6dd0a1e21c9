/** The compiled kernels, brought to life on a memory. */
import type { Kernels } from './executable.ts';
import type { Heap } from './heap.ts';
import { KERNELS } from './kernels.generated.ts';

/** What one thread's kernels put aside; laid out in assembly/memory.ts. */
const WORKSPACE_BYTES = 4 * 4096 + 192 + 32 * 512 * 4;

/** Rejects where there is no WebAssembly with SIMD. */
export async function openKernels(heap: Heap): Promise<Kernels> {
  const binary = Uint8Array.from(atob(KERNELS), (character) => character.charCodeAt(0));
  let instance: WebAssembly.Instance;
  try {
    ({ instance } = await WebAssembly.instantiate(binary, { env: { memory: heap.memory } }));
  } catch (error) {
    throw new Error(
      `wasm: the kernels cannot be loaded (${(error as Error).message}); WebAssembly with SIMD is needed, which browsers ` +
        'have since 2021 (Safari since 16.4), and a page whose content security policy allows wasm-unsafe-eval',
    );
  }
  const kernels = instance.exports as unknown as Kernels;
  kernels.useWorkspace(heap.take(WORKSPACE_BYTES).address);
  return kernels;
}
