// Solves quadratic programs by a predictor-corrector interior point method (S. Mehrotra 1992); see InteriorPointCall in
// program-kernels.ts. With slacks s = u − Ax and Ax − l and multipliers λ > 0, y = λ_u − λ_l, a step solves
//   r_u = z + s_u − u,  ds_u = −r_u − dz,  s_u·dλ_u + λ_u·ds_u = −c_u,
//   r_l = z − s_l − l,  ds_l = r_l + dz,   s_l·dλ_l + λ_l·ds_l = −c_l,
// so that dy = h·dz + g, h = λ_u/s_u + λ_l/s_l, g = (λ_u·r_u − c_u)/s_u + (c_l + λ_l·r_l)/s_l.
import { ProgramFields } from '../program-instructions';
import { beat } from './clock';
import { word } from './memory';
import { beginSteps, factoriseStep, solveStep } from './newton-system';
import { addProduct, addSymmetric, backwards, forwards } from './panels';
import { hasNewGuess, polish } from './polish';
import * as data from './program-data';
import * as state from './program-state';
import { entry, setEntry } from './program-state';

/** The share of the way to the boundary that a step takes. */
const SHARE: f64 = 0.995;
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

/** At this distance, steps are refined. */
const REFINED: f64 = 1e-4;
let refinements: i32 = 0;

/** The number of bounds of inequalities. */
let pairs: i32 = 0;
/** Σ sλ, the largest residuals of rows and variables, and the sizes of their terms. */
let complementarity: f64 = 0;
let rowResidual: f64 = 0;
let rowSize: f64 = 0;
let columnResidual: f64 = 0;
let columnSize: f64 = 0;
let support: f64 = 0;

function hasUpper(r: i32): bool {
  return (state.kindOf(r) & state.UPPER) !== 0;
}

function hasLower(r: i32): bool {
  return (state.kindOf(r) & state.LOWER) !== 0;
}

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
    if (!takeStep(distance)) break;
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
  data.clear(state.x, data.N);
  data.clear(state.y, data.M);
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
  data.clear(state.centre, data.M);
  addProduct(state.centre, -1, data.at8(data.tall, N * N), data.M, N, state.f);
}

/** y − η */
function subtractOffset(): void {
  for (let r = 0; r < data.m; r++) setEntry(state.aside, r, entry(state.y, r) - entry(state.offset, r));
}

/** Where P is inverted: x = −P⁻¹(q + Aᵀ(y − η)). */
function completeX(): void {
  if (!data.invertsP()) return;
  data.clear(state.x, data.N);
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
  return complementarity <= state.allowed(at, abs(support) + valueSize());
}

/** Takes a step from a point at this distance, as `assess` gives it. @returns false where a factorisation fails */
function takeStep(distance: f64): bool {
  refinements = distance < REFINED ? 2 : 0;
  const mean = complementarity / <f64>pairs;
  for (let r = 0; r < data.m; r++) {
    let h: f64 = 0;
    if (hasUpper(r)) {
      h += entry(state.multiplierU, r) / entry(state.slackU, r);
      setEntry(state.productsU, r, entry(state.multiplierU, r) * entry(state.slackU, r));
    }
    if (hasLower(r)) {
      h += entry(state.multiplierL, r) / entry(state.slackL, r);
      setEntry(state.productsL, r, entry(state.multiplierL, r) * entry(state.slackL, r));
    }
    setEntry(state.weight, r, h);
  }
  if (!factoriseStep()) return false;
  solveFor();
  const slackShare = longest(true);
  const multiplierShare = longest(false);
  // The mean product after this step, and products with what the linear system leaves out.
  let sum: f64 = 0;
  for (let r = 0; r < data.m; r++) {
    if (hasUpper(r)) {
      const slack = entry(state.slackU, r) + slackShare * entry(state.stepU, r);
      sum += slack * (entry(state.multiplierU, r) + multiplierShare * entry(state.changeU, r));
    }
    if (hasLower(r)) {
      const slack = entry(state.slackL, r) + slackShare * entry(state.stepL, r);
      sum += slack * (entry(state.multiplierL, r) + multiplierShare * entry(state.changeL, r));
    }
  }
  const ratio = sum / <f64>pairs / mean;
  const aim = mean * ratio * ratio * ratio;
  for (let r = 0; r < data.m; r++) {
    if (hasUpper(r)) {
      const product = entry(state.multiplierU, r) * entry(state.slackU, r);
      setEntry(state.productsU, r, product + entry(state.stepU, r) * entry(state.changeU, r) - aim);
    }
    if (hasLower(r)) {
      const product = entry(state.multiplierL, r) * entry(state.slackL, r);
      setEntry(state.productsL, r, product + entry(state.stepL, r) * entry(state.changeL, r) - aim);
    }
  }
  solveFor();
  move();
  return true;
}

