/** Cross-validation for `equilibra train --folds`: every row is held out once. */
import { foldMasks } from '../data/index.ts';
import { random } from '../data/random.ts';
import {
  type Engine,
  type Evaluation,
  evaluate,
  type Model,
  type RegressionEvaluation,
  type RegressionTrainOptions,
  type TrainOptions,
  train,
} from '../index.ts';
import { evaluateTargets } from '../train/regression/evaluation.ts';
import { InputError } from './io.ts';
import { findLargestErrors } from './largest-errors.ts';
import { type Appearance, findMistakes } from './mistakes.ts';
import type { Outcome } from './report/outcome.ts';
import { chooseSamples, startModel } from './start.ts';
import { countOutputs, type FoldableData, type Folding, type TrainingData } from './training-data.ts';
import { chooseDataAppearance } from './training-report.ts';
import type { TrainingSettings } from './training-settings.ts';

/** One fold, after the model that has not seen it was trained. */
export interface FoldResult {
  readonly evaluation: Evaluation | RegressionEvaluation;
  /** The part that the model learned from, and the part that was held out. */
  readonly data: FoldableData;
  /** The outputs for the held-out part: predictions in their units, or probabilities. */
  readonly outputs: ArrayLike<number>;
  /** The classes found for the held-out part; none for a regression. */
  readonly classes: ArrayLike<number>;
}

/**
 * Trains a model for each fold, on the rows of the others, and evaluates it on the fold.
 * @param onFold called after each fold
 */
export async function crossValidate(
  engine: Engine,
  data: FoldableData,
  settings: TrainingSettings,
  { folds, signal, onFold }: { folds: number; signal?: AbortSignal; onFold?: (result: FoldResult) => void },
): Promise<FoldResult[]> {
  const { count, holdOut } = data.folding;
  const foldOf = assignFolds(data.folding, folds, settings.training.seed);
  const results: FoldResult[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const own = holdOut(Array.from({ length: count }, (_, row) => row).filter((row) => foldOf[row] === fold));
    const { train: training, test } = own.dataset;
    if (test.count === 0)
      throw new InputError(`--folds: fold ${fold + 1} holds no row that is not dropped; take fewer`);
    const model = settings.modelFor(training, countOutputs(own));
    const start = chooseSamples(own, settings);
    await startModel(model, engine, own, start, settings);
    await train(engine, model, start.samples, { ...start.options, signal } as TrainOptions | RegressionTrainOptions);
    const result: FoldResult = { data: own, ...(await judge(model, own)) };
    model.dispose();
    results.push(result);
    onFold?.(result);
  }
  return results;
}

async function judge(model: Model, { task, dataset }: TrainingData): Promise<Omit<FoldResult, 'data'>> {
  const { inputs } = dataset.test;
  if (task === 'regression') {
    const evaluation = await evaluate(model, dataset.test);
    return { evaluation, outputs: evaluation.predicted, classes: [] };
  }
  const { probabilities, classes } = await model.predict(inputs);
  return { evaluation: await evaluate(model, dataset.test), outputs: probabilities, classes };
}

/** The fold of each row. Classes have about the same share in every fold. */
function assignFolds({ count, classes }: Folding, folds: number, seed: number): Int32Array {
  if (!classes) return foldMasks(count, { folds, seed }).foldOf;
  const order = Array.from(random(seed).permutation(count));
  order.sort((a, b) => (classes[a] < classes[b] ? -1 : classes[a] > classes[b] ? 1 : 0));
  const foldOf = new Int32Array(count);
  for (const [place, row] of order.entries()) foldOf[row] = place % folds;
  return foldOf;
}

/** The rows of all folds, one fold after the other. */
interface PooledRows {
  readonly count: number;
  /** The mean loss. */
  readonly loss: number;
  /** The share of all weights that each fold has. */
  readonly shares: readonly number[];
  readonly weights: Float64Array | undefined;
  readonly outputs: Float64Array;
  readonly appearance: Appearance;
}

/** The evaluation of all rows together, each by the model that has not seen it. */
export function poolFolds(results: readonly FoldResult[]): Outcome {
  const [{ data }] = results;
  const rows = results.flatMap((result) => result.data.folding.testRows);
  const parts = results.map((result) => result.data.dataset.test);
  const weights = parts[0].weights && join(parts.map((part) => part.weights ?? []));
  const sums = parts.map((part) => (part.weights ? sumOf(part.weights) : part.count));
  const shares = sums.map((sum) => sum / sumOf(sums));
  const pooled: PooledRows = {
    count: rows.length,
    loss: results.reduce((sum, { evaluation }, fold) => sum + shares[fold] * evaluation.loss, 0),
    shares,
    weights,
    outputs: join(results.map((result) => result.outputs)),
    appearance: chooseDataAppearance(data, rows),
  };
  return data.task === 'regression'
    ? poolNumbers(results, pooled, data.dataset.targetNames)
    : poolClasses(results, pooled, data.classNames);
}

function poolNumbers(
  results: readonly FoldResult[],
  { count, loss, weights, outputs, appearance }: PooledRows,
  targetNames: readonly string[],
): Outcome {
  const truth = join(results.map(({ data }) => (data.task === 'regression' ? data.dataset.test.targets : [])));
  const targets = evaluateTargets({ predicted: outputs, targets: truth, count, weights }, (target) =>
    random(0).fork(`bootstrap ${target}`),
  );
  const rSquared = targets.reduce((sum, target) => sum + target.rSquared, 0) / targets.length;
  const evaluation = { loss, rSquared, targets, predicted: outputs, count };
  const largest = findLargestErrors(evaluation, truth, appearance);
  return { numbers: { evaluation, targetNames, isWeighted: weights !== undefined, truth, largest } };
}

function poolClasses(
  results: readonly FoldResult[],
  { count, loss, shares, weights, outputs, appearance }: PooledRows,
  classNames: readonly string[],
): Outcome {
  const evaluations = results.map(({ evaluation }) => evaluation as Evaluation);
  const confusion = evaluations[0].confusion.map((row, label) =>
    row.map((_, found) => sumOf(evaluations.map((each) => each.confusion[label][found]))),
  );
  const accuracy = evaluations.reduce((sum, each, fold) => sum + shares[fold] * each.accuracy, 0);
  const labels = join(
    results.map((each) => (each.data.task === 'classification' ? each.data.dataset.test.labels : [])),
  );
  const inputs = Float32Array.from(join(results.map((each) => each.data.dataset.test.inputs)));
  const samples = { inputs, labels: Int32Array.from(labels), count, features: inputs.length / count };
  const prediction = {
    classes: Int32Array.from(join(results.map(({ classes }) => classes))),
    probabilities: Float32Array.from(outputs),
  };
  const mistakes = findMistakes(samples, prediction, appearance);
  return { classNames, evaluation: { loss, accuracy, confusion, count }, weights, mistakes };
}

function sumOf(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0);
}

function join(lists: readonly ArrayLike<number>[]): Float64Array {
  const all = new Float64Array(lists.reduce((sum, list) => sum + list.length, 0));
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  return all;
}
