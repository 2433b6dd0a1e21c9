/** The page's side of training: it starts a run in a worker and receives its events. */
import { BYTES, FUNCTION, SIGNAL } from '../../arguments/check.ts';
import { type Checks, readOptions } from '../../arguments/options.ts';
import type { CheckpointInfo } from '../checkpoint/options.ts';
import type { History, Progress } from '../progress.ts';
import type { TaskName } from '../task.ts';
import { type Answer, type Command, fromPostedError, MESSAGE_END, type MessageEnd } from './messages.ts';

/** Workers with an active run. */
const busy = new WeakSet<MessageEnd>();

/** Options of `trainInWorker`. */
export interface WorkerRunOptions<Task extends TaskName = 'classification'> {
  /** Called after each step and each epoch; not awaited. */
  onProgress?: (progress: Progress<Task>) => void;
  /** Called with every checkpoint; the last one arrives before the run ends or stops. */
  onCheckpoint?: (bytes: Uint8Array<ArrayBuffer>, info: CheckpointInfo) => void;
  /** Bytes of a checkpoint from which training continues. */
  resume?: Uint8Array | undefined;
  /** Aborting it stops training after the current steps; `finished` then rejects with its reason. */
  signal?: AbortSignal | undefined;
}

const OPTIONS: Checks<WorkerRunOptions<TaskName>> = {
  onProgress: FUNCTION,
  onCheckpoint: FUNCTION,
  resume: BYTES,
  signal: SIGNAL,
};

/** A training run in a worker. */
export interface WorkerRun<Task extends TaskName = 'classification'> {
  /**
   * The history at the end of training. Rejects with an error of the same name and message as in the worker; a
   * ConvergenceError also has its report.
   */
  readonly finished: Promise<History<Task>>;
  /** Pauses training after the current steps. */
  pause(): void;
  /** Continues training after `pause`. */
  continue(): void;
}

/**
 * Trains in a worker whose script calls `serveTraining`.
 * @typeParam Task what the worker's script trains for, which decides the type of progress and history
 * @param job passed to `build` in the worker: anything that can be posted
 */
export function trainInWorker<Task extends TaskName = 'classification'>(
  worker: MessageEnd,
  job: unknown,
  options?: WorkerRunOptions<Task>,
): WorkerRun<Task> {
  MESSAGE_END('trainInWorker: worker', worker);
  const { signal, onProgress, onCheckpoint, resume } = readOptions('trainInWorker', options, OPTIONS);
  const tell = (command: Command): void => worker.postMessage(command, { transfer: [] });
  const stop = (): void => tell({ type: 'stop' });
  const finished = new Promise<History<Task>>((resolve, reject) => {
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
      const answer = (event as MessageEvent<Answer<Task>>).data;
      if (answer.type === 'progress') onProgress?.(answer.progress);
      if (answer.type === 'checkpoint') onCheckpoint?.(answer.bytes, answer.info);
      if (answer.type === 'done') end(() => resolve(answer.history));
      if (answer.type === 'stopped') end(() => reject(signal?.reason));
      if (answer.type === 'failed') end(() => reject(fromPostedError(answer.error)));
    };
    // An error outside the run, such as a script that cannot be loaded.
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
