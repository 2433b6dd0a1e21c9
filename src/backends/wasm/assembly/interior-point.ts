// Solves quadratic programs by a predictor-corrector interior point method (S. Mehrotra 1992); see InteriorPointCall in
// program-kernels.ts. program-step.ts has the step.
import { ProgramFields } from '../program-instructions';
import { beat } from './clock';
import { at8, clear, entry, setEntry } from './entries';
import { word } from './memory';
import { beginSteps, factoriseStep, solveStep } from './newton-system';
import { addProduct, addSymmetric, backwards, forwards } from './panels';
import { hasNewGuess, polish } from './polish';
import * as data from './program-data';
import { allowed } from './program-matrices';
import * as state from './program-state';
import { hasLower, hasUpper } from './program-state';
import { takeStep } from './program-step';

/** Iterations without progress after which a sample is given up, and the factor that counts as progress. */
const PATIENCE: i32 = 6;
const PROGRESS: f64 = 0.9;
/** At this relative gap and residual, the rows that are active may be known: they are tried. */
const NEAR: f64 = 1e-2;

/** How often a guess of the active rows may be changed: at first, and near the end. */
const FIRST_CHANGES: i32 = 6;
const CHANGES: i32 = 3;

export let iterations: i32 = 0;
export let isPolished: bool = false;

/** The number of bounds of inequalities. */
let pairs: i32 = 0;
/** Σ sλ, the largest residuals of rows and variables, and the sizes of their terms. */
let complementarity: f64 = 0;
let rowResidual: f64 = 0;
let rowSize: f64 = 0;
let columnResidual: f64 = 0;
let columnSize: f64 = 0;
let support: f64 = 0;

export function addIterations(count: i32): void {
  iterations += count;
}

/** Solves the sample whose data was read. @returns whether it is solved; `state` has the point and its residuals */
export function solveProgram(at: usize, sample: i32, bounds: i32): bool {
  pairs = bounds;
  iterations = 0;
  isPolished = false;
  const limit = word(at, ProgramFields.limit);
  const isWarm = state.readStart(at, sample);
  if (isWarm && polishFromMultipliers(at, FIRST_CHANGES)) return true;
  if (!isWarm) clearPoint();
  if (data.invertsP()) computeCentre();
  if (pairs === 0) {
    clearPoint();
    return polishFromMultipliers(at, 0);
  }
  beginSteps();
  if (!start()) return isSolution(at);
  let best = Infinity;
  let stale = 0;
  while (true) {
    const distance = assess();
    if (distance < NEAR && hasNewGuess()) {
      completeX();
      if (polish(at, CHANGES)) {
        isPolished = true;
        return true;
      }
      if (!data.invertsP()) beginSteps();
      assess();
    }
    if (isWithin(at)) {
      completeX();
      if (isSolution(at)) return true;
    }
    if (distance < PROGRESS * best) {
      best = distance;
      stale = 0;
    } else stale += 1;
    if (iterations >= limit || stale >= PATIENCE || !(distance < Infinity)) break;
    iterations += 1;
    beat();
    if (!takeStep(distance, complementarity / <f64>pairs, pairs)) break;
  }
  completeX();
  return isSolution(at);
}

/** Measures x and y. @returns whether they are a solution */
function isSolution(at: usize): bool {
  state.evaluate();
  state.measure(at);
  return state.excess <= 1;
}

function clearPoint(): void {
  clear(state.x, data.N);
  clear(state.y, data.M);
}

/** Tries the rows whose multipliers are not 0. */
function polishFromMultipliers(at: usize, changes: i32): bool {
  for (let r = 0; r < data.m; r++) {
    const value = entry(state.y, r);
    setEntry(state.multiplierU, r, hasUpper(r) && value > 0 ? 1 : 0);
    setEntry(state.multiplierL, r, hasLower(r) && value < 0 ? 1 : 0);
    setEntry(state.slackU, r, 0.5);
    setEntry(state.slackL, r, 0.5);
  }
  hasNewGuess();
  isPolished = polish(at, changes);
  return isPolished;
}

/** A·P⁻¹·q, with the sign of z where y = 0. */
function computeCentre(): void {
  const N = data.N;
  memory.copy(state.f, state.q, (<usize>N) << 3);
  forwards(data.tall, N, state.f);
  clear(state.centre, data.M);
  addProduct(state.centre, -1, at8(data.tall, N * N), data.M, N, state.f);
}

/** y − η */
function subtractOffset(): void {
  for (let r = 0; r < data.m; r++) setEntry(state.aside, r, entry(state.y, r) - entry(state.offset, r));
}

/** Where P is inverted: x = −P⁻¹(q + Aᵀ(y − η)). */
function completeX(): void {
  if (!data.invertsP()) return;
  clear(state.x, data.N);
  subtractOffset();
  addProduct(state.x, -1, data.At, data.N, data.M, state.aside);
  for (let j = 0; j < data.n; j++) setEntry(state.x, j, entry(state.x, j) - entry(state.q, j));
  forwards(data.tall, data.N, state.x);
  backwards(data.tall, data.N, state.x);
}

/**
 * Starts from the solution of the program in which each inequality is replaced by ½(z − b)², b = the number of [l, u]
 * nearest to 0, with slacks and multipliers moved into the interior.
 */
