import { BOOLEAN, createArgumentCheck, createNumberCheck, INDEX, isListLike, TEXT } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import {
  type ArrayNames,
  type ArrayPart,
  type ArrayRows,
  areImages,
  createMissingTargetError,
  findPart,
  findParts,
  listArrayNames,
  NAME_OPTIONS,
  readClassTexts,
  readRows,
} from './array-rows.ts';
import { standardiseChannels } from './channels.ts';
import type { Dataset } from './dataset.ts';
import { FILE_ARRAYS } from './file-array.ts';
import { withoutSingleChannel } from './image-shape.ts';
import { checkLimit, DataError, LIMIT_OPTIONS, type LimitOptions, limitsOf } from './limits.ts';
import type { NamedArrays } from './npz.ts';
import type { ArrayPreparation, ImagePreparation } from './preparation.ts';
import type { PreparedRows } from './prepared-rows.ts';
import { type Samples, splitIndices } from './samples.ts';
import { standardisationOf, standardiseInputs } from './standardisation.ts';

/** The greatest value of a pixel of 8 bits. */
const WHITE = 255;

/** Options of `arraysDataset`. */
export interface ArraysDatasetOptions extends ArrayNames, LimitOptions {
  /** Share of the rows that is held out as the test part, in [0, 1), where the file does not split them. Default 0.2. */
  heldOut?: number;
  /** Seed for the choice of these rows, an integer from 0. Default 0. */
  seed?: number;
  /** Whether each feature is scaled to mean 0 and standard deviation 1 over the training part. Default true. */
  standardise?: boolean;
  /** The name of the data set. Default 'arrays'. */
  name?: string;
}

export const ARRAYS_OPTIONS: Checks<ArraysDatasetOptions> = {
  ...LIMIT_OPTIONS,
  ...NAME_OPTIONS,
  heldOut: createNumberCheck('a number from 0 to below 1', (value) => value >= 0 && value < 1),
  seed: INDEX,
  standardise: BOOLEAN,
  name: TEXT,
};

/** A data set from arrays, with the preparation for other rows of the same kind. */
export interface ArraysDataset extends Dataset {
  readonly classNames: readonly string[];
  readonly preparation: ArrayPreparation | ImagePreparation;
}

/**
 * Makes a data set for classification from the arrays of a .npz file: features under `x`, one row after the other along
 * the first axis, and classes under `y`, which are integers, bools or texts; or `x_train`, `y_train`, `x_test` and
 * `y_test`, which are the two parts. `ArraysDatasetOptions` has other names. The names of classes 0, 1, … may stand
 * under `class_names`. Features of type uint8 with two or more axes are images and are divided by 255; others are
 * standardised. Rows of two axes are taken for rows × columns, rows of three for images with channels, first or last,
 * whichever axis is shorter; the samples then have a `shape`. Without a test part, rows are held out at random, of each class about the same share.
 *
 * @throws DataError that names the array, and the row where there is one
 * @throws RangeError where an option is out of range
 */
export function arraysDataset(arrays: NamedArrays, given?: ArraysDatasetOptions): ArraysDataset {
  FILE_ARRAYS('arraysDataset: arrays', arrays);
  const options = readOptions('arraysDataset', given, ARRAYS_OPTIONS);
  const { heldOut = 0.2, seed = 0, name = 'arrays', standardise = true } = options;
  const { train, test } = findParts(arrays, options);
  const first = readPart(train, options);
  const last = test && readPart(test, options);
  if (last && String(last.rows.shape) !== String(first.rows.shape)) {
    throw new DataError(
      `a row has the shape [${first.rows.shape}] in ${train.features[0]}, and [${last.rows.shape}] in ${test.features[0]}; both must be the same`,
    );
  }
  const classNames = nameClasses(arrays, [...first.classes, ...(last?.classes ?? [])], options);
  const parts = last
    ? [chooseRows(first, classNames), chooseRows(last, classNames)]
    : splitIndices(numberClasses(first.classes, classNames), 1 - heldOut, seed, { stratified: true }).map((indices) =>
        chooseRows(first, classNames, indices),
      );
  const { shape, features } = first.rows;
  const planes = shape.length === 3 ? { planes: true } : {};
  const preparation: ArraysDataset['preparation'] = areImages(train.features[1])
    ? { kind: 'images', shape, greatest: WHITE, classNames, ...planes }
    : {
        kind: 'arrays',
        shape,
        classNames,
        ...planes,
        ...(standardise && { standardisation: standardisationOf(parts[0]) }),
      };
  const [trained, tested] = parts.map((part): Samples => ({ ...part, inputs: prepareInputs(preparation, part) }));
  return {
    name,
    classes: classNames.length,
    featureShape: preparation.kind === 'images' ? shape : [features],
    train: trained,
    test: tested,
    classNames,
    preparation,
  };
}

interface Part {
  readonly rows: ArrayRows;
  /** The name of the class of each row. */
  readonly classes: readonly string[];
}

function readPart({ features, target }: ArrayPart, options: ArraysDatasetOptions): Part {
  const rows = readRows(features, options, true);
  if (!target) throw createMissingTargetError(features, options, 'the classes of the rows');
  return { rows, classes: readClassTexts(target, rows.count) };
}

