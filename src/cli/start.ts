/** What a run of `equilibra train` starts from: its samples, those that it watches, and the parameters. */
import { splitSamples } from '../data/index.ts';
import type { Engine, Model, RegressionTrainOptions, TrainOptions } from '../index.ts';
import { startLinear } from '../train/regression/linear-start.ts';
import { InputError } from './io.ts';
import type { TrainingData } from './training-data.ts';
import type { TrainingSettings } from './training-settings.ts';

/** The share of the training rows that a regression learns from; the others say when it no longer improves. */
const LEARNED_SHARE = 0.8;

type Samples = TrainingData['dataset']['train'];

interface Start {
  readonly samples: Samples;
  readonly options: TrainOptions | RegressionTrainOptions;
}

/**
 * A classifier watches the held-out rows. A regression watches a part of its own training rows, so that the held-out
 * ones judge a model that they did not choose.
 */
export function chooseSamples(data: TrainingData, settings: TrainingSettings): Start {
  const options = { ...settings.training, ...settings.ofTask };
  if (data.task === 'classification') {
    return { samples: data.dataset.train, options: { ...options, validation: data.dataset.test } as TrainOptions };
  }
  if (!settings.training.earlyStopping) {
    return {
      samples: data.dataset.train,
      options: { ...options, validation: data.dataset.test } as RegressionTrainOptions,
    };
  }
  const [samples, validation] = splitSamples(data.dataset.train, LEARNED_SHARE, settings.training.seed);
  if (validation.count === 0 || samples.count === 0) {
    throw new InputError(
      '--early-stopping: there are too few training rows to watch some of them; give --early-stopping never',
    );
  }
  return { samples, options: { ...options, validation } as RegressionTrainOptions };
}

/** How many training rows are watched rather than learned from. */
export function countWatched(data: TrainingData, settings: TrainingSettings): number {
  return data.dataset.train.count - chooseSamples(data, settings).samples.count;
}

/** A regression starts as ridge regression, where its model can. */
export async function startModel(
  model: Model,
  engine: Engine,
  data: TrainingData,
  { samples }: Start,
  { training }: TrainingSettings,
): Promise<void> {
  if (data.task === 'regression' && 'targets' in samples) await startLinear(model, engine, samples, training.seed);
}
