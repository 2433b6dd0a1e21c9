/** Reads a support vector machine and checks all its fields. */
import { checkKeys, checkNumber, type JSONObject } from './json.ts';
import { type Matrix, readMatrix } from './matrix.ts';
import {
  checkBoolean,
  type PerProblem,
  perProblemShape,
  readPerProblem,
  readPerRow,
  readRowWeights,
  readShaped,
  SHARE,
} from './model-fields.ts';

/** Minimise ½‖w‖² + C Σ cᵢ max(0, 1 − yᵢ(xᵢw + b)), for one cost C or a list of costs. */
export interface SupportVectorInput {
  readonly X: Matrix;
  readonly y: readonly number[];
  readonly logC: PerProblem;
  /** c: one weight for each row. */
  readonly rowWeights: readonly number[] | undefined;
  readonly intercept: boolean | undefined;
  /** q: of all rows, or of each. */
  readonly selection: number | readonly number[] | undefined;
  /** The cotangent of w of all problems. */
  readonly v: readonly number[] | undefined;
}

export function readSupportVectorProblem(object: JSONObject): SupportVectorInput {
  const optional = ['row_weights', 'intercept', 'selection', 'v'];
  checkKeys(object, 'a support-vector-machine problem', ['kind', 'X', 'y', 'logC'], optional);
  const X = readMatrix('X', object.X);
  const logC = readPerProblem('logC', object.logC);
  const { row_weights: rowWeights, intercept, selection, v } = object;
  return {
    X,
    y: readPerRow('y', object.y, X),
    logC,
    rowWeights: rowWeights === undefined ? undefined : readRowWeights(rowWeights, X),
    intercept: intercept === undefined ? undefined : checkBoolean('intercept', intercept),
    selection: selection === undefined ? undefined : readSelection(selection, X),
    v: v === undefined ? undefined : readShaped('v', v, perProblemShape(logC, [X.columns])),
  };
}

function readSelection(value: unknown, X: Matrix): number | readonly number[] {
  if (Array.isArray(value)) return readPerRow('selection', value, X, ...SHARE);
  return checkNumber('selection', value, 'a number from 0 to 1, or a list of these, one for each row of X', SHARE[1]);
}
