/** The worker's side of training: it trains, and follows the commands of the page. */
import { createResultError, FUNCTION, isObject, OBJECT } from '../../arguments/check.ts';
import type { Dataset, RegressionDataset } from '../../data/dataset.ts';
import type { RegressionSamples, Samples } from '../../data/samples.ts';
import type { Model } from '../../layers/sequential.ts';
import { ENGINE, type Engine } from '../../tensor/engine.ts';
import type { CheckpointOptions } from '../checkpoint/options.ts';
import type { RegressionTrainOptions, TrainOptions } from '../options.ts';
import type { History, Progress } from '../progress.ts';
import type { TaskName } from '../task.ts';
import { train } from '../train.ts';
import { type Answer, type Command, MESSAGE_END, type MessageEnd, toPostedError } from './messages.ts';

/** Options of `train` in a worker. `checkpoint.every` and `checkpoint.extras` apply; the bytes are posted to the page. */
export type WorkerOptions<Options> = Omit<Options, 'signal' | 'resume' | 'onProgress' | 'checkpoint'> & {
  /** When checkpoints are posted, and what they hold beside the run. Default: none are posted. */
  readonly checkpoint?: Omit<CheckpointOptions, 'write'>;
};

/** A training run of the worker. It is built in the worker, since neither engines nor models can be posted. */
export type WorkerTraining = {
  /** The engine to train on. It is closed after the run. */
  readonly engine: Engine;
  /** The model to train. */
  readonly model: Model;
} & (
  | {
      /** The data to train on. */
      readonly data: Dataset | Samples;
      /** Options for a classifier. */
      readonly options?: WorkerOptions<TrainOptions>;
    }
  | {
      /** The data to train on. */
      readonly data: RegressionDataset | RegressionSamples;
      /** Options for a regression. */
      readonly options?: WorkerOptions<RegressionTrainOptions>;
    }
);

/**
 * Serves training runs to a page. Call it once in the worker's script; `trainInWorker` makes sure that one run is
 * active at a time.
 * @param scope the worker's global scope, `self`
 * @param build makes engine, model and data for the job that the page posts
 */
export function serveTraining<Job>(
  scope: MessageEnd,
  build: (job: Job) => WorkerTraining | Promise<WorkerTraining>,
): void {
  MESSAGE_END('serveTraining: scope', scope);
  FUNCTION('serveTraining: build', build);
  let current: ServedRun | undefined;
  scope.addEventListener('message', (event) => {
    const command = (event as MessageEvent<Command>).data;
    if (command.type !== 'start') return current?.obey(command.type);
    const run = createServedRun(scope);
    current = run;
    void run
      .carryOut(() => build(command.job as Job), command)
      .finally(() => {
        current = undefined;
      });
  });
  scope.start?.();
}

type Start = Extract<Command, { type: 'start' }>;

interface ServedRun {
  obey(command: 'pause' | 'continue' | 'stop'): void;
  /** Never rejects; errors are posted to the page. */
  carryOut(build: () => WorkerTraining | Promise<WorkerTraining>, start: Start): Promise<void>;
}

function createServedRun(scope: MessageEnd): ServedRun {
  const answer = (message: Answer, transfer: ArrayBuffer[] = []): void => scope.postMessage(message, { transfer });
  const controller = new AbortController();
  const gate = createGate();
  const write: CheckpointOptions['write'] = (bytes, info) =>
    answer({ type: 'checkpoint', bytes, info }, [bytes.buffer]);
  const carryOut = async (
    build: () => WorkerTraining | Promise<WorkerTraining>,
    { resume, checkpoints }: Start,
  ): Promise<History<TaskName>> => {
    const built = await build();
    if (!isObject(built)) throw createResultError('serveTraining: build', built, '{ engine, model, data }');
    const { engine, model, data, options = {} } = built;
    ENGINE('serveTraining: engine', engine);
    OBJECT('serveTraining: options', options);
    try {
      return await train(engine, model, data, {
        ...options,
        resume,
        signal: controller.signal,
        checkpoint: checkpoints ? { ...options.checkpoint, write } : undefined,
        async onProgress(progress: Progress<TaskName>) {
          answer({ type: 'progress', progress });
          await gate.passed();
        },
      });
    } finally {
      engine.close();
    }
  };
  return {
    obey(command) {
      if (command === 'stop') controller.abort();
      if (command === 'pause') gate.close();
      else gate.open(); // also for 'stop': a paused run has to continue before it can stop
    },
    carryOut: (build, start) =>
      carryOut(build, start).then(
        (history) => answer({ type: 'done', history }),
        (error: unknown) =>
          answer(
            controller.signal.aborted && error === controller.signal.reason
              ? { type: 'stopped' }
              : { type: 'failed', error: toPostedError(error) },
          ),
      ),
  };
}

/** A gate that is open at first. `passed` resolves once the gate is open. */
function createGate(): { open(): void; close(): void; passed(): Promise<void> } {
  let opened = Promise.resolve();
  let open = (): void => {};
  let isClosed = false;
  return {
    close() {
      if (isClosed) return;
      isClosed = true;
      opened = new Promise((resolve) => {
        open = resolve;
      });
    },
    open() {
      isClosed = false;
      open();
    },
    passed: () => opened,
  };
}
