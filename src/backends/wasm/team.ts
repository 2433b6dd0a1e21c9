/** Threads that serve the one that runs Programs: see assembly/team.ts. */
import { bytesFor, type Heap } from './heap.ts';
import { type Kernels, takeWorkspace } from './module.ts';

export interface Team {
  /** Threads that serve by now, besides the one that runs Programs. */
  readonly serving: number;
  /** Those of them that have had a share of the work. */
  readonly used: number;
  /** Hands the second module to the threads: at most once. */
  give(binary: Uint8Array): void;
  close(): void;
}

/** Beyond these the memory is the limit rather than the arithmetic. */
const MOST_THREADS = 8;
/** Words that the threads share, by assembly/team.ts, and which of them tell what they do. */
const SHARED_WORDS = 16;
const SERVING = 3;
const USED = 11;
const FAILED = 12;
/** Where the second module lies, and its bytes: 0 before there is one. */
const SECOND = 13;
/** Milliseconds that are waited for the threads to serve. */
const PATIENCE = 1000;

/** Whether a memory can be shared with workers: in Node, and in a page that is isolated from other origins. */
export function canShare(): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && (inNode() || globalThis.crossOriginIsolated === true);
}

/** Threads that work at the same time here. */
export async function countUsualThreads(): Promise<number> {
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
const SERVE = `const serve = ({ module, memory, workspace, team }, told) => {
  try {
    let second;
    const begin = () => {
      const [start, length] = new Int32Array(memory.buffer, team + 4 * ${SECOND}, 2);
      const binary = new Uint8Array(memory.buffer).slice(start, start + length);
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { memory } });
      exports.useWorkspace(workspace);
      return exports;
    };
    const extra = { perform: (...of) => (second ??= begin()).perform(...of) };
    const { exports } = new WebAssembly.Instance(module, { env: { memory }, clock: { now: () => 0 }, extra });
    exports.useWorkspace(workspace);
    exports.join(team);
    told();
    exports.serve(team);
  } catch (error) {
    Atomics.store(new Int32Array(memory.buffer), team / 4 + ${FAILED}, 1);
    throw error;
  }
};`;

/** A thread on its way. */
interface Starting {
  /** Resolves once it serves; rejects where it cannot. */
  readonly serves: Promise<void>;
  end(): void;
}

/** Starts `size` workers and waits for them. Where none can be started the thread that runs Programs works alone. */
export async function openTeam(size: number, heap: Heap, kernels: Kernels, module: WebAssembly.Module): Promise<Team> {
  const shared = heap.take(bytesFor(SHARED_WORDS));
  heap.words.fill(0, shared.address / 4, shared.address / 4 + SHARED_WORDS);
  const at = shared.address / 4;
  const leaves = (): void => void Atomics.sub(heap.words, at + SERVING, 1);
  const start = inNode() ? await nodeStarter() : startInPage;
  const started: Starting[] = [];
  try {
    while (started.length < size) {
      const { address: workspace } = takeWorkspace(heap);
      started.push(start({ module, memory: heap.memory, workspace, team: shared.address }, leaves));
    }
  } catch {
    // A content security policy may forbid workers: those that there are do.
  }
  await within(PATIENCE, Promise.allSettled(started.map(({ serves }) => serves)));
  // The thread of a page must not sleep.
  const canSleep = inNode() || !('document' in globalThis);
  kernels.useTeam(shared.address, canSleep);
  return {
    get serving() {
      return heap.words[at + SERVING];
    },
    get used() {
      return heap.words[at + USED].toString(2).replaceAll('0', '').length;
    },
    give(binary) {
      const { address } = heap.take(bytesFor(Math.ceil(binary.length / 4)));
      new Uint8Array(heap.memory.buffer).set(binary, address);
      heap.words.set([address, binary.length], at + SECOND);
    },
    close() {
      for (const { end } of started) end();
    },
  };
}

async function within(milliseconds: number, promise: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([promise, over]);
  clearTimeout(timer);
}

function inNode(): boolean {
  return typeof process !== 'undefined' && typeof process.versions?.node === 'string';
}

/** @returns how a worker is started, which is told when one that served has ended by itself */
async function nodeStarter(): Promise<(data: Start, leaves: () => void) => Starting> {
  const { Worker } = await import('node:worker_threads');
  return (data, leaves) => {
    const source = `${SERVE}
      const { parentPort, workerData } = require('node:worker_threads');
      serve(workerData, () => parentPort.postMessage('serves'));`;
    // Options of this process are not meant for the worker: with --input-type=module its source would be taken for a module.
    const worker = new Worker(source, { eval: true, workerData: data, execArgv: [] });
    const serves = new Promise<void>((resolve, reject) => {
      worker.once('message', () => {
        worker.unref();
        worker.on('exit', leaves);
        resolve();
      });
      worker.on('error', reject);
      worker.once('exit', reject);
    });
    return { serves, end: () => void worker.terminate() };
  };
}

function startInPage(data: Start): Starting {
  const text = `${SERVE} onmessage = ({ data }) => serve(data, () => postMessage('serves'));`;
  const address = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
  try {
    const worker = new Worker(address);
    const serves = new Promise<void>((resolve, reject) => {
      worker.onmessage = () => resolve();
      worker.onerror = (event) => {
        event.preventDefault(); // what depends on the thread is told
        reject(new Error(event.message));
      };
    });
    worker.postMessage(data);
    return { serves, end: () => worker.terminate() };
  } finally {
    URL.revokeObjectURL(address);
  }
}
