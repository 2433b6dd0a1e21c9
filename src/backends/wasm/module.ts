/** The compiled kernels, brought to life on a memory. */
import { binaryOf } from './builds.ts';
import type { Block, Heap } from './heap.ts';
import type { Progress } from './instructions.ts';
import { SecondModule } from './second-module.ts';

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

export interface OpenKernels {
  readonly module: WebAssembly.Module;
  readonly kernels: Kernels;
  readonly second: SecondModule;
}

/** Rejects where there is no WebAssembly with SIMD. */
export async function openKernels(heap: Heap): Promise<OpenKernels> {
  const binary = await binaryOf('kernels', heap);
  const workspace = takeWorkspace(heap);
  const second = new SecondModule(heap, workspace);
  try {
    const { module, instance } = await WebAssembly.instantiate(binary, {
      env: { memory: heap.memory },
      clock: { now: clock },
      extra: second.imports,
    });
    const kernels = instance.exports as unknown as Kernels;
    kernels.useWorkspace(workspace.address);
    return { module, kernels, second };
  } catch (error) {
    throw new Error(
      `wasm: the kernels cannot be loaded (${(error as Error).message}); WebAssembly with SIMD is needed, which browsers ` +
        'have since 2021 (Safari since 16.4), and a page whose content security policy allows wasm-unsafe-eval',
    );
  }
}
