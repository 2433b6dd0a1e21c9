/**
 * The whole path of the Lasso ½‖y − Xβ‖² + t‖β‖₁, t = e^λ, by the homotopy method (M. Osborne, B. Presnell, B. Turlach,
 * 2000; B. Efron et al., 2004), in float64 and written independently of the library; λ is the logarithm of the penalty
 * t. β is affine in t between knots: with the active set A and its signs s, X_Aᵀ(y − X_A β_A) = t·s, hence β_A = u −
 * t·w with u = (X_AᵀX_A)⁻¹X_Aᵀy and w = (X_AᵀX_A)⁻¹s. Every piece is computed from X and y, so that no rounding is
 * carried along the path.
 */
import { columnsOf, leastSquares } from './least-squares.ts';
import { dot, type Numbers } from './numbers.ts';

/** Rows of X and y; the features are all columns of X. */
export interface LassoProblem {
  /** count × features, row-major. */
  readonly X: Numbers;
  readonly y: Numbers;
  readonly features: number;
}

/** The penalty at which a feature enters or leaves as λ falls. */
interface Knot {
  /** t = e^λ. */
  readonly penalty: number;
  readonly logLambda: number;
  readonly entering: readonly number[];
  readonly leaving: readonly number[];
}

/** The solutions for `least` ≤ t ≤ `greatest`; no feature enters or leaves inside. */
interface Piece {
  readonly greatest: number;
  readonly least: number;
  /** The active set, in the order in which its features entered, with their signs. */
  readonly active: readonly number[];
  readonly signs: readonly number[];
  /** β_A = u − t·w. */
  readonly u: readonly number[];
  readonly w: readonly number[];
}

interface LassoPath {
  readonly knots: readonly Knot[];
  /** β at this λ. @throws Error where λ is below the end of the path */
  at(logLambda: number): number[];
  /**
   * dβ/dλ at this λ. At a knot, `side` chooses between the derivatives for λ rising and for λ falling. A λ within 1e-12
   * of a knot counts as being at it.
   */
  derivative(logLambda: number, side: 'rising' | 'falling'): number[];
}

/**
 * @param leastShare the end of the path, as a share of its greatest t. Default e⁻¹².
 * @throws Error where the columns of an active set are dependent, or a piece violates the optimality conditions, as
 * happens
 * where several features enter at once
 */
export function tracePath(problem: LassoProblem, leastShare = Math.exp(-12)): LassoPath {
  const columns = columnsOf(problem.X, problem.features);
  const { y } = problem;
  const correlations = columns.map((column) => dot(column, y));
  const greatest = Math.max(...correlations.map(Math.abs));
  const first = correlations.findIndex((each) => Math.abs(each) === greatest);
  const end = leastShare * greatest;
  const pieces: Piece[] = [];
  const knots: Knot[] = [knotAt(greatest, { feature: first, enters: true })];
  let active = [first];
  let signs = [Math.sign(correlations[first])];
  let left: { feature: number; sign: number } | undefined;
  for (let penalty = greatest; penalty > end; ) {
    const { u, w, change } = pieceBelow(columns, y, [penalty, end], active, signs, left);
    const piece = { greatest: penalty, least: change?.penalty ?? end, active, signs, u, w };
    checkOptimality(columns, y, piece);
    pieces.push(piece);
    penalty = piece.least;
    if (!change) break;
    knots.push(knotAt(change.penalty, change));
    if (change.enters) {
      left = undefined;
      active = [...active, change.feature];
      signs = [...signs, change.sign];
    } else {
      left = change;
      signs = signs.filter((_, at) => active[at] !== change.feature);
      active = active.filter((feature) => feature !== change.feature);
    }
  }
  return pathOf(knots, pieces, problem.features);
}

function knotAt(penalty: number, { feature, enters }: { feature: number; enters: boolean }): Knot {
  const [entering, leaving] = enters ? [[feature], []] : [[], [feature]];
  return { penalty, logLambda: Math.log(penalty), entering, leaving };
}

interface Change {
  readonly penalty: number;
  readonly feature: number;
  readonly sign: number;
  readonly enters: boolean;
}

/**
 * The piece that begins at a knot, and the next change on it: the change at the greatest t below, if there is one
 * before the end.
 */
