/** The compiled kernels, brought to life on a memory. */
import type { Block, Heap } from './heap.ts';
import type { Progress } from './instructions.ts';

/** Milliseconds, as the kernels see them. */
export const clock = (): number => performance.now();

/** What the module exports. */
export interface Kernels {
  /**
   * Begins a Program.
   * @param at address of its words, `length` of them, of which the instructions are those from `start` on
   * @param table address of the addresses of its buffers
   */
  begin(at: number, start: number, length: number, table: number): void;
  /**
   * Goes on with it.
   * @param deadline when to return, by `clock`
   * @param isCutShort whether no further pass of a loop is to begin
   */
  proceed(deadline: number, isCutShort: boolean): Progress;
  /** @param address of what the kernels put aside, WORKSPACE_BYTES */
  useWorkspace(address: number): void;
  /**
   * @param address of the words that a team shares; before it is given, the thread is alone
   * @param canSleep whether this thread may wait
   */
  useTeam(address: number, canSleep: boolean): void;
}

/** What one thread's kernels put aside; laid out in assembly/memory.ts. */
const WORKSPACE_BYTES = 4 * 4096 + 192 + 32 * 512 * 4;

export function takeWorkspace(heap: Heap): Block {
  return heap.take(WORKSPACE_BYTES);
}

/** A module with one f32x4.relaxed_madd: where it is valid, so are the builds with a fused multiply-add. */
const MULTIPLY_ADD = [
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 20, 1, 18, 0],
  ...[0x41, 0, 0xfd, 15, 0x41, 0, 0xfd, 15, 0x41, 0, 0xfd, 15, 0xfd, 0x85, 2, 0x1a, 11],
];

/** Whether a·b + c is one instruction here, which makes products up to twice as fast. */
export function fusesMultiplyAdd(): boolean {
  return WebAssembly.validate(new Uint8Array(MULTIPLY_ADD));
}

/** The build for this memory and this engine, in base64. */
async function textOf({ isShared }: Heap): Promise<string> {
  if (fusesMultiplyAdd()) {
    const build = isShared ? import('./kernels-fused-shared.generated.ts') : import('./kernels-fused.generated.ts');
    return (await build).KERNELS;
  }
  const build = isShared ? import('./kernels-shared.generated.ts') : import('./kernels.generated.ts');
  return (await build).KERNELS;
}

/** Rejects where there is no WebAssembly with SIMD. */
export async function openKernels(heap: Heap): Promise<{ module: WebAssembly.Module; kernels: Kernels }> {
  const binary = Uint8Array.from(atob(await textOf(heap)), (character) => character.charCodeAt(0));
  try {
    const { module, instance } = await WebAssembly.instantiate(binary, {
      env: { memory: heap.memory },
      clock: { now: clock },
    });
    const kernels = instance.exports as unknown as Kernels;
    kernels.useWorkspace(takeWorkspace(heap).address);
    return { module, kernels };
  } catch (error) {
    throw new Error(
      `wasm: the kernels cannot be loaded (${(error as Error).message}); WebAssembly with SIMD is needed, which browsers ` +
        'have since 2021 (Safari since 16.4), and a page whose content security policy allows wasm-unsafe-eval',
    );
  }
}
