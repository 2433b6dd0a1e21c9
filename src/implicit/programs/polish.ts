/** Polishing: the solution of the equations of a guessed set of active rows, accepted where it meets all conditions to rounding. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { random } from '../../data/random.ts';
import type { PrimalDual, ProgramData } from '../../solvers/programs/problem.ts';
import { eachEntry } from '../../solvers/programs/sparse.ts';
import {
  type ApproximateSolve,
  createKktMatrix,
  factoriseKkt,
  type KktMatrix,
  kktProduct,
  kktTerms,
  type Refined,
  refine,
} from './kkt-system.ts';
import { multiplySparse } from './products.ts';
import type { ProgramScales } from './program-scales.ts';

/** Each row of the guess: 1 where it is held at u, −1 at l, 0 where it is not held. Equalities are held at u. */
type Guess = Int8Array;

/** A number within this many units of rounding of its scale counts as 0. */
const ROUNDINGS = 64;
/** Slack and multiplier below this part of their scales leave it open whether the row is active. */
const OPEN = 1e-5;
/** The largest number of times that rows enter or leave a guess. */
const CHANGES = 12;
/** Strengths of the proximal term: the first changes least in the kernel, the second contracts along small curvature. */
const REGULARISATIONS = [1e-8, 1e-11];
const PROXIMAL_SWEEPS = 30;
/** A residual above this is not rounding: the equations of the guess are inconsistent. */
const SOLVED = 16 * Number.EPSILON;

/** A solution to rounding. */
export interface Polished extends PrimalDual {
  /** m: how far a rounding of the data may move each slack, about. */
  readonly slackErrors: Float64Array;
  /** m: the same for each multiplier. */
  readonly multiplierErrors: Float64Array;
}

/**
 * The solution to rounding, near the one that is given; undefined where no guess leads to it. Dependent rows and
 * solutions that are not unique do no harm: the proximal iteration changes the point least.
 */
export function* polish(
  data: ProgramData,
  given: PrimalDual,
  scales: ProgramScales,
): Interruptible<Polished | undefined> {
  const tried = new Set<string>();
  for (const first of guessesAt(data, given, scales)) {
    let guess = first;
    for (let change = 0; change < CHANGES; change++) {
      const key = guess.join();
      if (tried.has(key)) break;
      tried.add(key);
      const point = yield* solveHeld(data, guess, given);
      if (!point) break;
      const next = correctGuess(data, guess, point, scales);
      if (!next) return point;
      guess = next;
    }
  }
  return undefined;
}

/** By comparison of multiplier and slack first; then with all open rows held, and with none. */
function guessesAt({ l, u, A }: ProgramData, { x, y }: PrimalDual, { slack, multiplier }: ProgramScales): Guess[] {
  const z = multiplySparse(A, x);
  const guess = (rule: (held: number, gap: number) => boolean): Guess =>
    Int8Array.from(z, (value, row) => {
      if (l[row] === u[row]) return 1;
      const [above, below] = [(u[row] - value) / slack[row], (value - l[row]) / slack[row]];
      const isUpper = y[row] > 0 ? above < Number.POSITIVE_INFINITY : y[row] === 0 && above <= below;
      const gap = isUpper ? above : below;
      if (!Number.isFinite(gap)) return 0;
      return rule(Math.abs(y[row]) / multiplier[row], Math.abs(gap)) ? (isUpper ? 1 : -1) : 0;
    });
  return [
    guess((held, gap) => held > gap),
    guess((held, gap) => held > gap || (held < OPEN && gap < OPEN)),
    guess((held, gap) => held > gap && !(held < OPEN && gap < OPEN)),
  ];
}

