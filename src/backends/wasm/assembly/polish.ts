// Solves the equality-constrained program of the rows that are active, and changes these rows where its solution breaks
// a bound or a multiplier has the wrong sign.
import { factoriseActive, solveActive } from './active-system';
import { beat } from './clock';
import { entry, setEntry, setIntegerIn } from './entries';
import * as data from './program-data';
import * as state from './program-state';

/** How often the solution is refined at most, and the relative residual at which it is not. */
const REFINEMENTS: i32 = 4;
const ACCURATE: f64 = 4e-16;
/** What is added to the diagonal of a singular K, relative to its entries. */
const SHIFT: f64 = 1e-12;
/** What counts as rounding, relative to the size of the numbers. */
const ROUNDING: f64 = 1e-13;

/** The number of active rows, which are in the list at `active()`. */
export let activeRows: i32 = 0;
/** The mark of the rows that were last guessed. */
let guess: i64 = 0;

/** The list of active rows lies behind the kinds of rows; the side of each row in its own vector: 1 at u, −1 at l. */
function active(): usize {
  return state.kinds + ((<usize>max(data.N, data.M)) << 2);
}

function sideOf(r: i32): f64 {
  return entry(state.sides, r);
}

/** Takes the rows whose multiplier exceeds their slack for active. @returns whether these differ from the last ones */
export function hasNewGuess(): bool {
  let mark: i64 = 1;
  for (let r = 0; r < data.m; r++) {
    const kind = state.kindOf(r);
    let side: f64 = 0;
    if (kind === state.EQUAL) side = 2;
    else if ((kind & state.UPPER) !== 0 && entry(state.multiplierU, r) > entry(state.slackU, r)) side = 1;
    else if ((kind & state.LOWER) !== 0 && entry(state.multiplierL, r) > entry(state.slackL, r)) side = -1;
    setEntry(state.sides, r, side);
    mark = mark * 1000003 + <i64>side;
  }
  const isNew = mark !== guess;
  guess = mark;
  return isNew;
}

export function forgetGuess(): void {
  guess = 0;
}

/**
 * Polishes x and y, with the rows of the last guess.
 * @param changes how often the rows may be changed
 * @returns whether the result is a solution; otherwise x and y are as before
 */
export function polish(at: usize, changes: i32): bool {
  memory.copy(state.bestX, state.x, (<usize>data.N) << 3);
  memory.copy(state.bestY, state.y, (<usize>data.M) << 3);
  for (let change = 0; change <= changes; change++) {
    if (!solveWithActive()) break;
    let changed = changeRows();
    if (changed === 0) {
      refine();
      changed = changeRows();
    }
    if (changed > 0) continue;
    state.measure(at);
    if (state.excess <= 1) return true;
    break;
  }
  memory.copy(state.x, state.bestX, (<usize>data.N) << 3);
  memory.copy(state.y, state.bestY, (<usize>data.M) << 3);
  return false;
}

/** Solves with the rows that are active, once. @returns false where a factorisation fails */
function solveWithActive(): bool {
  const rows = active();
  activeRows = 0;
  for (let r = 0; r < data.m; r++) {
    if (sideOf(r) === 0) setEntry(state.y, r, 0);
    else setIntegerIn(rows, activeRows++, r);
  }
  beat();
  if (!(factoriseActive(rows, activeRows, SHIFT) > 0)) return false;
  state.evaluate();
  residuals();
  correct();
  return true;
}

/** Corrects x and y by the residuals, and evaluates them. */
function correct(): void {
  solveActive(active(), state.f, state.g, state.aside);
  for (let j = 0; j < data.n; j++) setEntry(state.x, j, entry(state.x, j) + entry(state.f, j));
  for (let r = 0; r < data.m; r++) setEntry(state.y, r, entry(state.y, r) + entry(state.g, r));
  state.evaluate();
}

function refine(): void {
  let last = Infinity;
  for (let refinement = 0; refinement < REFINEMENTS; refinement++) {
    const error = residuals();
    if (!(error < 0.5 * last) || error < ACCURATE) return;
    last = error;
    correct();
  }
}

/** Puts the residuals into f and g. @returns the largest, relative to the size of its terms */
function residuals(): f64 {
  let columnError: f64 = 0;
  let columnSize: f64 = 1e-300;
  for (let j = 0; j < data.N; j++) {
    const value = -entry(state.dualResidual, j);
    setEntry(state.f, j, value);
    columnError = max(columnError, abs(value));
    columnSize = max(columnSize, max(abs(entry(state.Px, j)), max(abs(entry(state.q, j)), abs(entry(state.Aty, j)))));
  }
  let rowError: f64 = 0;
  let rowSize: f64 = 1e-300;
  for (let r = 0; r < data.m; r++) {
    const side = sideOf(r);
    let value: f64 = 0;
    if (side !== 0) {
      const bound = entry(side > 0 ? state.u : state.l, r);
      value = bound - entry(state.z, r);
      rowSize = max(rowSize, abs(bound));
    }
    rowSize = max(rowSize, abs(entry(state.z, r)));
    setEntry(state.g, r, value);
    rowError = max(rowError, abs(value));
  }
  return max(columnError / columnSize, rowError / rowSize);
}

/** Adds rows whose bounds are broken, and removes those whose multipliers have the wrong sign. @returns how many */
function changeRows(): i32 {
  let largestY: f64 = 0;
  let largestZ: f64 = 0;
  for (let r = 0; r < data.m; r++) {
    largestY = max(largestY, abs(entry(state.y, r)));
    largestZ = max(largestZ, abs(entry(state.z, r)));
  }
  let changed = 0;
  for (let r = 0; r < data.m; r++) {
    const kind = state.kindOf(r);
    const side = sideOf(r);
    if (kind === 0 || kind === state.EQUAL) continue;
    if (side === 0) {
      const value = entry(state.z, r);
      const above = (kind & state.UPPER) !== 0 ? value - entry(state.u, r) : -1;
      const below = (kind & state.LOWER) !== 0 ? entry(state.l, r) - value : -1;
      if (max(above, below) <= ROUNDING * largestZ) continue;
      setEntry(state.sides, r, above > below ? 1 : -1);
      changed += 1;
    } else if (entry(state.y, r) * side < 0) {
      const isRounding = abs(entry(state.y, r)) <= ROUNDING * largestY;
      setEntry(state.y, r, 0);
      if (isRounding) continue;
      setEntry(state.sides, r, 0);
      changed += 1;
    }
  }
  return changed;
}
