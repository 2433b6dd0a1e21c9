import { checkSingles, FUNCTION, OBJECT } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import type { AnySamples, RegressionSamples, Samples } from '../data/samples.ts';
import { indexOfLargest, MODEL, type Model } from '../layers/sequential.ts';
import {
  COMMON_CHECKS,
  checkInputs,
  checkShape,
  computeLoss,
  loadOnDemand,
  measure,
  SHARED,
  withWeights,
} from './evaluation-parts.ts';
import { type BatchLoss, checkLabels, crossEntropy, oneHot } from './losses.ts';
import type { Metrics } from './metrics.ts';
import type { RegressionLossOptions } from './options.ts';
import type { RegressionEvaluation } from './regression/evaluation.ts';

/** How well a model classifies labelled samples. */
export interface Evaluation {
  /** The mean over the samples of the cross-entropy, or of the loss given in the options. */
  readonly loss: number;
  /** Share of the samples whose most probable class is their label; the weighted share where they have weights. */
  readonly accuracy: number;
  /** Confusion matrix, classes × classes: entry [i][j] counts the samples with label i and prediction j. */
  readonly confusion: readonly (readonly number[])[];
  /** The number of samples. */
  readonly count: number;
  /** The metrics of the caller's own, by name; absent where none were given. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** @throws RangeError where the samples are malformed or do not fit the model */
export function checkSamples(name: string, samples: Samples, model: Model): void {
  checkInputs(name, samples, model, 'labels', 1);
  checkLabels(`${name}: labels`, samples.labels, model.outputs);
  checkSingles(`${name}: inputs`, samples.inputs);
}

/** Options of `evaluate`, apart from the loss. */
interface CommonOptions {
  /** The number of samples in a batch, an integer from 1. Default 256. */
  batch?: number;
  /** Metrics of your own. Default: none. */
  metrics?: Metrics;
  /** Aborting it ends the solves; the promise rejects with its reason. */
  signal?: AbortSignal | undefined;
}

/** Options of `evaluate` for samples with labels. */
export interface EvaluateOptions extends CommonOptions {
  /** The loss of a batch. Default `crossEntropy`. */
  loss?: BatchLoss;
}

/** Options of `evaluate` for samples with targets. */
export interface RegressionEvaluateOptions extends CommonOptions, RegressionLossOptions {
  /** Whether measures get intervals, which takes 1000 passes over the errors. Default true. */
  intervals?: boolean;
}

const OPTIONS: Checks<EvaluateOptions> = { ...COMMON_CHECKS, loss: FUNCTION };

/**
 * Computes loss, accuracy and confusion matrix of a model on labelled samples.
 * @throws RangeError where the samples do not fit the model; ConvergenceError where a solve does not converge
 */
export function evaluate(model: Model, samples: Samples, options?: EvaluateOptions): Promise<Evaluation>;
/**
 * Computes loss, R² and errors of a model for regression, with intervals. The named losses are in standard deviations of
 * `model.targetScale`; everything else is in the units of the targets.
 */
export function evaluate(
  model: Model,
  samples: RegressionSamples,
  options?: RegressionEvaluateOptions,
): Promise<RegressionEvaluation>;
export async function evaluate(
  model: Model,
  samples: AnySamples,
  options?: EvaluateOptions | RegressionEvaluateOptions,
): Promise<Evaluation | RegressionEvaluation> {
  MODEL('evaluate: model', model);
  OBJECT('evaluate: samples', samples);
  await checkShape('evaluate: samples', samples, model);
  if ('targets' in samples) {
    return (await loadOnDemand()).evaluateRegression(model, samples, options as RegressionEvaluateOptions, SHARED);
  }
  const { loss = crossEntropy, metrics, ...how } = readOptions('evaluate', options as EvaluateOptions, OPTIONS);
  checkSamples('evaluate: samples', samples, model);
  const weighted = await withWeights('evaluate: samples', samples);
  const { labels, weights, count } = weighted;
  const { engine, outputs: classes } = model;
  const targetsOf = (part: AnySamples): Float32Array => oneHot((part as Samples).labels, classes);
  const { loss: mean, outputs } = await computeLoss(model, weighted, { ...how, loss, targetsOf });
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  let right = 0;
  for (const [row, label] of labels.entries()) {
    const found = indexOfLargest(outputs.subarray(row * classes, (row + 1) * classes));
    confusion[label][found] += 1;
    if (found === label) right += weights?.[row] ?? 1;
  }
  const targets = metrics && targetsOf(weighted);
  return {
    loss: mean,
    accuracy: right / count,
    confusion,
    count,
    ...(targets && { metrics: await measure(engine, metrics, { count, outputs, targets, weights }) }),
  };
}
