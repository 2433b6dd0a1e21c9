/** The worker that trains. */
import {
  adam,
  adamW,
  dense,
  type Engine,
  type Model,
  monotone,
  type Optimiser,
  open,
  sequential,
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

serveTraining(self, async ({ source, settings }: Job) => {
  const { dataset, options } = await readData(source);
  const { epochs, batch, seed, backend, loss } = settings;
  const engine = await open({ backend });
  self.postMessage(createMessage('engine', engine));
  void waitForAdapter(engine).then(() => self.postMessage(createMessage('adapter', engine)));
  const steps = Math.ceil(dataset.train.count / batch);
  const isRegression = 'targetNames' in dataset;
  const outputs = isRegression ? dataset.targetNames.length : dataset.classes;
  const model = createModel(settings, dataset.train.features, outputs);
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
});

function createMessage(type: EngineMessage['type'], { backend, adapter }: Engine): EngineMessage {
  return { type, backend, adapter };
}

function createModel(
  { width, activation, margin, solver, tolerance }: Settings,
  inputs: number,
  outputs: number,
): Model {
  return sequential(
    monotone({ inputs, width, activation, margin, solver, tolerance }),
    dense({ inputs: width, outputs }),
  );
}

function createOptimiser({ optimiser, rate }: Settings): Optimiser {
  const schedule = stepDecay(rate, DECAY);
  const makers = { adam, adamW, sgd, stochasticGradient };
  return makers[optimiser]({ rate: schedule });
}
