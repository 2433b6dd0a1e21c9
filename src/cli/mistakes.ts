/** Finds the rows that were classified wrongly, for a report. */
import type { Samples, Table } from '../data/index.ts';
import type { Prediction } from '../index.ts';
import type { Mistake, Mistakes } from './report/mistakes.ts';

/** A report shows no more mistakes than this. */
const MAXIMUM_MISTAKES = 40;

/** A report shows no more columns of a table than this. */
const MAXIMUM_COLUMNS = 30;

/** How a report shows rows: as images, or by a number and the cells of a table. */
export type Appearance =
  | { readonly kind: 'images'; readonly shape: readonly number[] }
  | {
      readonly kind: 'rows';
      readonly counted: string;
      readonly columns: readonly string[];
      at(index: number): { readonly number: number; readonly cells: readonly string[] };
    };

/** Chooses the appearance of rows of this shape that do not come from a table. */
export function chooseAppearance(shape: readonly number[]): Appearance {
  if (shape.length === 2 || (shape.length === 3 && shape[2] === 3)) return { kind: 'images', shape };
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
  const pixels = (index: number): Float32Array => inputs.subarray(index * features, (index + 1) * features);
  const images = shown.map((each) => ({ ...each, pixels: pixels(each.index) }));
  return { kind: 'images', shape: appearance.shape, shown: images };
}