function pieceBelow(
  columns: readonly Numbers[],
  y: Numbers,
  [penalty, end]: readonly [number, number],
  active: readonly number[],
  signs: readonly number[],
  left: { feature: number; sign: number } | undefined,
): { u: number[]; w: number[]; change: Change | undefined } {
  const { u, w } = leastSquares(
    active.map((feature) => columns[feature]),
    y,
    signs,
  );
  // y − Xβ = a + t·b
  const a = residual(columns, y, active, u);
  const b = residual(columns, new Float64Array(y.length), active, w).map((value) => -value);
  // At its own knot a feature is at 0, or at ±t, up to rounding on either side, so the feature that changed there is
  // excluded.
  const newest = penalty * (1 - 1e-9);
  const changes: Change[] = [];
  columns.forEach((column, feature) => {
    const at = active.indexOf(feature);
    if (at >= 0) {
      const isNewest = at === active.length - 1 && u[at] / w[at] > newest;
      if (!isNewest) changes.push({ penalty: u[at] / w[at], feature, sign: signs[at], enters: false });
      return;
    }
    // a feature enters where X_jᵀ(a + t·b) = sign·t
    for (const sign of [1, -1]) {
      if (left?.feature === feature && left.sign === sign) continue;
      changes.push({ penalty: dot(column, a) / (sign - dot(column, b)), feature, sign, enters: true });
    }
  });
  const below = changes.filter((change) => change.penalty > end && change.penalty < penalty);
  const change = below.reduce<Change | undefined>(
    (best, each) => (best && best.penalty >= each.penalty ? best : each),
    undefined,
  );
  return { u, w, change };
}

/** y − Σ X_j·coefficients over the active set. */
function residual(
  columns: readonly Numbers[],
  y: Numbers,
  active: readonly number[],
  coefficients: readonly number[],
): number[] {
  return Array.from(y, (value, row) =>
    active.reduce((rest, feature, at) => rest - columns[feature][row] * coefficients[at], value),
  );
}

/**
 * |X_jᵀ(y − Xβ)| ≤ t for all j, with equality and the sign of β_j on the active set. Both sides are affine in t, so
 * checking the ends suffices.
 */
function checkOptimality(columns: readonly Numbers[], y: Numbers, piece: Piece): void {
  for (const penalty of [piece.greatest, piece.least]) {
    const beta = piece.u.map((each, at) => each - penalty * piece.w[at]);
    const size = Math.max(...piece.u.map(Math.abs));
    const rest = residual(columns, y, piece.active, beta);
    columns.forEach((column, feature) => {
      const correlation = dot(column, rest);
      const at = piece.active.indexOf(feature);
      const excess = at < 0 ? Math.abs(correlation) - penalty : Math.abs(correlation - piece.signs[at] * penalty);
      const rounding = 1e-9 * penalty + 1e-12 * Math.sqrt(dot(column, column) * dot(y, y));
      if (excess > rounding || (at >= 0 && piece.signs[at] * beta[at] < -1e-9 * size)) {
        throw new Error(`the path is lost at t = ${penalty}: feature ${feature} fails its optimality condition`);
      }
    });
  }
}

function pathOf(knots: readonly Knot[], pieces: readonly Piece[], features: number): LassoPath {
  const scatter = (piece: Piece, values: readonly number[]): number[] => {
    const all = new Array<number>(features).fill(0);
    piece.active.forEach((feature, at) => {
      all[feature] = values[at];
    });
    return all;
  };
  const pieceAt = (penalty: number, side: 'rising' | 'falling'): Piece | undefined => {
    const towards = penalty * (side === 'rising' ? 1 + 1e-12 : 1 - 1e-12);
    if (towards >= pieces[0].greatest) return undefined;
    const found = pieces.find(({ least }) => towards >= least);
    if (found) return found;
    throw new Error(`the path ends at t = ${pieces[pieces.length - 1].least}; there is none at ${penalty}`);
  };
  return {
    knots,
    at(logLambda) {
      const penalty = Math.exp(logLambda);
      const piece = pieceAt(penalty, 'rising');
      if (!piece) return new Array<number>(features).fill(0);
      return scatter(
        piece,
        piece.u.map((each, at) => each - penalty * piece.w[at]),
      );
    },
    derivative(logLambda, side) {
      const penalty = Math.exp(logLambda);
      const piece = pieceAt(penalty, side);
      // dβ/dλ = t·dβ/dt
      return piece
        ? scatter(
            piece,
            piece.w.map((each) => -penalty * each),
          )
        : new Array<number>(features).fill(0);
    },
  };
}
