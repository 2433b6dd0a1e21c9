/** Reads a Lasso problem and checks all its fields. */
import type { LassoSelection } from '../index.ts';
import { checkKeys, checkNumber, type JSONObject } from './json.ts';
import { type Matrix, readMatrix } from './matrix.ts';
import {
  checkBoolean,
  NOT_NEGATIVE,
  type PerProblem,
  readPerFeature,
  readPerProblem,
  readPerRow,
  readRowWeights,
  SHARE,
} from './model-fields.ts';

/** Minimise ½‖y − Xβ − β₀‖² + λ Σⱼ wⱼ|βⱼ| + ½ρ‖β‖², for one penalty λ or a list of penalties. */
export interface LassoInput {
  /** rows × features */
  readonly X: Matrix;
  readonly y: readonly number[];
  /** log λ, although the key of the problem is `lambda`. */
  readonly lambda: PerProblem;
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
  const y = readPerRow('y', object.y, X);
  const { lambda, weights, ridge, intercept, row_weights: rowWeights, non_negative: nonNegative } = object;
  return {
    X,
    y,
    lambda: readPerProblem('lambda', lambda),
    selection: object.selection === undefined ? undefined : readSelection(object.selection, X),
    weights: weights === undefined ? undefined : readPerFeature('weights', weights, X, ...NOT_NEGATIVE),
    ridge: ridge === undefined ? undefined : checkNumber('ridge', ridge, ...NOT_NEGATIVE),
    intercept: intercept === undefined ? undefined : checkBoolean('intercept', intercept),
    rowWeights: rowWeights === undefined ? undefined : readRowWeights(rowWeights, X),
    nonNegative: nonNegative === undefined ? undefined : checkBoolean('non_negative', nonNegative),
  };
}

function readSelection(value: unknown, X: Matrix): LassoSelection {
  if (Array.isArray(value)) return readPerFeature('selection', value, X, ...SHARE);
  const named = NAMED_SELECTIONS.find((name) => name === value);
  return named ?? checkNumber('selection', value, 'a number from 0 to 1, a list of these, "weak" or "lars"', SHARE[1]);
}
