/** A Lasso problem as it is given: every field checked, nothing computed. */
import type { LassoSelection } from '../index.ts';
import { InputError } from './io.ts';
import { checkKeys, type JSONObject, kindOf, numberOf } from './json.ts';
import { count, type Matrix, matrixOf, numbersOf } from './matrix.ts';

/** ½‖y − Xβ − β₀‖² + e^λ Σⱼ wⱼ|βⱼ| + ½ρ‖β‖² for one λ or a list of them. */
export interface LassoInput {
  /** rows × features */
  readonly X: Matrix;
  readonly y: readonly number[];
  readonly lambda: number | readonly number[];
  readonly selection: LassoSelection | undefined;
  /** w, of each feature. */
  readonly weights: readonly number[] | undefined;
  /** ρ */
  readonly ridge: number | undefined;
  readonly intercept: boolean | undefined;
}

const NAMED_SELECTIONS = ['weak', 'lars'] as const;

export function lassoProblem(object: JSONObject): LassoInput {
  checkKeys(object, 'a lasso problem', ['kind', 'X', 'y', 'lambda'], ['selection', 'weights', 'ridge', 'intercept']);
  const X = matrixOf('X', object.X);
  const y = numbersOf('y', object.y);
  if (y.length !== X.rows) {
    throw new InputError(`y: it holds ${count(y.length)}; it must hold ${X.rows}, one for each row of X`);
  }
  const { lambda, weights, ridge, intercept } = object;
  return {
    X,
    y,
    lambda: Array.isArray(lambda)
      ? numbersOf('lambda', lambda)
      : numberOf('lambda', lambda, 'a finite number, or a list of these', Number.isFinite),
    selection: object.selection === undefined ? undefined : selectionOf(object.selection, X),
    weights: weights === undefined ? undefined : perFeature('weights', weights, X, ...NOT_NEGATIVE),
    ridge: ridge === undefined ? undefined : numberOf('ridge', ridge, ...NOT_NEGATIVE),
    intercept: intercept === undefined ? undefined : switchOf('intercept', intercept),
  };
}

type Allowed = readonly [must: string, allows: (value: number) => boolean];

const NOT_NEGATIVE: Allowed = ['a finite number of at least 0', (value) => value >= 0 && Number.isFinite(value)];
const SHARE: Allowed = ['a number from 0 to 1', (value) => value >= 0 && value <= 1];

function selectionOf(value: unknown, X: Matrix): LassoSelection {
  if (Array.isArray(value)) return perFeature('selection', value, X, ...SHARE);
  const named = NAMED_SELECTIONS.find((name) => name === value);
  return named ?? numberOf('selection', value, 'a number from 0 to 1, a list of these, "weak" or "lars"', SHARE[1]);
}

function perFeature(name: string, value: unknown, { columns }: Matrix, ...allowed: Allowed): number[] {
  const numbers = numbersOf(name, value, ...allowed);
  if (numbers.length === columns) return numbers;
  throw new InputError(`${name}: it holds ${count(numbers.length)}; it must hold ${columns}, one for each column of X`);
}

function switchOf(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new InputError(`${name}: it is ${kindOf(value)}; it must be true or false`);
}