/** Solves for the step that belongs to the present products c. */
function solveFor(): void {
  for (let r = 0; r < data.m; r++) {
    const kind = state.kindOf(r);
    const value = entry(state.z, r);
    if (kind === state.EQUAL) {
      setEntry(state.g, r, entry(state.u, r) - value);
      continue;
    }
    let right: f64 = 0;
    if (hasUpper(r)) {
      const slack = entry(state.slackU, r);
      const residual = value + slack - entry(state.u, r);
      right += (entry(state.multiplierU, r) * residual - entry(state.productsU, r)) / slack;
    }
    if (hasLower(r)) {
      const slack = entry(state.slackL, r);
      const residual = value - slack - entry(state.l, r);
      right += (entry(state.multiplierL, r) * residual + entry(state.productsL, r)) / slack;
    }
    setEntry(state.g, r, right);
  }
  solveStep(refinements);
  for (let r = 0; r < data.m; r++) {
    const value = entry(state.z, r);
    const change = entry(state.dz, r);
    if (hasUpper(r)) {
      const slack = entry(state.slackU, r);
      const by = entry(state.u, r) - value - slack - change;
      setEntry(state.stepU, r, by);
      setEntry(state.changeU, r, (-entry(state.productsU, r) - entry(state.multiplierU, r) * by) / slack);
    }
    if (hasLower(r)) {
      const slack = entry(state.slackL, r);
      const by = value - slack - entry(state.l, r) + change;
      setEntry(state.stepL, r, by);
      setEntry(state.changeL, r, (-entry(state.productsL, r) - entry(state.multiplierL, r) * by) / slack);
    }
  }
}

/** The share of the step, at most 1, after which a slack or a multiplier becomes 0. */
function longest(ofSlacks: bool): f64 {
  let share: f64 = 1;
  for (let r = 0; r < data.m; r++) {
    if (hasUpper(r)) {
      const value = entry(ofSlacks ? state.slackU : state.multiplierU, r);
      const by = entry(ofSlacks ? state.stepU : state.changeU, r);
      if (by < 0) share = min(share, -value / by);
    }
    if (hasLower(r)) {
      const value = entry(ofSlacks ? state.slackL : state.multiplierL, r);
      const by = entry(ofSlacks ? state.stepL : state.changeL, r);
      if (by < 0) share = min(share, -value / by);
    }
  }
  return share;
}

function move(): void {
  let along = longest(true);
  let dualAlong = longest(false);
  if (!data.isLinear()) {
    along = min(along, dualAlong);
    dualAlong = along;
  }
  along = along < 1 ? SHARE * along : 1;
  dualAlong = dualAlong < 1 ? SHARE * dualAlong : 1;
  for (let r = 0; r < data.m; r++) {
    const kind = state.kindOf(r);
    if (kind === state.EQUAL) {
      setEntry(state.y, r, entry(state.y, r) + dualAlong * entry(state.dy, r));
      continue;
    }
    if (hasUpper(r)) {
      setEntry(state.slackU, r, entry(state.slackU, r) + along * entry(state.stepU, r));
      setEntry(state.multiplierU, r, entry(state.multiplierU, r) + dualAlong * entry(state.changeU, r));
    }
    if (hasLower(r)) {
      setEntry(state.slackL, r, entry(state.slackL, r) + along * entry(state.stepL, r));
      setEntry(state.multiplierL, r, entry(state.multiplierL, r) + dualAlong * entry(state.changeL, r));
    }
    setEntry(state.y, r, entry(state.multiplierU, r) - entry(state.multiplierL, r));
  }
  if (data.invertsP()) {
    for (let r = 0; r < data.m; r++) {
      setEntry(state.offset, r, (1 - along) * entry(state.offset, r));
      setEntry(state.offsetMoved, r, (1 - along) * entry(state.offsetMoved, r));
    }
    return;
  }
  for (let j = 0; j < data.n; j++) setEntry(state.x, j, entry(state.x, j) + along * entry(state.step, j));
}
