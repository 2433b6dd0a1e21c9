/** Cross-validation for `equilibra train --folds`: every row is held out once. */
import { foldMasks } from '../data/index.ts';
import { random } from '../data/random.ts';
import {
  type Engine,
  type Evaluation,
  evaluate,
  type RegressionEvaluation,
  type RegressionTrainOptions,
  type TrainOptions,
  train,
} from '../index.ts';
import { evaluateTargets } from '../train/regression/evaluation.ts';
import { InputError } from './io.ts';
import { findLargestErrors } from './largest-errors.ts';
import { createTableAppearance, findMistakes } from './mistakes.ts';
import type { Outcome } from './report/outcome.ts';
import { chooseSamples, startModel } from './start.ts';
import { countOutputs, type TableData } from './training-data.ts';
import type { TrainingSettings } from './training-settings.ts';

/** One fold, after the model that has not seen it was trained. */
export interface FoldResult {
  readonly evaluation: Evaluation | RegressionEvaluation;
  /** The part that the model learned from, and the part that was held out. */
  readonly data: TableData;
  /** The outputs for the held-out part: predictions in their units, or probabilities. */
  readonly outputs: ArrayLike<number>;
}

/**
 * Trains a model for each fold, on the rows of the others, and evaluates it on the fold.
 * @param onFold called after each fold
 */
export async function crossValidate(
  engine: Engine,
  data: TableData,
  settings: TrainingSettings,
  { folds, signal, onFold }: { folds: number; signal?: AbortSignal; onFold?: (result: FoldResult) => void },
): Promise<FoldResult[]> {
  const foldOf = assignFolds(data, folds, settings.training.seed);
  const results: FoldResult[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const own = data.holdOut(data.origin.table.rows.map((_, row) => row).filter((row) => foldOf[row] === fold));
    const { train: training, test } = own.dataset;
    if (test.count === 0)
      throw new InputError(`--folds: fold ${fold + 1} holds no row that is not dropped; take fewer`);
    const model = settings.modelFor(training.features, countOutputs(own));
    const start = chooseSamples(own, settings);
    await startModel(model, engine, own, start, settings);
    await train(engine, model, start.samples, { ...start.options, signal } as TrainOptions | RegressionTrainOptions);
    const result: FoldResult = {
      data: own,
      evaluation: await (own.task === 'regression'
        ? evaluate(model, own.dataset.test)
        : evaluate(model, own.dataset.test)),
      outputs:
        own.task === 'regression'
          ? await model.predictValues(test.inputs)
          : (await model.predict(test.inputs)).probabilities,
    };
    model.dispose();
    results.push(result);
    onFold?.(result);
  }
  return results;
}

/** The fold of each row of the table. Classes have about the same share in every fold. */
function assignFolds({ task, origin }: TableData, folds: number, seed: number): Int32Array {
  const { rows, columns } = origin.table;
  if (folds > rows.length) {
    throw new InputError(`--folds: it is ${folds}; it must be at most ${rows.length}, the number of rows`);
  }
  if (task === 'regression') return foldMasks(rows.length, { folds, seed }).foldOf;
  const target = columns.indexOf(origin.dataset.preparation.target);
  const order = Array.from(random(seed).permutation(rows.length));
  order.sort((a, b) => (rows[a][target] < rows[b][target] ? -1 : rows[a][target] > rows[b][target] ? 1 : 0));
  const foldOf = new Int32Array(rows.length);
  for (const [place, row] of order.entries()) foldOf[row] = place % folds;
  return foldOf;
}

/** The evaluation of all rows together, each by the model that has not seen it. */
export function poolFolds(results: readonly FoldResult[]): Outcome {
  const [{ data }] = results;
  const names = data.preparation.columns.map(({ name }) => name);
  const rows = results.flatMap((result) => result.data.dataset.rows.test);
  const appearance = createTableAppearance(data.origin.table, names, (index) => rows[index]);
  const weights = results.every((result) => result.data.dataset.test.weights)
    ? join(results.map((result) => result.data.dataset.test.weights ?? []))
    : undefined;
  const count = rows.length;
  const outputs = join(results.map((result) => result.outputs));
  const loss = results.reduce((sum, { evaluation }) => sum + (evaluation.count / count) * evaluation.loss, 0);
  if (data.task === 'regression') {
    const truth = join(
      results.map((result) => (result.data.task === 'regression' ? result.data.dataset.test.targets : [])),
    );
    const targets = evaluateTargets({ predicted: outputs, targets: truth, count, weights }, (target) =>
      random(0).fork(`bootstrap ${target}`),
    );
    const rSquared = targets.reduce((sum, target) => sum + target.rSquared, 0) / targets.length;
    const evaluation = { loss, rSquared, targets, predicted: outputs, count };
    const largest = findLargestErrors(evaluation, truth, appearance);
    return { numbers: { evaluation, targetNames: data.dataset.targetNames, truth, largest } };
  }
  const labels = Int32Array.from(
    join(results.map((result) => (result.data.task === 'classification' ? result.data.dataset.test.labels : []))),
  );
  const evaluations = results.map(({ evaluation }) => evaluation as Evaluation);
  const confusion = evaluations[0].confusion.map((row, label) =>
    row.map((_, found) => evaluations.reduce((sum, each) => sum + each.confusion[label][found], 0)),
  );
  const accuracy = confusion.reduce((sum, row, label) => sum + row[label], 0) / count;
  const { features } = data.dataset.train;
  const classes = evaluations[0].confusion.length;
  const found = Int32Array.from({ length: count }, (_, row) =>
    indexOfLargest(outputs.subarray(row * classes, (row + 1) * classes)),
  );
  const samples = { inputs: new Float32Array(count * features), labels, count, features };
  const prediction = { classes: found, probabilities: Float32Array.from(outputs) };
  return {
    classNames: data.classNames,
    evaluation: { loss, accuracy, confusion, count },
    mistakes: findMistakes(samples, prediction, appearance),
  };
}

function indexOfLargest(values: Float64Array): number {
  return values.reduce((best, value, index) => (value > values[best] ? index : best), 0);
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
