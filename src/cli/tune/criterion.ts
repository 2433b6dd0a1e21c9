/** Reads the criterion by which penalties are compared. */
import { random } from '../../data/random.ts';
import { type Criterion, crossValidation, sure } from '../../index.ts';
import { InputError } from '../io.ts';
import { type Arguments, readChoice, readNumber, readPositive } from '../options.ts';
import { estimateNoise } from './columns.ts';
import type { TuningData } from './data.ts';

const CRITERIA = ['cv', 'held-out', 'sure'] as const;
type CriterionName = (typeof CRITERIA)[number];

export const CRITERION_OPTIONS = {
  criterion: {
    value: '<name>',
    description: "cv (k-fold), held-out, sure (Stein's unbiased risk estimate)",
    fallback: CRITERIA[0],
  },
  folds: { value: '<count>', description: 'cv: folds', fallback: '5' },
  'held-out': { value: '<share>', description: 'held-out: share of the rows to judge by, in (0, 1)', fallback: '0.2' },
  noise: {
    value: '<deviation>',
    description: 'sure: standard deviation of the noise in the target',
    fallback: 'estimated by least squares where there are more rows than features',
  },
  seed: { value: '<integer>', description: 'for the choice of rows', fallback: '0' },
};

/** The criterion to which each of these options belongs. */
const CRITERION_OF_OPTION = { folds: 'cv', 'held-out': 'held-out', noise: 'sure' } as const satisfies Record<
  string,
  CriterionName
>;

export interface ChosenCriterion {
  readonly criterion: Criterion;
  /** The number of Lasso problems for each λ. */
  readonly copies: number;
  /** For sure: the standard deviation of the noise, and whether it was estimated. */
  readonly noise?: { readonly deviation: number; readonly estimated: boolean };
}

/** @throws InputError that names the option and says what is allowed */
export function readCriterion(given: Arguments, data: TuningData): ChosenCriterion {
  const name = readCriterionName(given);
  refuseOtherCriteria(given, name);
  if (name === 'sure' && data.rowWeights) {
    throw new InputError('--row-weights: it is for --criterion cv and held-out; sure is for rows of equal weight');
  }
  if (name === 'sure') {
    const noise = readNoise(given, data);
    return { criterion: sure({ deviation: noise.deviation, seed: readSeed(given) }), copies: 2, noise };
  }
  const split = readSplit(given, data.scaled.count);
  const { folds, held, seed } = split;
  return held === undefined
    ? { criterion: crossValidation({ folds, seed }), copies: folds }
    : { criterion: createHeldOutCriterion(split.name, held, seed), copies: 1 };
}

function readCriterionName(given: Arguments): CriterionName {
  return readChoice(given, 'criterion', CRITERIA) ?? CRITERIA[0];
}

function refuseOtherCriteria(given: Arguments, name: CriterionName): void {
  for (const [option, belongs] of Object.entries(CRITERION_OF_OPTION)) {
    if (given.options[option] !== undefined && belongs !== name) {
      throw new InputError(`--${option}: it is for --criterion ${belongs}; the criterion is ${name}`);
    }
  }
}

/** How the rows are divided into those that are fitted and those by which a fit is judged. */
export interface RowSplit {
  /** How results call the criterion. */
  readonly name: string;
  /** The number of rows that are held out; undefined in cross-validation. */
  readonly held: number | undefined;
  readonly folds: number;
  readonly seed: number;
}

/** @throws InputError that names the option and says what is allowed */
export function readSplit(given: Arguments, count: number): RowSplit {
  const name = readCriterionName(given);
  refuseOtherCriteria(given, name);
  const seed = readSeed(given);
  if (name === 'held-out') {
    const share = readNumber(given, 'held-out', 0.2, 'a number in (0, 1)', (value) => value > 0 && value < 1);
    const held = Math.min(Math.max(Math.round(share * count), 1), count - 1);
    return { name: `error on ${Number((100 * share).toPrecision(3))} % of the rows, held out`, held, folds: 1, seed };
  }
  const allows = (value: number): boolean => Number.isInteger(value) && value >= 2 && value <= count;
  const folds = readNumber(given, 'folds', 5, `an integer from 2 to ${count}, the number of rows`, allows);
  if (count < 5 && given.options.folds === undefined) {
    throw new InputError(`--folds: there are ${count} rows, too few for 5 folds; it must be from 2 to ${count}`);
  }
  return { name: crossValidation({ folds }).name, held: undefined, folds, seed };
}

function readSeed(given: Arguments): number {
  const allows = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
  return readNumber(given, 'seed', 0, 'an integer from 0', allows);
}

function readNoise(given: Arguments, { scaled, intercept }: TuningData): { deviation: number; estimated: boolean } {
  const deviation = readPositive(given, 'noise', undefined);
  if (deviation !== undefined) return { deviation, estimated: false };
  const estimate = estimateNoise(scaled, intercept);
  if (estimate !== undefined) return { deviation: estimate, estimated: true };
  const { count, features } = scaled;
  throw new InputError(
    `--noise is missing: the deviation of the noise in the target; least squares cannot estimate it from ${count} rows and ${features} features, which it fits exactly`,
  );
}

/**
 * The mean squared error on a random share of the rows, with a model that is fitted to the others. As in
 * cross-validation the penalty is multiplied by the share of the rows that are fitted, so that λ is on the scale of all
 * rows.
 */
function createHeldOutCriterion(name: string, held: number, seed: number): Criterion {
  return {
    name,
    begin(scope, { X, y, rowWeights }) {
      const count = y.size;
      const training = new Float64Array(count).fill(1);
      for (const row of random(seed).permutation(count).subarray(0, held)) training[row] = 0;
      const shares = scope.tensor(
        training.map((one) => (1 - one) / held),
        [1, count],
      );
      const weighted = rowWeights && shares.mul(rowWeights);
      const weights = weighted ? weighted.div(weighted.sum()) : shares;
      return {
        copies: 1,
        masks: scope.tensor(training, [1, count]),
        shares: [1 - held / count],
        judge({ beta, intercept }) {
          const predicted = beta.matmul(X, { transposeB: true }).add(intercept.reshape([intercept.size, 1]));
          return y.reshape([1, count]).sub(predicted).square().mul(weights).sum(1);
        },
      };
    },
  };
}
