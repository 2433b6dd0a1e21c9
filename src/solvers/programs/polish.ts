/**
 * From a point near a solution to the solution: the bounds that hold there are taken as equalities, and the linear
 * system that remains is solved. Bounds that this violates are added, and those whose multiplier has the wrong sign are
 * dropped, for some rounds.
 */
import type { Interruptible } from '../../backends/event-loop.ts';
import { Sums } from './compensated.ts';
import { BOX, EQUALITY, type Form } from './form.ts';
import { type Judged, judge, type Point } from './judgement.ts';
import type { KktSystem } from './kkt.ts';
import type { ProgramSettings } from './problem.ts';
import { largestMagnitude } from './residuals.ts';
import type { Iterate } from './start.ts';

const REGULARISATION = { variables: 1e-9, rows: 1e-9, isProximal: false };
const ROUNDS = 8;
/** Solves of one linear system, each from the residual of the point that the last one gave. */
const SOLVES = 4;

/** The side of its bounds at which each row is held: −1 lower, 1 upper, 0 neither; m. */
export type Sides = Int8Array;

/** A bound holds where its multiplier is larger than its slack. */
export function sidesOf({ m, bounds }: Form, { slacks, multipliers }: Iterate): Sides {
  const sides = new Int8Array(m);
  const firmness = new Float64Array(m);
  for (let b = 0; b < bounds.count; b++) {
    const row = bounds.rows[b];
    if (!(multipliers[b] > slacks[b] && multipliers[b] / slacks[b] > firmness[row])) continue;
    sides[row] = bounds.signs[b];
    firmness[row] = multipliers[b] / slacks[b];
  }
  return sides;
}

/** @returns the best point found, which may be the one given */
export function* polish(
  form: Form,
  kkt: KktSystem,
  from: Judged,
  sides: Sides,
  settings: ProgramSettings,
): Interruptible<Judged> {
  let best = from;
  let point: Point = from;
  for (let round = 0; round < ROUNDS; round++) {
    const next = yield* solveHeld(form, kkt, point, sides);
    if (!next) break;
    const judged = judge(form, withSigns(form, next), settings);
    if (judged.merit < best.merit) best = judged;
    point = next;
    if (!revise(form, sides, next, judged) || settings.isCutShort?.()) break;
  }
  return best;
}

/** Solves the equations of the rows that are held, from a point nearby. */
function* solveHeld(form: Form, kkt: KktSystem, from: Point, sides: Sides): Interruptible<Point | undefined> {
  const { n, m, kinds, systemRows, systemPlaces } = form;
  const rows = systemRows.length;
  const held = { x: new Uint8Array(n), y: new Uint8Array(rows) };
  const x = from.x.slice();
  const y = from.y.map((value, i) => (systemPlaces[i] >= 0 && (kinds[i] === EQUALITY || sides[i] !== 0) ? value : 0));
  for (let i = 0; i < m; i++) {
    if (kinds[i] === BOX && sides[i] !== 0) {
      const j = form.boxVariables[i];
      held.x[j] = 1;
      x[j] = targetOf(form, sides, i) / form.boxEntries[i];
    }
  }
  systemRows.forEach((row, place) => {
    if (kinds[row] !== EQUALITY && sides[row] === 0) held.y[place] = 1;
  });
  const zeros = { h: new Float64Array(n), d: new Float64Array(rows) };
  if (!(yield* kkt.factorise(zeros.h, zeros.d, REGULARISATION, held))) return undefined;
  const right = { x: new Float64Array(n), y: new Float64Array(rows) };
  const change = { x: new Float64Array(n), y: new Float64Array(rows) };
  let size = Number.POSITIVE_INFINITY;
  for (let solve = 0; ; solve++) {
    residualOf(form, sides, { x, y }, held, right);
    const next = Math.max(largestMagnitude(right.x), largestMagnitude(right.y));
    if (!Number.isFinite(next)) return undefined;
    if (next === 0 || solve === SOLVES || next > 0.5 * size) break;
    size = next;
    yield* kkt.solve(right, change);
    for (let j = 0; j < n; j++) x[j] += change.x[j];
    for (let place = 0; place < rows; place++) y[systemRows[place]] += change.y[place];
  }
  const dual = new Sums(n).add(form.q).addProduct(form.P, x).addTransposedProduct(form.A, y).round();
  for (let i = 0; i < m; i++) {
    const j = form.boxVariables[i];
    if (kinds[i] !== BOX || sides[i] === 0 || held.x[j] !== 1) continue;
    y[i] = -dual[j] / form.boxEntries[i];
    held.x[j] = 2; // another row that holds the same variable gets no multiplier
  }
  return { x, y };
}

function targetOf({ l, u }: Form, sides: Sides, row: number): number {
  return sides[row] < 0 ? l[row] : u[row];
}

/** What is wrong with a point, for the unknowns that are not held at 0. */
function residualOf(
  form: Form,
  sides: Sides,
  { x, y }: Point,
  held: { readonly x: Uint8Array; readonly y: Uint8Array },
  right: { readonly x: Float64Array; readonly y: Float64Array },
): void {
  const { n, m, P, q, A, systemRows } = form;
  new Sums(n).add(q).addProduct(P, x).addTransposedProduct(A, y).round(right.x);
  for (let j = 0; j < n; j++) right.x[j] = held.x[j] ? 0 : -right.x[j];
  const z = new Sums(m).addProduct(A, x);
  systemRows.forEach((row, place) => {
    right.y[place] = held.y[place] ? 0 : targetOf(form, sides, row) - z.high[row] - z.low[row];
  });
}

/** Leaves out multipliers of the wrong sign. */
function withSigns({ kinds, l, u }: Form, { x, y }: Point): Point {
  const signed = y.slice();
  for (let i = 0; i < y.length; i++) {
    if (kinds[i] === EQUALITY) continue;
    if (y[i] > 0 && u[i] === Number.POSITIVE_INFINITY) signed[i] = 0;
    if (y[i] < 0 && l[i] === Number.NEGATIVE_INFINITY) signed[i] = 0;
  }
  return { x, y: signed };
}

/** Holds rows that are violated and frees those with multipliers of the wrong sign. @returns whether any changed */
function revise({ m, kinds, l, u }: Form, sides: Sides, { y }: Point, { evaluation }: Judged): boolean {
  const { z } = evaluation;
  let isChanged = false;
  for (let i = 0; i < m; i++) {
    if (kinds[i] < 2) continue;
    if (sides[i] !== 0) {
      if (y[i] * sides[i] >= 0) continue;
      sides[i] = 0;
      isChanged = true;
    } else if (evaluation.primal[i] > 1e-15 * Math.abs(z[i])) {
      sides[i] = z[i] < l[i] ? -1 : 1;
      isChanged = z[i] < l[i] || z[i] > u[i] || isChanged;
      if (z[i] >= l[i] && z[i] <= u[i]) sides[i] = 0;
    }
  }
  return isChanged;
}
