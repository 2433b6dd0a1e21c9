/**
 * A Lasso fitted to some rows and judged on the others: the held-out error as a function of log λ, with its derivative.
 */
import { foldMasks, type RegressionData, regressionRows, standardisedRegression } from '../../src/data/index.ts';
import { type Engine, heldOut as heldOutError, lasso, type Tensor, tune, valueAndGrad } from '../../src/index.ts';
import type { LocalFigures, PathPoint } from './protocol.ts';

/** One row in this many is held out. */
export const FOLDS = 3;

export interface HeldOutProblem {
  readonly engine: Engine;
  readonly features: number;
  readonly X: Tensor;
  readonly y: Tensor;
  readonly heldOut: Part;
  /** The held-out rows as tensors. */
  readonly validation: { readonly X: Tensor; readonly y: Tensor };
  readonly rows: { readonly training: number; readonly heldOut: number };
  /** log λ_max: from here on every coefficient is 0. */
  readonly largest: number;
}

interface Part {
  readonly X: Float64Array;
  readonly y: Float64Array;
  readonly count: number;
}

/** @param seed decides which rows are held out */
export function createHeldOutProblem(engine: Engine, data: RegressionData, seed: number): HeldOutProblem {
  const { heldOut: isHeldOut } = foldMasks(data.count, { folds: FOLDS, seed });
  const rowsWhere = (held: number): number[] =>
    Array.from({ length: data.count }, (_, row) => row).filter((row) => isHeldOut[row] === held);
  const [training, held] = [rowsWhere(0), rowsWhere(1)];
  const standardised = standardisedRegression(data, training);
  const own = regressionRows(standardised, training);
  const heldOut = regressionRows(standardised, held);
  const { features } = data;
  const tensorsOf = ({ X, y, count }: Part) => ({ X: engine.tensor(X, [count, features]), y: engine.tensor(y) });
  return {
    engine,
    features,
    ...tensorsOf(own),
    heldOut,
    validation: tensorsOf(heldOut),
    rows: { training: own.count, heldOut: heldOut.count },
    largest: Math.log(Math.max(...computeCorrelations(own, features, own.y).map(Math.abs))),
  };
}

/** Computes Xᵀv. */
function computeCorrelations({ X, count }: Part, features: number, v: ArrayLike<number>): number[] {
  const sums = new Array<number>(features).fill(0);
  for (let row = 0; row < count; row++) {
    for (let feature = 0; feature < features; feature++) sums[feature] += X[row * features + feature] * v[row];
  }
  return sums;
}

/** Computes y − Xβ of the held-out rows. */
function computeResiduals({ heldOut: { X, y, count }, features }: HeldOutProblem, beta: ArrayLike<number>): number[] {
  return Array.from({ length: count }, (_, row) => {
    let value = y[row];
    for (let feature = 0; feature < features; feature++) value -= X[row * features + feature] * beta[feature];
    return value;
  });
}

/** Solves for all these log λ at once, as one batch. */
export async function solvePoints(problem: HeldOutProblem, logLambdas: readonly number[]): Promise<PathPoint[]> {
  const { engine, features, X, y, heldOut, validation } = problem;
  return engine.tidy(async (scope) => {
    const [heldX, heldY] = [scope.use(validation.X), scope.use(validation.y)];
    let read: Promise<ArrayLike<number>> = Promise.resolve([]);
    const errors = (logLambda: Tensor): Tensor => {
      const { beta } = lasso({ X, y, logLambda });
      read = beta.data();
      // Each problem has its own λ, so the gradient of the sum holds the derivative of each error.
      const fitted = beta.matmul(heldX, { transposeB: true });
      return heldY
        .reshape([1, heldOut.count])
        .sub(fitted)
        .square()
        .sum()
        .mul(1 / heldOut.count);
    };
    const [, [gradient]] = await valueAndGrad(errors, [scope.tensor(logLambdas)]);
    const [betas, slopes] = await Promise.all([read, gradient.data()]);
    gradient.dispose();
    return logLambdas.map((logLambda, index) => {
      const coefficients = Array.from({ length: features }, (_, feature) => betas[index * features + feature]);
      const error = computeResiduals(problem, coefficients).reduce((sum, value) => sum + value ** 2, 0) / heldOut.count;
      return { logLambda, coefficients, error, gradient: slopes[index] };
    });
  });
}

/**
 * The option `kinkUnits`: this many ε are 4e-9. Bisection finds a knot to within 1e-10, and such a point must still
 * count as the knot.
 */
const KINK_UNITS = 2 ** 24;

/** Solves at one log λ, with the certificate and the two one-sided derivatives of the error. */
export async function solveFigures(problem: HeldOutProblem, logLambda: number): Promise<LocalFigures> {
  const { engine, X, y, features, heldOut } = problem;
  const [point] = await solvePoints(problem, [logLambda]);
  const slopes = computeCorrelations(heldOut, features, computeResiduals(problem, point.coefficients));
  return engine.tidy(async (scope) => {
    const solution = lasso({ X: scope.use(X), y, logLambda, kinkUnits: KINK_UNITS });
    // ∂error/∂β = −2/n Xᵀ(y − Xβ), over the held-out rows
    const cotangent = scope.tensor(
      slopes.map((slope) => (-2 / heldOut.count) * slope),
      [1, features],
    );
    const [[interval], { status, reason }] = await Promise.all([
      solution.gradientInterval(cotangent),
      solution.certificate(),
    ]);
    return { ...point, status, reason, kinks: interval.kinks, left: interval.left, right: interval.right };
  });
}

/**
 * Minimises the held-out error from a starting log λ with the library's `tune`.
 * @param tell called with each point that is lower than all before it
 */
export async function tuneProblem(
  problem: HeldOutProblem,
  start: number,
  tell: (point: PathPoint) => void,
  signal: AbortSignal,
): Promise<PathPoint> {
  const { X, y, validation } = problem;
  let lowest = Number.POSITIVE_INFINITY;
  const { logLambda } = await tune({
    X,
    y,
    criterion: heldOutError(validation),
    starts: [[start]],
    signal,
    async onProgress({ visited: [{ parameters, value }] }) {
      if (!(value < lowest)) return;
      lowest = value;
      const [point] = await solvePoints(problem, parameters);
      tell(point);
    },
  });
  const [point] = await solvePoints(problem, [logLambda]);
  return point;
}

/** Finds the support at each log λ, as a text that can be compared, and whether a knot is there. */
export async function findSupports(
  problem: HeldOutProblem,
  logLambdas: readonly number[],
): Promise<{ supports: string[]; atKnot: boolean[] }> {
  const { engine, X, y } = problem;
  return engine.tidy(async (scope) => {
    const { samples } = await lasso({ X: scope.use(X), y, logLambda: logLambdas }).certificate();
    return {
      supports: samples.map(({ support }) => support.join(' ')),
      atKnot: samples.map(({ support, equicorrelation }) => equicorrelation.length > support.length),
    };
  });
}
