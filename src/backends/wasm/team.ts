/** Starts helper threads that share the work of the thread which runs Programs; see assembly/team.ts. */
import { importUnbundled, isNode } from '../runtime.ts';
import { LATE_MODULES } from './builds.ts';
import { Extra, OPERATIONS } from './extra-instructions.ts';
import { bytesFor, type Heap } from './heap.ts';
import { type Kernels, takeWorkspace } from './module.ts';

export interface Team {
  /** The number of helper threads that serve at present. */
  readonly serving: number;
  /** The number of helper threads that have performed part of the work so far. */
  readonly used: number;
  /** Hands a late module to the threads. May be called once for each. */
  shareLateModule(module: number, binary: Uint8Array): void;
  close(): void;
}

/** With more threads than this, the bandwidth of the memory limits the speed. */
const MAXIMUM_THREADS = 8;
/** The places of some of the words that the threads share; assembly/team.ts defines them. */
const SERVING = 3;
const STOP = 9;
const PULSE = 10;
const USED = 11;
const FAILED = 12;
/** For each late module its address, followed by its length in bytes; 0 until there is one. */
const LATE = 13;
const SHARED_WORDS = LATE + 2 * LATE_MODULES.length;
/** Milliseconds to wait for the threads to start. */
const PATIENCE = 1000;

/** Whether workers can share a memory: they can in Node, and in a page that is isolated from other origins. */
export function canShare(): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && (isNode() || globalThis.crossOriginIsolated === true);
}

/** The default number of threads, including the one that runs Programs. */
export async function countUsualThreads(): Promise<number> {
  return Math.min(await countProcessors(), MAXIMUM_THREADS);
}

async function countProcessors(): Promise<number> {
  if (!isNode()) return navigator.hardwareConcurrency;
  const { availableParallelism } = (await importUnbundled('node:os')) as typeof import('node:os');
  return availableParallelism();
}

/** The data with which a worker starts. */
interface WorkerData {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly workspace: number;
  readonly team: number;
}

/**
 * The source of a worker, as text, so that bundlers need not know of another entry point. Addresses above 2 GiB come from
 * WebAssembly as negative numbers.
 */
const SERVE = `const serve = ({ module, memory, workspace, team }, onServing) => {
  try {
    const late = [];
    const begin = (number) => {
      const [start, length] = new Uint32Array(memory.buffer, team + 4 * ${LATE} + 8 * number, 2);
      const binary = new Uint8Array(memory.buffer).slice(start, start + length);
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { memory } });
      exports.useWorkspace(workspace);
      exports.watchStopAt(team + 4 * ${STOP}, team + 4 * ${PULSE});
      return exports;
    };
    const extra = {
      perform: (table, at, first, last) => {
        const number = Math.floor(new Uint32Array(memory.buffer)[(at >>> 0) / 4 + ${Extra.operation}] / ${OPERATIONS});
        (late[number] ??= begin(number)).perform(table, at, first, last);
      },
    };
    const { exports } = new WebAssembly.Instance(module, { env: { memory }, clock: { now: () => 0 }, extra });
    exports.useWorkspace(workspace);
    exports.join(team);
    onServing();
    exports.serve(team);
  } catch (error) {
    Atomics.store(new Int32Array(memory.buffer), team / 4 + ${FAILED}, 1);
    throw error;
  }
};`;

interface StartingThread {
  /** Resolves once the thread serves; rejects where it cannot. */
  readonly serves: Promise<void>;
  end(): void;
}

/** Starts `size` workers and waits for them. Where none can be started, the thread that runs Programs works alone. */
export async function openTeam(size: number, heap: Heap, kernels: Kernels, module: WebAssembly.Module): Promise<Team> {
  const shared = heap.take(bytesFor(SHARED_WORDS));
  heap.words.fill(0, shared.address / 4, shared.address / 4 + SHARED_WORDS);
  const at = shared.address / 4;
  const onExit = (): void => void Atomics.sub(heap.words, at + SERVING, 1);
  const start = isNode() ? await createNodeStarter() : startInPage;
  const started: StartingThread[] = [];
  try {
    while (started.length < size) {
      const { address: workspace } = takeWorkspace(heap);
      started.push(start({ module, memory: heap.memory, workspace, team: shared.address }, onExit));
    }
  } catch {
    // A content security policy may forbid workers: go on with those that were started.
  }
  await waitAtMost(PATIENCE, Promise.allSettled(started.map(({ serves }) => serves)));
  // The main thread of a page must not block.
  const canSleep = isNode() || !('document' in globalThis);
  kernels.useTeam(shared.address, canSleep);
  return {
    get serving() {
      return heap.words[at + SERVING];
    },
    get used() {
      return heap.words[at + USED].toString(2).replaceAll('0', '').length;
    },
    shareLateModule(module, binary) {
      const { address } = heap.take(bytesFor(Math.ceil(binary.length / 4)));
      new Uint8Array(heap.memory.buffer).set(binary, address);
      heap.words.set([address, binary.length], at + LATE + 2 * module);
    },
    close() {
      for (const { end } of started) end();
    },
  };
}

async function waitAtMost(milliseconds: number, promise: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([promise, over]);
  clearTimeout(timer);
}

/** @returns a function that starts a worker, and that calls `onExit` if a worker which served has ended */
async function createNodeStarter(): Promise<(data: WorkerData, onExit: () => void) => StartingThread> {
  const { Worker } = (await importUnbundled('node:worker_threads')) as typeof import('node:worker_threads');
  return (data, onExit) => {
    const source = `${SERVE}
      const { parentPort, workerData } = require('node:worker_threads');
      serve(workerData, () => parentPort.postMessage('serves'));`;
    // Do not inherit the options of this process: with --input-type=module, the source would be taken for a module.
    const worker = new Worker(source, { eval: true, workerData: data, execArgv: [] });
    const serves = new Promise<void>((resolve, reject) => {
      worker.once('message', () => {
        worker.unref();
        worker.on('exit', onExit);
        resolve();
      });
      worker.on('error', reject);
      worker.once('exit', reject);
    });
    return { serves, end: () => void worker.terminate() };
  };
}

function startInPage(data: WorkerData): StartingThread {
  const text = `${SERVE} onmessage = ({ data }) => serve(data, () => postMessage('serves'));`;
  const address = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
  try {
    const worker = new Worker(address);
    const serves = new Promise<void>((resolve, reject) => {
      worker.onmessage = () => resolve();
      worker.onerror = (event) => {
        event.preventDefault(); // the rejection below reports the error
        reject(new Error(event.message));
      };
    });
    worker.postMessage(data);
    return { serves, end: () => worker.terminate() };
  } finally {
    URL.revokeObjectURL(address);
  }
}
