/** What the workers do that train. */
import {
  adam,
  adamW,
  type Engine,
  type Model,
  type Optimiser,
  open,
  serveTraining,
  sgd,
  stepDecay,
  stochasticGradient,
} from '../../src/index.ts';
import { waitForAdapter } from '../workers/adapter.ts';
import { readData } from './data.ts';
import type { EngineMessage, Job } from './job.ts';
import { DECAY, type Settings, toOptions } from './settings.ts';

/** The number of steps between two checkpoints, which is the work that a lost device costs at most. */
const CHECKPOINT_STEPS = 50;

/** The shape of a row, and the number of classes or targets. */
export interface Sizes {
  readonly featureShape: readonly number[];
  readonly outputs: number;
}

/** Answers the page. @param createModel makes the model of a run */
export function serveRuns(createModel: (settings: Settings, sizes: Sizes) => Model): void {
  serveTraining(self, (job: Job) => prepareRun(job, createModel));
}

async function prepareRun({ source, settings }: Job, createModel: Parameters<typeof serveRuns>[0]) {
  const { dataset, options } = await readData(source);
  const { epochs, batch, seed, backend, loss } = settings;
  const engine = await open({ backend });
  self.postMessage(createMessage('engine', engine));
  void waitForAdapter(engine).then(() => self.postMessage(createMessage('adapter', engine)));
  const steps = Math.ceil(dataset.train.count / batch);
  const isRegression = 'targetNames' in dataset;
  const outputs = isRegression ? dataset.targetNames.length : dataset.classes;
  const model = createModel(settings, { featureShape: dataset.featureShape, outputs });
  const common = {
    epochs,
    batch,
    seed,
    optimiser: createOptimiser(settings),
    checkpoint: {
      every: { steps: Math.min(steps, CHECKPOINT_STEPS) },
      extras: {
        preparation: dataset.preparation,
        data: { name: dataset.name, bundled: source.kind === 'digits' },
        options: { ...toOptions(settings, isRegression ? 'regression' : 'classification'), ...options },
      },
    },
  };
  if (isRegression) return { engine, model, data: dataset, options: { ...common, validation: dataset.test, loss } };
  return { engine, model, data: dataset, options: { ...common, validation: dataset.test } };
}

function createMessage(type: EngineMessage['type'], { backend, adapter }: Engine): EngineMessage {
  return { type, backend, adapter };
}

function createOptimiser({ optimiser, rate }: Settings): Optimiser {
  const schedule = stepDecay(rate, DECAY);
  const makers = { adam, adamW, sgd, stochasticGradient };
  return makers[optimiser]({ rate: schedule });
}
