/** Holds rows of arrays out, for `equilibra train --folds` on a .npz file. */
import { type ArrayPart, findPart } from '../data/array-rows.ts';
import type { ArrayNames, FileArray, NamedArrays } from '../data/index.ts';
import { copyRows } from '../data/samples.ts';

/** The arrays of features and targets that are not in two parts yet; undefined where there are none. */
export function findWhole(arrays: NamedArrays, names: ArrayNames): Required<ArrayPart> | undefined {
  const { features, target } = findPart(arrays, names, '') ?? {};
  return features && target && { features, target };
}

/** Divides features and targets in two parts, as files have them, under the same names. */
export function holdOutRows(
  arrays: NamedArrays,
  { features, target }: Required<ArrayPart>,
  held: readonly number[],
): NamedArrays {
  const out = new Set(held);
  const kept = Array.from({ length: features[1].shape[0] }, (_, row) => row).filter((row) => !out.has(row));
  const others = [...arrays].filter(([name]) => name !== features[0] && name !== target[0]);
  const parts = [features, target].flatMap(([name, array]): [string, FileArray][] => [
    [`${name}_train`, selectRows(array, kept)],
    [`${name}_test`, selectRows(array, held)],
  ]);
  return new Map([...others, ...parts]);
}

function selectRows({ type, shape, values }: FileArray, rows: readonly number[]): FileArray {
  const [, ...extents] = shape;
  const width = extents.reduce((product, extent) => product * extent, 1);
  const chosen =
    type === 'text'
      ? rows.flatMap((row) => values.slice(row * width, (row + 1) * width))
      : copyRows(values, width, rows);
  return { type, shape: [rows.length, ...extents], values: chosen } as FileArray;
}
