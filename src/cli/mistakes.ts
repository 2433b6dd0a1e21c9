/** Finds the rows that were classified wrongly, for a report. */
import type { Preparation, Samples, Standardisation, Table } from '../data/index.ts';
import type { Prediction } from '../index.ts';
import type { Mistake, Mistakes } from './report/mistakes.ts';

/** A report shows no more mistakes than this. */
const MAXIMUM_MISTAKES = 40;

/** A report shows no more columns of a table than this. */
const MAXIMUM_COLUMNS = 30;

/** How a report shows rows: as images, or by a number and the cells of a table. */
export type Appearance =
  | {
      readonly kind: 'images';
      /** 1 or 3 channels × height × width. */
      readonly shape: readonly number[];
      /** How the channels were standardised, if they were. */
      readonly standardisation?: Standardisation;
    }
  | {
      readonly kind: 'rows';
      readonly counted: string;
      readonly columns: readonly string[];
      at(index: number): { readonly number: number; readonly cells: readonly string[] };
    };

/** Chooses the appearance of rows that do not come from a table. @param shape of a row, where it is known */
export function chooseAppearance(preparation: Preparation, shape: readonly number[] = []): Appearance {
  if (preparation.kind === 'images' && shape.length === 3 && [1, 3].includes(shape[0])) {
    return { kind: 'images', shape, standardisation: preparation.standardisation };
  }
  return { kind: 'rows', counted: 'No.', columns: [], at: (index) => ({ number: index, cells: [] }) };
}

/**
 * @param names the columns to show
 * @param rowOf maps the index of a classified row to its row in the table
 */
export function createTableAppearance(
  table: Table,
  names: readonly string[],
  rowOf: (index: number) => number,
): Appearance {
  const columns = names.slice(0, MAXIMUM_COLUMNS);
  const places = columns.map((name) => table.columns.indexOf(name));
  return {
    kind: 'rows',
    counted: 'Line',
    columns,
    at(index) {
      const row = rowOf(index);
      return { number: table.lines[row], cells: places.map((place) => table.rows[row][place]) };
    },
  };
}

/** Finds the rows that were classified wrongly, the most confident mistakes first. */
export function findMistakes(samples: Samples, prediction: Prediction, appearance: Appearance): Mistakes {
  const { inputs, labels, count, features } = samples;
  const { classes, probabilities } = prediction;
  const width = probabilities.length / count;
  const mistakes: (Mistake & { index: number })[] = [];
  for (let index = 0; index < count; index++) {
    const predicted = classes[index];
    const probability = probabilities[index * width + predicted];
    if (predicted !== labels[index]) mistakes.push({ index, label: labels[index], predicted, probability });
  }
  const shown = mistakes.sort((a, b) => b.probability - a.probability).slice(0, MAXIMUM_MISTAKES);
  if (appearance.kind === 'rows') {
    const { counted, columns } = appearance;
    return { kind: 'rows', counted, columns, shown: shown.map((each) => ({ ...each, ...appearance.at(each.index) })) };
  }
  const { shape, standardisation } = appearance;
  const images = shown.map((each) => {
    const pixels = inputs.slice(each.index * features, (each.index + 1) * features);
    return { ...each, pixels: standardisation ? restoreChannels(pixels, standardisation) : pixels };
  });
  return { kind: 'images', shape, shown: images };
}

/** The pixels in [0, 1] that were standardised, channel by channel. */
function restoreChannels(pixels: Float32Array, { mean, deviation }: Standardisation): Float32Array {
  const size = pixels.length / mean.length;
  return pixels.map((value, at) => mean[Math.floor(at / size)] + deviation[Math.floor(at / size)] * value);
}
