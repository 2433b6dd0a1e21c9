/** Which rows of a quadratic program are active at a solution, and which of them only just. */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { PrimalDual, ProgramData } from '../../solvers/programs/problem.ts';
import { polish } from './polish.ts';
import { multiplySparse } from './products.ts';
import { equilibrateAllRows, measureProgram } from './program-scales.ts';

/**
 * inactive: l < z < u. at u, at l: strongly active, with y > 0 or y < 0. weakly at u, weakly at l: z is at the bound
 * and y = 0, a kink. equality: l = u. free: no bound.
 */
export type RowState = 'inactive' | 'at u' | 'at l' | 'weakly at u' | 'weakly at l' | 'equality' | 'free';

/** The states of all rows at a solution. */
export interface RowActivity {
  /** m */
  readonly states: readonly RowState[];
  /** The numbers of the weakly active rows, in ascending order: the kinks. */
  readonly kinks: readonly number[];
  /** The relative accuracy of data and solution, from 2⁻⁵² on. */
  readonly accuracy: number;
  /** The largest slack, in the unit of its row, that counts as 0. */
  readonly tolerance: number;
  /**
   * Whether a polish decided the states. Where none succeeded, a row whose slack and multiplier are both within the
   * accuracy of an interior point is weakly active.
   */
  readonly isPolished: boolean;
  /** The polished solution, or the one that was given where polishing did not help; y is 0 on inactive rows. */
  readonly solution: PrimalDual & { readonly z: Float64Array };
}

/** An interior point comes to √μ ≈ 1e-8 of a weakly active row. */
const INTERIOR_POINT_ACCURACY = 1e-6;

/**
 * @param solution x and y, as a solver left them
 * @param accuracy of the data and the solution, relative: 2⁻⁵² for float64, 2⁻²³ for float32
 */
export function* classifyRows(data: ProgramData, solution: PrimalDual, accuracy: number): Interruptible<RowActivity> {
  const equilibration = yield* equilibrateAllRows(data);
  const scales = measureProgram(data, solution, equilibration);
  const polished = yield* polish(data, solution, scales);
  const roundings = ROUNDINGS * Math.max(accuracy, Number.EPSILON);
  const relative = polished ? roundings : Math.max(roundings, INTERIOR_POINT_ACCURACY);
  const { slack, multiplier } = polished ? measureProgram(data, polished, equilibration) : scales;
  // A rounding of the data moves a solution by as much as its condition says.
  const widen = (errors: Float64Array | undefined, row: number): number => ERRORS * (errors?.[row] ?? 0);
  const tolerances: Tolerances = {
    slack: slack.map((size, row) => Math.max(relative * size, widen(polished?.slackErrors, row))),
    multiplier: multiplier.map((size, row) => Math.max(relative * size, widen(polished?.multiplierErrors, row))),
  };
  const named = nameRows(data, polished ?? solution, tolerances);
  return { ...named, accuracy, isPolished: polished !== undefined };
}

/** A number within this many units of rounding of its scale counts as 0. */
const ROUNDINGS = 64;
/** The estimate of an error is one of its size for random roundings, which add up to less than the worst. */
const ERRORS = 16;

/** What counts as 0, for each row. */
interface Tolerances {
  readonly slack: Float64Array;
  readonly multiplier: Float64Array;
}

function nameRows(
  { A, l, u }: ProgramData,
  { x, y }: PrimalDual,
  tolerances: Tolerances,
): Pick<RowActivity, 'states' | 'kinks' | 'tolerance' | 'solution'> {
  const z = multiplySparse(A, x);
  const states = Array.from(z, (value, row): RowState => {
    if (l[row] === u[row]) return 'equality';
    const [above, below] = [u[row] - value, value - l[row]];
    if (above === Number.POSITIVE_INFINITY && below === Number.POSITIVE_INFINITY) return 'free';
    const [slack, multiplier] = [tolerances.slack[row], tolerances.multiplier[row]];
    const isUpper = y[row] > 0;
    const gap = isUpper ? above : below;
    // Where neither is near 0, the one that is the smaller part of its scale decides.
    const isHeld = Math.abs(y[row]) > multiplier && (gap <= slack || Math.abs(y[row]) / multiplier > gap / slack);
    if (isHeld && gap < Number.POSITIVE_INFINITY) return isUpper ? 'at u' : 'at l';
    if (above <= slack && above <= below) return 'weakly at u';
    return below <= slack ? 'weakly at l' : 'inactive';
  });
  const kinks = states.flatMap((state, row) => (isWeak(state) ? [row] : []));
  const cleaned = y.map((value, row) => (isStrong(states[row]) ? value : 0));
  const tolerance = tolerances.slack.reduce((most, value) => Math.max(most, value), 0);
  return { states, kinks, tolerance, solution: { x, y: cleaned, z } };
}

/** Whether every element counts the row as active: at a bound with y ≠ 0, or an equality. */
export function isStrong(state: RowState): boolean {
  return state === 'at u' || state === 'at l' || state === 'equality';
}

/** Whether the row is at a kink. */
export function isWeak(state: RowState): boolean {
  return state === 'weakly at u' || state === 'weakly at l';
}

/** Whether a move of the row moves its lower bound, as far as it moves anything; equalities move with u. */
export function isAtLower(state: RowState | undefined): boolean {
  return state === 'at l' || state === 'weakly at l';
}

/**
 * The share with which a weakly active row counts as active, in [0, 1]: one number for all of them, or one for each
 * row, of which those of the weakly active rows are read.
 */
export type RowSelection = number | ArrayLike<number>;

/** The diagonal of J = ∂y/∂(y + z): 1 on strongly active rows, the selection on weakly active ones, 0 on others. */
export function sharesOf({ states }: RowActivity, selection: RowSelection): Float64Array {
  return Float64Array.from(states, (state, row) => {
    if (!isWeak(state)) return isStrong(state) ? 1 : 0;
    return typeof selection === 'number' ? selection : selection[row];
  });
}
