/** `equilibra train` beside ridge regression, whose α is chosen by cross-validation within the training rows. */
import { crossValidate } from '../src/cli/cross-validation.ts';
import { isFoldable, readTrainingData } from '../src/cli/training-data.ts';
import { readTrainingSettings } from '../src/cli/training-settings.ts';
import type { Engine } from '../src/index.ts';
import { fitRidge, predictLinear } from '../src/train/regression/ridge.ts';

export const FOLDS = 5;

export interface Comparison {
  readonly data: string;
  readonly rows: number;
  readonly seed: number;
  /** The mean over the folds, in the unit of the target. */
  readonly train: number;
  readonly ridge: number;
}

/** Both on the same folds, with features standardised on the training rows. */
export async function compareWithRidge(
  engine: Engine,
  data: string,
  target: string,
  seed: number,
): Promise<Comparison> {
  const given = { options: { data, target, seed: String(seed) }, positionals: [] };
  const read = await readTrainingData(given, seed);
  if (!isFoldable(read)) throw new Error(`${data} has parts of its own`);
  const results = await crossValidate(engine, read, readTrainingSettings(given, 'regression'), { folds: FOLDS });
  const errors = results.map(({ data: fold, evaluation }) => {
    if (fold.task !== 'regression' || !('targets' in evaluation)) throw new Error(`${data} is no regression`);
    const { train, test } = fold.dataset;
    const [linear] = fitRidge(train, seed);
    const squares = Array.from(test.targets, (truth, row) => (truth - predictLinear(linear, test, row)) ** 2);
    return {
      train: evaluation.targets[0].rootMeanSquaredError,
      ridge: Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / test.count),
    };
  });
  const mean = (of: (error: (typeof errors)[number]) => number): number =>
    errors.reduce((sum, error) => sum + of(error), 0) / FOLDS;
  const { count: rows } = read.folding;
  return { data, rows, seed, train: mean((error) => error.train), ridge: mean((error) => error.ridge) };
}