/** x and y with Px + q + Aᵀy = 0, Aᵢx at its bound where the guess holds it, and yᵢ = 0 elsewhere. */
function* solveHeld(data: ProgramData, guess: Guess, { x, y }: PrimalDual): Interruptible<Polished | undefined> {
  const { n, m, q, l, u } = data;
  const rows = Array.from(guess, (_, row) => row).filter((row) => guess[row] !== 0);
  const matrix = yield* createKktMatrix(data, { rows, damping: new Float64Array(rows.length) });
  const right = new Float64Array(matrix.order);
  const start = new Float64Array(matrix.order);
  for (let j = 0; j < n; j++) [right[j], start[j]] = [-q[j], withoutUnderflow(x[j])];
  for (const [place, row] of rows.entries()) {
    right[n + place] = guess[row] > 0 ? u[row] : l[row];
    start[n + place] = withoutUnderflow(y[row]);
  }
  let best: Refined | undefined;
  for (const regularisation of REGULARISATIONS) {
    const approximate = yield* factoriseKkt(matrix, { regularisation });
    const found: Refined = yield* refine(matrix, approximate, right, best?.solution ?? start, PROXIMAL_SWEEPS);
    if (!best || found.residual < best.residual) best = found;
    if (best.residual > SOLVED) continue;
    const multipliers = new Float64Array(m);
    for (const [place, row] of rows.entries()) multipliers[row] = best.solution[n + place];
    return { x: best.solution.slice(0, n), y: multipliers, ...errorsOf(matrix, approximate, right, best) };
  }
  return undefined;
}

/** A number this small is what iterations have left of 0; products of it have no digits. */
const UNDERFLOW = 1e-100;

const withoutUnderflow = (value: number): number => (Math.abs(value) < UNDERFLOW ? 0 : value);

/** Right-hand sides of random signs whose solutions stand for the effect of rounding. */
const PROBES = 4;

/**
 * What a change of every number of the equations by ε, and of each equation by the residual that is left, moves slacks
 * and multipliers by, about. Where numbers are 0 at the solution, the residual is all that is known of their error.
 */
function errorsOf(
  matrix: KktMatrix,
  approximate: ApproximateSolve,
  right: Float64Array,
  { solution, residual, size: largest }: Refined,
): Pick<Polished, 'slackErrors' | 'multiplierErrors'> {
  const { data, scale, set } = matrix;
  const { n, m, A } = data;
  const sizes = kktTerms(matrix, right, solution);
  const draws = random(0);
  const slackErrors = new Float64Array(m);
  const multiplierErrors = new Float64Array(m);
  for (let probe = 0; probe < PROBES; probe++) {
    const change = sizes.map(
      (size, i) => (draws.uniform() < 0.5 ? -1 : 1) * Math.max(Number.EPSILON * size * scale[i], residual * largest),
    );
    const moved = withoutKernel(matrix, approximate, approximate(change));
    const slack = new Float64Array(m);
    eachEntry(A, (row, column, value) => {
      slack[row] += value * moved[column];
    });
    for (let row = 0; row < m; row++) slackErrors[row] = Math.max(slackErrors[row], Math.abs(slack[row]));
    for (const [place, row] of set.rows.entries()) {
      multiplierErrors[row] = Math.max(multiplierErrors[row], Math.abs(moved[n + place]));
    }
  }
  return { slackErrors, multiplierErrors };
}

/**
 * A solution in the units of the data without its part in the kernel of K, which only leads to another solution: the
 * inverse of the regularised K would make it as large as the regularisation is small.
 */
function withoutKernel(matrix: KktMatrix, approximate: ApproximateSolve, solution: Float64Array): Float64Array {
  const { scale } = matrix;
  const inUnits = (values: Float64Array): Float64Array => values.map((value, i) => value * scale[i]);
  return inUnits(approximate(inUnits(kktProduct(matrix, inUnits(solution)))));
}

/** The guess without the rows whose multiplier has the wrong sign, and with those that are violated; undefined if there are none. */
function correctGuess(
  { l, u, A }: ProgramData,
  guess: Guess,
  { x, y }: PrimalDual,
  { slack, multiplier }: ProgramScales,
): Guess | undefined {
  const z = multiplySparse(A, x);
  const tolerance = ROUNDINGS * Number.EPSILON;
  let isRight = true;
  const next = guess.map((side, row) => {
    if (l[row] === u[row]) return side;
    if (side !== 0) {
      if (side * y[row] >= -tolerance * multiplier[row]) return side;
      isRight = false;
      return 0;
    }
    const room = tolerance * slack[row];
    if (z[row] - u[row] <= room && l[row] - z[row] <= room) return side;
    isRight = false;
    return z[row] > u[row] ? 1 : -1;
  });
  return isRight ? undefined : next;
}
