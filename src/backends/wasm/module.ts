/** Instantiates the compiled kernels on a memory. */
import { binaryOf } from './builds.ts';
import type { Block, Heap } from './heap.ts';
import type { Progress } from './instructions.ts';
import { LateModules } from './late-modules.ts';

/** The clock of the kernels, in milliseconds. */
export const clock = (): number => performance.now();

/** The exports of the module. */
export interface Kernels {
  /**
   * Begins a Program.
   * @param at address of its words
   * @param start the word at which the instructions begin
   * @param length the number of words
   * @param table address of the table with the addresses of its buffers
   */
  begin(at: number, start: number, length: number, table: number): void;
  /**
   * Continues the Program that was begun last.
   * @param deadline the time of `clock` at which to return
   * @param isCutShort whether no further pass of a loop may begin
   */
  proceed(deadline: number, isCutShort: boolean): Progress;
  /** @param address of WORKSPACE_BYTES bytes in which the kernels of this thread store intermediate numbers */
  useWorkspace(address: number): void;
  /**
   * Makes this thread share its work with a team.
   * @param address of the words that the team shares
   * @param canSleep whether this thread may block, which the main thread of a page may not
   */
  useTeam(address: number, canSleep: boolean): void;
}

/** The size of one thread's workspace, which assembly/memory.ts lays out. */
const WORKSPACE_BYTES = 2 ** 18;

export function takeWorkspace(heap: Heap): Block {
  return heap.take(WORKSPACE_BYTES);
}

interface OpenKernels {
  readonly module: WebAssembly.Module;
  readonly kernels: Kernels;
  readonly late: LateModules;
}

/** @throws Error where WebAssembly with SIMD is missing, or forbidden by a content security policy */
export async function openKernels(heap: Heap): Promise<OpenKernels> {
  const binary = await binaryOf('kernels', heap);
  const workspace = takeWorkspace(heap);
  const late = new LateModules(heap, workspace);
  try {
    const { module, instance } = await WebAssembly.instantiate(binary, {
      env: { memory: heap.memory },
      clock: { now: clock },
      extra: late.imports,
    });
    const kernels = instance.exports as unknown as Kernels;
    kernels.useWorkspace(workspace.address);
    return { module, kernels, late };
  } catch (error) {
    throw new Error(
      `wasm: the kernels cannot be loaded (${(error as Error).message}); WebAssembly with SIMD is needed, which browsers ` +
        'have since 2021 (Safari since 16.4), and a page whose content security policy allows wasm-unsafe-eval',
    );
  }
}
