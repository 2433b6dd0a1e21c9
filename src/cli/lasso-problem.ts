/** Reads a Lasso problem and checks all its fields. */
import type { LassoSelection } from '../index.ts';
import { InputError } from './io.ts';
import { checkKeys, checkNumber, describeKind, type JSONObject } from './json.ts';
import { formatCount, type Matrix, readMatrix, readNumbers } from './matrix.ts';

/** Minimise ½‖y − Xβ − β₀‖² + λ Σⱼ wⱼ|βⱼ| + ½ρ‖β‖², for one penalty λ or a list of penalties. */
export interface LassoInput {
  /** rows × features */
  readonly X: Matrix;
  readonly y: readonly number[];
  /** log λ, although the key of the problem is `lambda`. */
  readonly lambda: number | readonly number[];
  readonly selection: LassoSelection | undefined;
  /** w: one weight for each feature. */
  readonly weights: readonly number[] | undefined;
  /** ρ */
  readonly ridge: number | undefined;
  readonly intercept: boolean | undefined;
  /** ω: one weight for each row. */
  readonly rowWeights: readonly number[] | undefined;
  readonly nonNegative: boolean | undefined;
}

const NAMED_SELECTIONS = ['weak', 'lars'] as const;

export function readLassoProblem(object: JSONObject): LassoInput {
  const optional = ['selection', 'weights', 'ridge', 'intercept', 'row_weights', 'non_negative'];
  checkKeys(object, 'a lasso problem', ['kind', 'X', 'y', 'lambda'], optional);
  const X = readMatrix('X', object.X);
  const y = readNumbers('y', object.y);
  if (y.length !== X.rows) {
    throw new InputError(`y: it holds ${formatCount(y.length)}; it must hold ${X.rows}, one for each row of X`);
  }
  const { lambda, weights, ridge, intercept, row_weights: rowWeights, non_negative: nonNegative } = object;
  return {
    X,
    y,
    lambda: Array.isArray(lambda)
      ? readNumbers('lambda', lambda)
      : checkNumber('lambda', lambda, 'a finite number, or a list of these', Number.isFinite),
    selection: object.selection === undefined ? undefined : readSelection(object.selection, X),
    weights: weights === undefined ? undefined : readPerFeature('weights', weights, X, ...NOT_NEGATIVE),
    ridge: ridge === undefined ? undefined : checkNumber('ridge', ridge, ...NOT_NEGATIVE),
    intercept: intercept === undefined ? undefined : checkBoolean('intercept', intercept),
    rowWeights: rowWeights === undefined ? undefined : readRowWeights(rowWeights, X),
    nonNegative: nonNegative === undefined ? undefined : checkBoolean('non_negative', nonNegative),
  };
}

type Allowed = readonly [must: string, allows: (value: number) => boolean];

const NOT_NEGATIVE: Allowed = ['a finite number of at least 0', (value) => value >= 0 && Number.isFinite(value)];
const SHARE: Allowed = ['a number from 0 to 1', (value) => value >= 0 && value <= 1];

function readSelection(value: unknown, X: Matrix): LassoSelection {
  if (Array.isArray(value)) return readPerFeature('selection', value, X, ...SHARE);
  const named = NAMED_SELECTIONS.find((name) => name === value);
  return named ?? checkNumber('selection', value, 'a number from 0 to 1, a list of these, "weak" or "lars"', SHARE[1]);
}

function readPerFeature(name: string, value: unknown, { columns }: Matrix, ...allowed: Allowed): number[] {
  const numbers = readNumbers(name, value, ...allowed);
  if (numbers.length === columns) return numbers;
  throw new InputError(
    `${name}: it holds ${formatCount(numbers.length)}; it must hold ${columns}, one for each column of X`,
  );
}

function readRowWeights(value: unknown, { rows }: Matrix): number[] {
  const numbers = readNumbers('row_weights', value, ...NOT_NEGATIVE);
  if (numbers.length !== rows) {
    throw new InputError(
      `row_weights: it holds ${formatCount(numbers.length)}; it must hold ${rows}, one for each row of X`,
    );
  }
  if (numbers.some((weight) => weight > 0)) return numbers;
  throw new InputError('row_weights: all are 0; at least one must be above 0');
}

function checkBoolean(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new InputError(`${name}: it is ${describeKind(value)}; it must be true or false`);
}
