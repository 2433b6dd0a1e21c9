/** Controls a run in the training worker: starts, pauses and stops it, and resumes it after the device is lost. */
import { type CheckpointInfo, type Progress, type TaskName, trainInWorker, type WorkerRun } from '../../src/index.ts';
import type { EngineMessage, Job } from './job.ts';

export type RunState = 'opening' | 'running' | 'paused' | 'recovering' | 'stopped' | 'finished' | 'failed';

export interface RunEvents {
  /** @param error that of the states `recovering` and `failed` */
  onState(state: RunState, error?: Error): void;
  onEngine(engine: EngineMessage): void;
  onProgress(progress: Progress<TaskName>): void;
  onCheckpoint(bytes: Uint8Array<ArrayBuffer>, info: CheckpointInfo): void;
}

export interface TrainingRun {
  pause(): void;
  continue(): void;
  stop(): void;
  /** Resolves when the run has ended, also after an error. */
  readonly ended: Promise<void>;
}

/** The run fails when the device is lost more often than this without a checkpoint in between. */
const MAXIMUM_LOSSES = 3;

/** @param resume the bytes of the checkpoint from which training goes on */
export function startRun(worker: Worker, job: Job, resume: Uint8Array | undefined, events: RunEvents): TrainingRun {
  const controller = new AbortController();
  let current: WorkerRun<TaskName> | undefined;
  let latest = resume;
  let losses = 0;
  let isPaused = false;

  const hearEngine = ({ data }: MessageEvent<Partial<EngineMessage>>): void => {
    if (data.type !== 'engine' && data.type !== 'adapter') return;
    events.onEngine(data as EngineMessage);
    if (data.type === 'engine') events.onState('running');
  };

  const onCheckpoint: RunEvents['onCheckpoint'] = (bytes, info) => {
    latest = bytes;
    losses = 0;
    events.onCheckpoint(bytes, info);
  };

  const carryOut = async (): Promise<void> => {
    for (;;) {
      current = trainInWorker(worker, job, {
        resume: latest,
        signal: controller.signal,
        onProgress: events.onProgress,
        onCheckpoint,
      });
      try {
        await current.finished;
        return events.onState('finished');
      } catch (error) {
        if (controller.signal.aborted) return events.onState('stopped');
        losses += 1;
        const isFinal = (error as Error).name !== 'DeviceLostError' || losses > MAXIMUM_LOSSES;
        events.onState(isFinal ? 'failed' : 'recovering', error as Error);
        if (isFinal) return;
      }
    }
  };

  worker.addEventListener('message', hearEngine);
  events.onState('opening');
  const ended = carryOut().finally(() => worker.removeEventListener('message', hearEngine));
  return {
    pause() {
      isPaused = true;
      current?.pause();
      events.onState('paused');
    },
    continue() {
      if (!isPaused) return;
      isPaused = false;
      current?.continue();
      events.onState('running');
    },
    stop: () => controller.abort(new Error('stopped')),
    ended,
  };
}