function start(): bool {
  for (let r = 0; r < data.m; r++) {
    const kind = state.kindOf(r);
    const low = entry(state.l, r);
    const high = entry(state.u, r);
    const target = kind === 0 ? 0 : max(min(0, high), low);
    const away = entry(state.centre, r) - target;
    setEntry(state.g, r, kind === state.EQUAL ? -away : away);
    setEntry(state.weight, r, 1);
  }
  memory.copy(state.dualResidual, state.q, (<usize>data.N) << 3);
  if (!factoriseStep()) return false;
  solveStep(0);
  let worst: f64 = 0;
  let largestY: f64 = 0;
  let largestZ: f64 = 0;
  for (let r = 0; r < data.m; r++) {
    const kind = state.kindOf(r);
    const value = kind === 0 ? 0 : entry(state.dy, r);
    const at = entry(state.centre, r) + entry(state.dz, r);
    setEntry(state.y, r, value);
    setEntry(state.z, r, at);
    if (kind === 0) continue;
    largestZ = max(largestZ, abs(at));
    if (kind === state.EQUAL) continue;
    largestY = max(largestY, abs(value));
    if (hasUpper(r)) worst = max(worst, at - entry(state.u, r));
    if (hasLower(r)) worst = max(worst, entry(state.l, r) - at);
  }
  const leastSlack = max(worst, 1e-2 * max(1e-6, largestZ));
  const leastMultiplier = max(largestY, 1e-8) * 0.5;
  memory.copy(state.x, state.step, (<usize>data.N) << 3);
  for (let r = 0; r < data.m; r++) {
    const at = entry(state.z, r);
    const value = entry(state.y, r);
    const up = hasUpper(r);
    const low = hasLower(r);
    if (!up && !low) continue;
    if (up) {
      setEntry(state.slackU, r, max(entry(state.u, r) - at, leastSlack));
      setEntry(state.multiplierU, r, max(value, leastMultiplier));
    }
    if (low) {
      setEntry(state.slackL, r, max(at - entry(state.l, r), leastSlack));
      setEntry(state.multiplierL, r, max(-value, leastMultiplier));
    }
    setEntry(state.y, r, entry(state.multiplierU, r) - entry(state.multiplierL, r));
    setEntry(state.offset, r, entry(state.y, r) - value);
  }
  if (data.invertsP()) addSymmetric(state.offsetMoved, 1, data.G, data.M, state.offset);
  return true;
}

/**
 * Computes the residuals of the present point. @returns the largest residual or gap, relative to the size of its terms
 */
function assess(): f64 {
  if (data.invertsP()) {
    memory.copy(state.z, state.centre, (<usize>data.M) << 3);
    subtractOffset();
    addSymmetric(state.z, -1, data.G, data.M, state.aside);
    columnResidual = 0;
    columnSize = 1e-300;
    for (let r = 0; r < data.m; r++) {
      columnResidual = max(columnResidual, abs(entry(state.offset, r)));
      columnSize = max(columnSize, abs(entry(state.y, r)));
    }
  } else {
    state.evaluate();
    columnResidual = 0;
    columnSize = 1e-300;
    for (let j = 0; j < data.n; j++) {
      columnResidual = max(columnResidual, abs(entry(state.dualResidual, j)));
      columnSize = max(columnSize, max(abs(entry(state.Px, j)), max(abs(entry(state.q, j)), abs(entry(state.Aty, j)))));
    }
  }
  complementarity = 0;
  rowResidual = 0;
  rowSize = 1e-300;
  support = 0;
  for (let r = 0; r < data.m; r++) {
    const kind = state.kindOf(r);
    if (kind === 0) continue;
    const value = entry(state.z, r);
    rowSize = max(rowSize, abs(value));
    if (kind === state.EQUAL) {
      rowResidual = max(rowResidual, abs(value - entry(state.u, r)));
      support += entry(state.y, r) * entry(state.u, r);
      continue;
    }
    if (hasUpper(r)) {
      const slack = entry(state.slackU, r);
      const multiplier = entry(state.multiplierU, r);
      rowResidual = max(rowResidual, abs(value + slack - entry(state.u, r)));
      complementarity += slack * multiplier;
      support += multiplier * entry(state.u, r);
    }
    if (hasLower(r)) {
      const slack = entry(state.slackL, r);
      const multiplier = entry(state.multiplierL, r);
      rowResidual = max(rowResidual, abs(value - slack - entry(state.l, r)));
      complementarity += slack * multiplier;
      support -= multiplier * entry(state.l, r);
    }
  }
  const distance = max(rowResidual / (rowSize + 1e-9), columnResidual / columnSize);
  const whole = max(distance, complementarity / (abs(support) + 1e-9 + valueSize()));
  return isNaN<f64>(whole) || isNaN<f64>(complementarity) ? Infinity : whole;
}

/** The size of the objective's terms, in so far as it is known. */
function valueSize(): f64 {
  if (data.invertsP()) return 0;
  let linear: f64 = 0;
  for (let j = 0; j < data.n; j++) linear += entry(state.x, j) * entry(state.q, j);
  return abs(linear);
}

/** Whether the point may be within the tolerances, so that it is worth measuring. */
function isWithin(at: usize): bool {
  return complementarity <= allowed(at, abs(support) + valueSize());
}
