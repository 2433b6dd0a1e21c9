/** Data sets for regression from the arrays of a .npz file. */
import { createArgumentCheck, isListLike } from '../arguments/check.ts';
import { readOptions } from '../arguments/options.ts';
import {
  type ArrayNames,
  type ArrayPart,
  areImages,
  createMissingTargetError,
  findPart,
  findParts,
  listArrayNames,
  NAME_OPTIONS,
  readRows,
} from './array-rows.ts';
import { ARRAYS_OPTIONS, type ArraysDatasetOptions } from './arrays-dataset.ts';
import type { RegressionDataset } from './dataset.ts';
import { describeArray, FILE_ARRAYS, numbersOf } from './file-array.ts';
import { DataError, LIMIT_OPTIONS, type LimitOptions } from './limits.ts';
import type { NamedArrays } from './npz.ts';
import type { RegressionArrayPreparation } from './preparation.ts';
import type { PreparedRows } from './prepared-rows.ts';
import { copyRows, type RegressionSamples, splitIndices } from './samples.ts';
import { type Rows, standardisationOf, standardiseInputs } from './standardisation.ts';
import { chooseTask, type TableTask } from './table-task.ts';

/** A data set for regression from arrays, with the preparation for other rows of the same kind. */
export interface RegressionArraysDataset extends RegressionDataset {
  readonly preparation: RegressionArrayPreparation;
}

/**
 * Makes a data set for regression from the arrays of a .npz file: features under `x`, one row after the other along the
 * first axis, and numbers to predict under `y`, one for each row or a row of them; or `x_train`, `y_train`, `x_test` and
 * `y_test`, which are the two parts. `ArraysDatasetOptions` has other names. The names of several targets may stand
 * under `target_names`. Without a test part, rows are held out at random.
 *
 * @throws DataError that names the array, and the row where there is one
 * @throws RangeError where an option is out of range
 */
export function regressionArraysDataset(arrays: NamedArrays, given?: ArraysDatasetOptions): RegressionArraysDataset {
  FILE_ARRAYS('regressionArraysDataset: arrays', arrays);
  const options = readOptions('regressionArraysDataset', given, ARRAYS_OPTIONS);
  const { heldOut = 0.2, seed = 0, name = 'arrays', standardise = true } = options;
  const { train, test } = findParts(arrays, options);
  const first = readPart(train, options);
  const last = test && readPart(test, options);
  if (last && (String(last.shape) !== String(first.shape) || last.targetCount !== first.targetCount)) {
    throw new DataError(
      `${train.features[0]} and ${test.features[0]}: rows or targets differ in shape; both must be the same`,
    );
  }
  const targetNames = nameTargets(arrays, train, first.targetCount);
  const parts = last
    ? [first, last]
    : splitIndices(new Int32Array(first.count), 1 - heldOut, seed).map((rows) => chooseRows(first, rows));
  checkVaried(train.target?.[0] ?? '', first);
  if (parts[0].count === 0) throw new DataError('every row is held out; none is left to learn from');
  const preparation: RegressionArrayPreparation = {
    kind: 'regressionArrays',
    shape: first.shape,
    targets: targetNames,
    ...(standardise && { standardisation: standardisationOf(parts[0]) }),
  };
  const [trained, tested] = parts.map(
    ({ targets, ...rows }): RegressionSamples => ({
      inputs: prepareInputs(preparation, rows),
      targets,
      count: rows.count,
      features: rows.features,
      ...(rows.imageShape && { shape: rows.imageShape }),
    }),
  );
  return { name, targetNames, featureShape: [first.features], train: trained, test: tested, preparation };
}

interface Part extends Rows {
  readonly inputs: Float64Array;
  readonly shape: readonly number[];
  readonly imageShape?: readonly number[];
  /** count × targetCount, row-major. */
  readonly targets: Float64Array;
  readonly targetCount: number;
}

function readPart({ features, target }: ArrayPart, options: LimitOptions & ArrayNames): Part {
  const rows = readRows(features, options, true);
  if (target) return { ...rows, ...readTargetNumbers(target, rows.count) };
  throw createMissingTargetError(features, options, 'the numbers to predict for the rows');
}

function readTargetNumbers([name, array]: ArrayPart['features'], count: number): Pick<Part, 'targets' | 'targetCount'> {
  const place = `array ${JSON.stringify(name)}`;
  const { shape, type, values } = array;
  if (type === 'text' || shape[0] !== count || shape.length > 2 || values.length === 0) {
    throw new DataError(
      `${place} holds ${describeArray(array)}; it must hold a number, or a row of them, for each of the ${count} rows`,
    );
  }
  const targets = Float64Array.from(numbersOf(array));
  const targetCount = targets.length / count;
  const wrong = targets.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return { targets, targetCount };
  throw new DataError(
    `${place}: row ${Math.floor(wrong / targetCount)} has ${targets[wrong]}; targets must be finite: leave the row out`,
  );
}