/** Integers are sorted as numbers, texts as texts. Where the file names the classes, they are 0, 1, … in that order. */
function nameClasses(arrays: NamedArrays, classes: readonly string[], options: LimitOptions): readonly string[] {
  const distinct = [...new Set(classes)];
  const areNumbers = distinct.every((name) => /^-?\d+$/.test(name));
  const given = arrays.get('class_names');
  if (given?.type === 'text' && areNumbers) {
    const unnamed = distinct.find((name) => !(Number(name) >= 0 && Number(name) < given.values.length));
    if (unnamed === undefined) return given.values;
    throw new DataError(`there is the class ${unnamed}; class_names has names for 0 to ${given.values.length - 1}`);
  }
  if (distinct.length < 2) throw new DataError(`all rows are of the class ${distinct[0]}; at least two are needed`);
  checkLimit(limitsOf(options), 'classes', distinct.length, `there are ${distinct.length} classes`);
  return areNumbers ? distinct.sort((a, b) => Number(a) - Number(b)) : distinct.sort();
}

/** The number of each class. A class is known by its name, or by its number where `class_names` gave the names. */
function numberClasses(classes: readonly string[], classNames: readonly string[]): Int32Array {
  const numbers = new Map(classNames.map((name, number) => [name, number]));
  return Int32Array.from(classes, (name) => {
    const number =
      numbers.get(name) ?? (/^\d+$/.test(name) && Number(name) < classNames.length ? Number(name) : undefined);
    if (number !== undefined) return number;
    throw new DataError(`${JSON.stringify(name)} is not a known class; these are ${classNames.join(', ')}`);
  });
}

type RawSamples = Omit<Samples, 'inputs'> & { readonly inputs: Float64Array };

/** @param indices the rows, in their order. Default: all */
function chooseRows({ rows, classes }: Part, classNames: readonly string[], indices?: Int32Array): RawSamples {
  const { inputs, features, count, imageShape } = rows;
  const labels = numberClasses(classes, classNames);
  const common = { features, ...(imageShape && { shape: imageShape }) };
  if (!indices) return { inputs, labels, count, ...common };
  const chosen = new Float64Array(indices.length * features);
  for (const [at, row] of indices.entries()) {
    chosen.set(inputs.subarray(row * features, (row + 1) * features), at * features);
  }
  return { inputs: chosen, labels: Int32Array.from(indices, (row) => labels[row]), count: indices.length, ...common };
}

function prepareInputs(
  preparation: ArraysDataset['preparation'],
  rows: Omit<RawSamples, 'labels' | 'shape'>,
): Float32Array {
  const { standardisation } = preparation;
  if (preparation.kind === 'images') {
    const pixels = Float32Array.from(rows.inputs, (value) => value / preparation.greatest);
    return standardisation ? standardiseChannels(pixels, rows.features, standardisation) : pixels;
  }
  return standardisation ? standardiseInputs(rows, standardisation) : Float32Array.from(rows.inputs);
}

const PREPARATION = /* @__PURE__ */ createArgumentCheck(
  'that of arrays or images',
  (value) =>
    ['arrays', 'images'].includes((value as ArrayPreparation).kind) && isListLike((value as ArrayPreparation).shape),
);

/** Options of `preparedArrays`. */
export interface PreparedArraysOptions extends ArrayNames, LimitOptions {}

/**
 * Prepares rows of a .npz file in the same way as the training data of a model: those under `x`, or else under
 * `x_test`. Where their classes are there, they become `labels`.
 *
 * @throws DataError where there are no features, where a row has another shape than the rows of training, or where a
 *   class is unknown
 */
export function preparedArrays(
  preparation: ArraysDataset['preparation'],
  arrays: NamedArrays,
  given?: PreparedArraysOptions,
): PreparedRows {
  PREPARATION('preparedArrays: preparation', preparation);
  FILE_ARRAYS('preparedArrays: arrays', arrays);
  const options = readOptions('preparedArrays', given, { ...LIMIT_OPTIONS, ...NAME_OPTIONS });
  const part = findPart(arrays, options, '') ?? findPart(arrays, options, '_test');
  if (!part) throw new DataError(`no array ${options.features ?? 'x'} of features; ${listArrayNames(arrays)}`);
  const rows = readRows(part.features, options, preparation.planes ?? false);
  if (String(rows.shape) !== String(withoutSingleChannel(preparation.shape))) {
    throw new DataError(`a row has the shape [${rows.shape}]; the model reads rows of [${preparation.shape}]`);
  }
  if (preparation.kind === 'images' && !areImages(part.features[1])) {
    throw new DataError(
      `array ${JSON.stringify(part.features[0])} holds ${part.features[1].type}; the model reads images of uint8`,
    );
  }
  const { count, features, imageShape } = rows;
  const labels = part.target && numberClasses(readClassTexts(part.target, count), preparation.classNames);
  return {
    inputs: prepareInputs(preparation, rows),
    count,
    features,
    ...(imageShape && { shape: imageShape }),
    ...(labels && { labels }),
  };
}
