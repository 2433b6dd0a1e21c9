/** Threads that serve the one that runs Programs: see assembly/team.ts. */
import { bytesFor, type Heap } from './heap.ts';
import { type Kernels, takeWorkspace } from './module.ts';

export interface Team {
  /** Threads that serve by now, besides the one that runs Programs. */
  readonly serving: number;
  close(): void;
}

/** Beyond these the memory is the limit rather than the arithmetic. */
const MOST_THREADS = 8;
/** Words that the threads share, and which of them counts those that serve: by assembly/team.ts. */
const SHARED_WORDS = 16;
const SERVING = 3;

/** Whether a memory can be shared with workers: in Node, and in a page that is isolated from other origins. */
export function canShare(): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && (inNode() || globalThis.crossOriginIsolated === true);
}

/** Threads that work at the same time here. */
export async function usualThreads(): Promise<number> {
  const processors = inNode() ? (await import('node:os')).availableParallelism() : navigator.hardwareConcurrency;
  return Math.min(processors, MOST_THREADS);
}

/** What a worker is given. */
interface Start {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly workspace: number;
  readonly team: number;
}

/** Text of a worker, which bundles need not know of. */
const SERVE = `const serve = ({ module, memory, workspace, team }) => {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  exports.useWorkspace(workspace);
  exports.serve(team);
};`;

/**
 * Starts `size` workers, which join as soon as they are there; until then, and where none can be started, the thread that
 * runs Programs works alone.
 */
export async function openTeam(size: number, heap: Heap, kernels: Kernels, module: WebAssembly.Module): Promise<Team> {
  const shared = heap.take(bytesFor(SHARED_WORDS));
  heap.words.fill(0, shared.address / 4, shared.address / 4 + SHARED_WORDS);
  const start = inNode() ? await nodeStarter() : startInPage;
  const ends: (() => void)[] = [];
  try {
    while (ends.length < size) {
      const { address: workspace } = takeWorkspace(heap);
      ends.push(start({ module, memory: heap.memory, workspace, team: shared.address }));
    }
  } catch {
    // A content security policy may forbid workers: those that there are do.
  }
  // The thread of a page must not sleep.
  const canSleep = inNode() || !('document' in globalThis);
  kernels.useTeam(shared.address, canSleep);
  return {
    get serving() {
      return heap.words[shared.address / 4 + SERVING];
    },
    close() {
      for (const end of ends) end();
    },
  };
}

function inNode(): boolean {
  return typeof process !== 'undefined' && typeof process.versions?.node === 'string';
}

async function nodeStarter(): Promise<(data: Start) => () => void> {
  const { Worker } = await import('node:worker_threads');
  return (data) => {
    const source = `${SERVE} serve(require('node:worker_threads').workerData);`;
    const worker = new Worker(source, { eval: true, workerData: data });
    worker.on('error', () => {}); // it has not joined
    worker.unref();
    return () => void worker.terminate();
  };
}

function startInPage(data: Start): () => void {
  const source = new Blob([`${SERVE} onmessage = ({ data }) => serve(data);`], { type: 'text/javascript' });
  const address = URL.createObjectURL(source);
  try {
    const worker = new Worker(address);
    worker.postMessage(data);
    return () => worker.terminate();
  } finally {
    URL.revokeObjectURL(address);
  }
}
