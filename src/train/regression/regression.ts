/** The task of a model for regression. All of it is loaded only where samples have targets; what it shares is passed. */
import type { AnySamples, RegressionSamples } from '../../data/samples.ts';
import type { Model } from '../../layers/sequential.ts';
import type { TargetScale } from '../../layers/target-scale.ts';
import type { RegressionEvaluateOptions } from '../evaluate.ts';
import type { Shared } from '../evaluation-parts.ts';
import type { RegressionTrainOptions } from '../options.ts';
import type { Task } from '../task.ts';
import { evaluateTargets, type RegressionEvaluation } from './evaluation.ts';
import { createLoss, readLoss } from './loss.ts';
import { fitScale, identityScale, scaleOf, scaleTargets } from './scale.ts';

/** @throws RangeError where samples or options do not fit the model */
export function createRegression(
  model: Model,
  samples: RegressionSamples,
  validation: AnySamples | undefined,
  options: RegressionTrainOptions,
  shared: Shared,
): Task {
  const { standardiseTargets = true, metrics } = options;
  if (typeof standardiseTargets !== 'boolean') {
    throw shared.createArgumentError('train: standardiseTargets', standardiseTargets, 'true or false');
  }
  const watched = options.earlyStopping?.on ?? '';
  if (watched.endsWith('accuracy')) {
    throw new RangeError(`earlyStopping: on is "${watched}", which regression has not; watch a loss`);
  }
  checkRegressionSamples('train: data', samples, model, shared);
  if (validation) checkRegressionSamples('train: validation', validation as RegressionSamples, model, shared);
  const loss = readLoss('train', options, model.outputs, shared);
  const isOwn = typeof loss.name === 'function';
  return {
    loss: createLoss(loss, model),
    configuration: { loss: isOwn ? 'a function' : loss.name, delta: loss.delta, standardiseTargets },
    chooseScale: (current) => current ?? (standardiseTargets ? fitScale(samples) : identityScale(model.outputs)),
    prepare: (part) => ({ targets: scaleTargets(part as RegressionSamples, scaleOf(model)), weight: part.count }),
    measure: (outputs, part) => sumSquares(outputs, part as RegressionSamples, scaleOf(model)),
    summarise: ([weight, ...squares]) => ({ rootMeanSquaredErrors: squares.map((sum) => Math.sqrt(sum / weight)) }),
    evaluate: (_, held, signal) => {
      const { loss: name, delta } = options;
      const asked = { loss: name, delta, metrics, signal, intervals: false };
      return evaluateRegression(model, held as RegressionSamples, asked, shared);
    },
  };
}

/** @throws RangeError where the samples are malformed or do not fit the model */
function checkRegressionSamples(name: string, samples: RegressionSamples, model: Model, shared: Shared): void {
  const { checkInputs, checkSingles } = shared;
  checkInputs(name, samples, model, 'targets', model.outputs);
  checkSingles(`${name}: targets`, samples.targets);
  checkSingles(`${name}: inputs`, samples.inputs);
}

export async function evaluateRegression(
  model: Model,
  samples: RegressionSamples,
  given: RegressionEvaluateOptions | undefined,
  shared: Shared,
): Promise<RegressionEvaluation> {
  const { COMMON_CHECKS, createArgumentError, readOptions, computeLoss, measure, random, withWeights } = shared;
  const checks = { ...COMMON_CHECKS, loss: 0, delta: 0, intervals: 0 } as const;
  const options = readOptions('evaluate', given, checks);
  const { batch, metrics, signal, intervals = true } = options;
  if (typeof intervals !== 'boolean') throw createArgumentError('evaluate: intervals', intervals, 'true or false');
  checkRegressionSamples('evaluate: samples', samples, model, shared);
  const loss = createLoss(readLoss('evaluate', options, model.outputs, shared), model);
  const weighted = await withWeights('evaluate: samples', samples);
  const { targets, weights, count } = weighted;
  const scale = scaleOf(model);
  const targetsOf = (part: AnySamples): Float32Array => scaleTargets(part as RegressionSamples, scale);
  const { loss: mean, outputs } = await computeLoss(model, weighted, { batch, signal, loss, targetsOf });
  const predicted = unscale(outputs, scale);
  const generators = (target: number): ReturnType<typeof random> => random(0).fork(`bootstrap ${target}`);
  const measured = evaluateTargets({ predicted, targets, count, weights }, intervals ? generators : undefined);
  return {
    loss: mean,
    rSquared: measured.reduce((sum, { rSquared }) => sum + rSquared, 0) / measured.length,
    targets: measured,
    predicted,
    count,
    ...(metrics && { metrics: await measure(model.engine, metrics, { count, outputs: predicted, targets, weights }) }),
  };
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
