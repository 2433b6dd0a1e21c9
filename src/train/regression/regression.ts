/** The task of a model for regression. All of it is loaded only where samples have targets. */
import { BOOLEAN, COUNT, checkSingles, SIGNAL } from '../../arguments/check.ts';
import { type Checks, readOptions } from '../../arguments/options.ts';
import type { AnySamples, RegressionSamples } from '../../data/samples.ts';
import { standardisationOf } from '../../data/standardisation.ts';
import type { Model } from '../../layers/sequential.ts';
import type { TargetScale } from '../../layers/target-scale.ts';
import type { RegressionEvaluateOptions } from '../evaluate.ts';
import { checkInputs, computeLoss, METRICS, measure, withWeights } from '../evaluation-parts.ts';
import type { RegressionTrainOptions } from '../options.ts';
import type { Task } from '../task.ts';
import { evaluateTargets, type RegressionEvaluation } from './evaluation.ts';
import { createLoss, readLoss } from './loss.ts';
import { identityScale, scaleOf } from './scale.ts';

/** @throws RangeError where samples or options do not fit the model */
export function createRegression(
  model: Model,
  samples: RegressionSamples,
  validation: AnySamples | undefined,
  options: RegressionTrainOptions,
): Task {
  const { standardiseTargets = true, metrics } = options;
  BOOLEAN('train: standardiseTargets', standardiseTargets);
  checkRegressionSamples('train: data', samples, model);
  if (validation) checkRegressionSamples('train: validation', validation as RegressionSamples, model);
  const loss = readLoss('train', options, model.outputs);
  const isOwn = typeof loss.name === 'function';
  return {
    loss: createLoss(loss, model),
    configuration: { loss: isOwn ? 'a function' : loss.name, delta: loss.delta, standardiseTargets },
    chooseScale: (current) => current ?? (standardiseTargets ? fitScale(samples, model) : identityScale(model.outputs)),
    prepare: (part) => ({ targets: scaleTargets(part as RegressionSamples, scaleOf(model)), weight: part.count }),
    measure: (outputs, part) => sumSquares(outputs, part as RegressionSamples, scaleOf(model)),
    summarise: ([weight, ...squares]) => ({ rootMeanSquaredErrors: squares.map((sum) => Math.sqrt(sum / weight)) }),
    evaluate: (_, held, signal) =>
      evaluateRegression(model, held as RegressionSamples, {
        ...(({ loss, delta }) => ({ loss, delta }))(options),
        metrics,
        signal,
        intervals: false,
      }),
  };
}

/** @throws RangeError where the samples are malformed or do not fit the model */
function checkRegressionSamples(name: string, samples: RegressionSamples, model: Model): void {
  checkInputs(name, samples, model, 'targets', model.outputs);
  checkSingles(`${name}: targets`, samples.targets);
  checkSingles(`${name}: inputs`, samples.inputs);
}

const OPTIONS: Checks<RegressionEvaluateOptions> = {
  batch: COUNT,
  loss: 0,
  delta: 0,
  metrics: METRICS,
  signal: SIGNAL,
  intervals: BOOLEAN,
};

export async function evaluateRegression(
  model: Model,
  samples: RegressionSamples,
  given: RegressionEvaluateOptions | undefined,
): Promise<RegressionEvaluation> {
  const options = readOptions('evaluate', given, OPTIONS);
  const { batch, metrics, signal, intervals = true } = options;
  checkRegressionSamples('evaluate: samples', samples, model);
  const loss = createLoss(readLoss('evaluate', options, model.outputs), model);
  const weighted = await withWeights('evaluate: samples', samples);
  const { targets, weights, count } = weighted;
  const scale = scaleOf(model);
  const targetsOf = (part: AnySamples): Float32Array => scaleTargets(part as RegressionSamples, scale);
  const { loss: mean, outputs } = await computeLoss(model, weighted, { batch, signal, loss, targetsOf });
  const predicted = unscale(outputs, scale);
  const measured = evaluateTargets({ predicted, targets, count, weights }, intervals);
  return {
    loss: mean,
    rSquared: measured.reduce((sum, { rSquared }) => sum + rSquared, 0) / measured.length,
    targets: measured,
    predicted,
    count,
    ...(metrics && { metrics: await measure(model.engine, metrics, { count, outputs: predicted, targets, weights }) }),
  };
}

function fitScale({ targets, count }: RegressionSamples, { outputs }: Model): TargetScale {
  const { mean, deviation } = standardisationOf({ inputs: targets, count, features: outputs });
  return { mean, deviation };
}

function scaleTargets({ targets }: RegressionSamples, { mean, deviation }: TargetScale): Float32Array {
  const width = mean.length;
  return Float32Array.from(targets, (target, at) => (target - mean[at % width]) / deviation[at % width]);
}

function unscale(outputs: ArrayLike<number>, { mean, deviation }: TargetScale): Float64Array {
  const width = mean.length;
  return Float64Array.from(outputs, (output, at) => mean[at % width] + deviation[at % width] * output);
}

/** The weight of all samples, and the weighted squares of the errors of each target. */
function sumSquares(
  outputs: ArrayLike<number>,
  { targets, weights, count }: RegressionSamples,
  scale: TargetScale,
): number[] {
  const predicted = unscale(outputs, scale);
  const width = targets.length / count;
  const squares = new Array<number>(width).fill(0);
  for (let at = 0; at < targets.length; at++) {
    squares[at % width] += (weights?.[Math.floor(at / width)] ?? 1) * (targets[at] - predicted[at]) ** 2;
  }
  let weight = 0;
  for (let row = 0; row < count; row++) weight += weights?.[row] ?? 1;
  return [weight, ...squares];
}