/** @throws DataError where a target is the same in every row */
function checkVaried(name: string, { targets, targetCount }: Part): void {
  for (let target = 0; target < targetCount; target++) {
    if (targets.some((value, at) => at % targetCount === target && value !== targets[target])) continue;
    const which = targetCount === 1 ? '' : ` ${target}`;
    throw new DataError(
      `array ${JSON.stringify(name)}: the target${which} is ${targets[target]} in every row; there is nothing to explain`,
    );
  }
}

/** A single target is called as its array; several have their places behind that, where the file does not name them. */
function nameTargets(arrays: NamedArrays, { target }: ArrayPart, count: number): readonly string[] {
  const name = target?.[0].replace(/_train$/, '') ?? '';
  const given = arrays.get('target_names');
  if (given?.type === 'text') {
    if (given.values.length === count) return given.values;
    throw new DataError(`array "target_names" has ${given.values.length} names; there are ${count} targets`);
  }
  return count === 1 ? [name] : Array.from({ length: count }, (_, index) => `${name}[${index}]`);
}

function chooseRows({ inputs, targets, features, targetCount, ...rest }: Part, rows: Int32Array): Part {
  const count = rows.length;
  return {
    ...rest,
    inputs: copyRows(inputs, features, rows),
    targets: copyRows(targets, targetCount, rows),
    count,
    features,
    targetCount,
  };
}

function prepareInputs({ standardisation }: RegressionArrayPreparation, rows: Rows): Float32Array {
  return standardisation ? standardiseInputs(rows, standardisation) : Float32Array.from(rows.inputs);
}

const PREPARATION = /* @__PURE__ */ createArgumentCheck(
  'that of arrays for regression',
  (value) =>
    (value as RegressionArrayPreparation).kind === 'regressionArrays' &&
    isListLike((value as RegressionArrayPreparation).shape),
);

/**
 * Prepares rows of a .npz file in the same way as the training data of a model for regression: those under `x`, or else
 * under `x_test`. Where their targets are there, they become `targets`.
 *
 * @throws DataError where there are no features, or where rows have another shape or number of targets than in training
 */
export function preparedRegressionArrays(
  preparation: RegressionArrayPreparation,
  arrays: NamedArrays,
  given?: ArrayNames & LimitOptions,
): PreparedRows {
  PREPARATION('preparedRegressionArrays: preparation', preparation);
  FILE_ARRAYS('preparedRegressionArrays: arrays', arrays);
  const options = readOptions('preparedRegressionArrays', given, { ...LIMIT_OPTIONS, ...NAME_OPTIONS });
  const part = findPart(arrays, options, '') ?? findPart(arrays, options, '_test');
  if (!part) throw new DataError(`no array ${options.features ?? 'x'} of features; ${listArrayNames(arrays)}`);
  const rows = readRows(part.features, options, true);
  if (String(rows.shape) !== String(preparation.shape)) {
    throw new DataError(`a row has the shape [${rows.shape}]; the model reads rows of [${preparation.shape}]`);
  }
  const known = part.target && readTargetNumbers(part.target, rows.count);
  if (known && known.targetCount !== preparation.targets.length) {
    throw new DataError(
      `array ${JSON.stringify(part.target?.[0])} has ${known.targetCount} targets; the model predicts ${preparation.targets.length}`,
    );
  }
  const { count, features, imageShape } = rows;
  return {
    inputs: prepareInputs(preparation, rows),
    count,
    features,
    ...(imageShape && { shape: imageShape }),
    ...(known && { targets: known.targets }),
  };
}

/**
 * Chooses between classification and regression for the target of a .npz file, as `tableTask` does for a column. Several
 * numbers for a row are to be predicted; images have classes, unless the numbers are decimal.
 *
 * @throws DataError where there are no features or no target
 */
export function arraysTask(arrays: NamedArrays, given?: ArrayNames): TableTask {
  FILE_ARRAYS('arraysTask: arrays', arrays);
  const options = readOptions('arraysTask', given, NAME_OPTIONS);
  const { train } = findParts(arrays, options);
  if (!train.target) {
    throw createMissingTargetError(train.features, options, 'the classes, or the numbers to predict, of the rows');
  }
  const [name, array] = train.target;
  const place = `array ${JSON.stringify(name)}`;
  if (array.type === 'text') return chooseTask(place, undefined);
  if (array.type === 'bool') return { task: 'classification', reason: `${place} holds bools` };
  if (array.values.length > array.shape[0]) {
    return {
      task: 'regression',
      reason: `${place} holds ${array.values.length / array.shape[0]} numbers for each row`,
    };
  }
  const found = chooseTask(place, Array.from(numbersOf(array)));
  const areNamed = arrays.get('class_names')?.type === 'text' || areImages(train.features[1]);
  if (!areNamed || !Array.from(numbersOf(array)).every(Number.isSafeInteger)) return found;
  return {
    task: 'classification',
    reason: `${place} holds integers, of ${arrays.has('class_names') ? 'named classes' : 'images'}`,
  };
}
