// Solves cone programs by a predictor-corrector interior point method, until Newton's method on the residual map ends at
// rounding; see ConeInteriorPointCall in cone-program-kernels.ts. cone-step.ts has the step.
import { ConeType } from '../cone-instructions';
import { ConeProgramFields } from '../cone-program-instructions';
import { beat } from './clock';
import { polish, steps } from './cone-newton';
import * as data from './cone-program-data';
import * as state from './cone-program-state';
import { addIdentity, degree, margin } from './cone-scaling';
import { factoriseStep, takeStep } from './cone-step';
import { solveSystem } from './cone-system';
import { clear, entry, larger, setEntry } from './entries';
import { word } from './memory';
import { dotOf } from './small-matrices';

/** Iterations without progress after which a sample is given up, and the factor that counts as progress. */
const PATIENCE: i32 = 5;
const PROGRESS: f64 = 0.8;
/** More are a sign that there is no solution. */
const MOST: i32 = 60;
/** At this relative residual and gap Newton's method is tried, and again where they have become so much smaller. */
const NEAR: f64 = 1e-3;
const NEARER: f64 = 1e-2;

/** Steps of both methods. */
export let iterations: i32 = 0;

/** Solves the sample whose data was read. @returns whether it is solved; `state` has the point and its residuals */
export function solveConeProgram(at: usize, sample: i32): bool {
  iterations = 0;
  const limit = min(word(at, ConeProgramFields.limit), MOST);
  const parts = degree();
  if (state.readStart(at, sample) || parts === 0) {
    if (tryPolish(at)) return iterations <= limit;
    clearPoint();
  }
  if (parts === 0 || !start()) return false;
  let best = Infinity;
  let tried = Infinity;
  for (let stale = 0; stale < PATIENCE; stale++) {
    evaluate();
    const mean = dotOf(state.s, state.y, data.M) / <f64>parts;
    const distance = assess(mean * <f64>parts);
    if (distance < NEAR && distance < NEARER * tried) {
      tried = distance;
      if (tryPolish(at)) return iterations <= limit;
      evaluate();
    }
    if (iterations >= limit || !(distance < Infinity)) return false;
    if (distance < PROGRESS * best) {
      best = distance;
      stale = -1;
    }
    iterations += 1;
    beat();
    if (!takeStep(mean)) return false;
  }
  return false;
}

function tryPolish(at: usize): bool {
  const isSolved = polish(at);
  iterations += steps;
  return isSolved;
}

function clearPoint(): void {
  clear(state.x, data.N);
  clear(state.y, data.M);
  clear(state.s, data.M);
}

/** Evaluates the point, after it has met the rows of free cones, whose s is what is left. */
function evaluate(): void {
  state.evaluate();
  for (let block = 0; block < data.blocks; block++) {
    if (data.typeOf(block) !== ConeType.free) continue;
    const start = data.startOf(block);
    for (let r = start; r < start + data.rowsOf(block); r++) {
      setEntry(state.s, r, entry(state.b, r) - entry(state.Ax, r));
      setEntry(state.primalResidual, r, 0);
    }
  }
}

/** The largest residual or gap, relative to the sizes of their terms. */
function assess(gap: f64): f64 {
  const quadratic = abs(dotOf(state.x, state.Px, data.N));
  const linear = abs(dotOf(state.x, state.c, data.N));
  const support = abs(dotOf(state.y, state.b, data.M));
  return larger(state.assess(), gap / (gap + max(quadratic, max(linear, support))));
}

/**
 * Starts from the point that, without the cones, minimises ½xᵀPx + cᵀx + ½‖Ax − b‖², moved into the cones by multiples of
 * e (Vandenberghe 2010, section 7.3).
 */
function start(): bool {
  addIdentity(state.s, 1);
  addIdentity(state.y, 1);
  if (!factoriseStep()) return false;
  for (let j = 0; j < data.N; j++) setEntry(state.x, j, -entry(state.c, j));
  memory.copy(state.y, state.b, (<usize>data.M) << 3);
  solveSystem(state.x, state.y);
  for (let block = 0; block < data.blocks; block++) {
    const type = data.typeOf(block);
    const first = data.startOf(block);
    const isFixed = type === ConeType.zero || type === ConeType.free;
    for (let r = first; r < first + data.rowsOf(block); r++) setEntry(state.s, r, isFixed ? 0 : -entry(state.y, r));
  }
  moveInside(state.s);
  moveInside(state.y);
  return true;
}

function moveInside(vector: usize): void {
  const least = margin(vector);
  if (least < 1) addIdentity(vector, 1 - least);
}
