/** Functions that the tests of workers call inside the page. Only JSON-like values cross. */
import { ConvergenceError, downloadCheckpoint, loadCheckpoint, trainInWorker } from '../../src/index.ts';
import type { Job } from './worker.ts';

export interface Report {
  readonly losses: readonly number[];
  readonly kinds: readonly string[];
  /** Whether the training was stopped before its end. */
  readonly stopped: boolean;
  readonly error: { readonly name: string; readonly message: string; readonly samples: number } | undefined;
  /** The last checkpoint. */
  readonly checkpoint: { readonly reason: string; readonly steps: number; readonly extras: unknown } | undefined;
}

/**
 * Trains in a worker. If `stopAt` is given, stops there at the first event of an epoch, and resumes in a new worker.
 */
export async function trainThere(workerUrl: string, job: Job, stopAt?: number): Promise<Report> {
  const controller = new AbortController();
  let last: Uint8Array<ArrayBuffer> | undefined;
  let reason = '';
  let stopped = false;
  const kinds: string[] = [];
  const start = (resume?: Uint8Array) => {
    const worker = new Worker(workerUrl, { type: 'module' });
    const { finished } = trainInWorker(worker, job, {
      resume,
      signal: resume ? undefined : controller.signal,
      onProgress({ kind, epoch }) {
        kinds.push(kind);
        if (kind === 'epoch' && epoch === stopAt) controller.abort();
      },
      onCheckpoint(bytes, info) {
        last = bytes;
        reason = info.reason;
      },
    });
    return finished.finally(() => worker.terminate());
  };
  const describeCheckpoint = () => {
    const checkpoint = last && loadCheckpoint(last);
    return checkpoint && { reason, steps: checkpoint.training?.losses.length ?? 0, extras: checkpoint.extras };
  };
  try {
    const { losses } = await start().catch((error: unknown) => {
      if (!controller.signal.aborted || error !== controller.signal.reason) throw error;
      stopped = true;
      return start(last);
    });
    return { losses, kinds, stopped, error: undefined, checkpoint: describeCheckpoint() };
  } catch (error) {
    const { name, message } = error as Error;
    const samples = error instanceof ConvergenceError ? error.report.samples.length : 0;
    return { losses: [], kinds, stopped, error: { name, message, samples }, checkpoint: describeCheckpoint() };
  }
}

/** The name and the bytes of the file that a click would save. */
export async function download(bytes: readonly number[], name: string): Promise<{ name: string; bytes: number[] }> {
  let anchor: HTMLAnchorElement | undefined;
  HTMLAnchorElement.prototype.click = function click() {
    anchor = this;
  };
  downloadCheckpoint(Uint8Array.from(bytes), name);
  if (!anchor) throw new Error('nothing was clicked');
  const saved = await (await fetch(anchor.href)).arrayBuffer();
  return { name: anchor.download, bytes: [...new Uint8Array(saved)] };
}
