/** Finds the rows whose predictions are furthest off, for a report. */
import type { RegressionEvaluation } from '../index.ts';
import type { Appearance } from './mistakes.ts';
import type { LargestErrors } from './report/numbers.ts';

/** A report shows no more rows than this. */
const MAXIMUM_ROWS = 20;

/** @param truth the true targets: count × targets, row-major */
export function findLargestErrors(
  { predicted, targets }: RegressionEvaluation,
  truth: ArrayLike<number>,
  appearance: Appearance,
): LargestErrors {
  const width = targets.length;
  const errors = Array.from(predicted, (value, at) => ({
    at,
    size: Math.abs(truth[at] - value) / (targets[at % width].rootMeanSquaredError || 1),
  }));
  const largest = errors.sort((a, b) => b.size - a.size).slice(0, MAXIMUM_ROWS);
  const placeOf = (index: number): { readonly number: number; readonly cells: readonly string[] } =>
    appearance.kind === 'rows' ? appearance.at(index) : { number: index, cells: [] };
  return {
    counted: appearance.kind === 'rows' ? appearance.counted : 'No.',
    columns: appearance.kind === 'rows' ? appearance.columns : [],
    shown: largest.map(({ at }) => ({
      target: at % width,
      truth: truth[at],
      predicted: predicted[at],
      ...placeOf(Math.floor(at / width)),
    })),
  };
}
