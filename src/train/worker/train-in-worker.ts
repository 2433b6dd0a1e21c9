/** The side of the page: it starts a run in the worker and hears of it. */
import { BYTES, FUNCTION, SIGNAL } from '../../arguments/check.ts';
import { type Checks, readOptions } from '../../arguments/options.ts';
import type { CheckpointInfo } from '../checkpoint/options.ts';
import type { History, Progress } from '../progress.ts';
import { type Answer, type Command, fromPostedError, MESSAGE_END, type MessageEnd } from './messages.ts';

/** Workers in which a run is under way. */
const busy = new WeakSet<MessageEnd>();

export interface WorkerRunOptions {
  /** Called with every event of training; not awaited. */
  onProgress?: (progress: Progress) => void;
  /** Called with every checkpoint; the last one comes before the run ends or stops. */
  onCheckpoint?: (bytes: Uint8Array<ArrayBuffer>, info: CheckpointInfo) => void;
  /** Bytes of a checkpoint to go on from. */
  resume?: Uint8Array;
  /** Aborted, it stops training after the steps under way; `finished` then rejects with its reason. */
  signal?: AbortSignal;
}

const OPTIONS: Checks<WorkerRunOptions> = {
  onProgress: FUNCTION,
  onCheckpoint: FUNCTION,
  resume: BYTES,
  signal: SIGNAL,
};

export interface WorkerRun {
  /** Rejects with what training rejects with in the worker, by name and message; ConvergenceError with its report. */
  readonly finished: Promise<History>;
  /** Training waits after the steps under way. */
  pause(): void;
  /** After `pause`. */
  continue(): void;
}

/**
 * Trains in a worker whose script calls `serveTraining`.
 * @param job what `build` in the worker gets: anything that can be posted
 */
export function trainInWorker(worker: MessageEnd, job: unknown, options?: WorkerRunOptions): WorkerRun {
  MESSAGE_END('trainInWorker: worker', worker);
  const { signal, onProgress, onCheckpoint, resume } = readOptions('trainInWorker', options, OPTIONS);
  const tell = (command: Command): void => worker.postMessage(command, { transfer: [] });
  const stop = (): void => tell({ type: 'stop' });
  const finished = new Promise<History>((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    if (busy.has(worker)) {
      return reject(new Error('trainInWorker: a run is under way in this worker; wait for its end, or stop it'));
    }
    const end = (settle: () => void): void => {
      busy.delete(worker);
      worker.removeEventListener('message', listen);
      worker.removeEventListener('error', fail);
      signal?.removeEventListener('abort', stop);
      settle();
    };
    const listen = (event: Event): void => {
      const answer = (event as MessageEvent<Answer>).data;
      if (answer.type === 'progress') onProgress?.(answer.progress);
      if (answer.type === 'checkpoint') onCheckpoint?.(answer.bytes, answer.info);
      if (answer.type === 'done') end(() => resolve(answer.history));
      if (answer.type === 'stopped') end(() => reject(signal?.reason));
      if (answer.type === 'failed') end(() => reject(fromPostedError(answer.error)));
    };
    // Outside the run, such as a script that cannot be loaded.
    const fail = (event: Event): void => {
      const { message = 'its script could not be loaded' } = event as Partial<ErrorEvent>;
      end(() => reject(new Error(`trainInWorker: the worker failed: ${message}`)));
    };
    tell({ type: 'start', job, resume, checkpoints: onCheckpoint !== undefined });
    busy.add(worker);
    worker.addEventListener('message', listen);
    worker.addEventListener('error', fail);
    signal?.addEventListener('abort', stop);
    worker.start?.();
  });
  return { finished, pause: () => tell({ type: 'pause' }), continue: () => tell({ type: 'continue' }) };
}
