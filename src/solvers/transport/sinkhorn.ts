/**
 * Entropic transport in the log domain: P = exp((f ⊕ g − C)/ε) with the marginals a and b (M. Cuturi 2013). Potentials are
 * in units of ε throughout.
 */
import type { Interruptible } from '../../backends/event-loop.ts';
import { factoriseMarginals } from './marginals.ts';

/** The data of one sample. */
export interface TransportData {
  /** C/ε, row by row, n × m. */
  readonly cost: Float64Array;
  /** [n], > 0 */
  readonly a: Float64Array;
  /** [m], > 0, with the sum of a. */
  readonly b: Float64Array;
}

export interface TransportSolution {
  /** P, row by row. */
  readonly plan: Float64Array;
  readonly iterations: number;
  /** Σ|P1 − a| / Σa, when the columns have just been fitted. */
  readonly residual: number;
}

export interface TransportLimits {
  readonly tolerance: number;
  readonly limit: number;
  readonly isCutShort: (() => boolean) | undefined;
}

/** Newton's method is tried after so many iterations of Sinkhorn's, and then after twice as many each time. */
const FIRST_TRIAL = 32;
/** Newton's method is tried where the marginals are this near, and their equations are not too large. */
const [NEAR, LARGEST] = [0.1, 512];
const NEWTON_STEPS = 20;

/** A range of C/ε from which on ε is lowered step by step, by which factor, and after how many iterations. */
const [WIDE, STEP, SWEEPS] = [32, 2, 24];

/** A power of STEP by which C/ε is divided at first. */
function factorFor(cost: Float64Array): number {
  const range = cost.reduce((a, b) => Math.max(a, b)) - cost.reduce((a, b) => Math.min(a, b));
  return range > WIDE ? STEP ** Math.ceil(Math.log(range / WIDE) / Math.log(STEP)) : 1;
}

/** Sinkhorn's iterations; where they are slow, Newton's method from where they are. */
export function* solveTransport(
  { cost, a, b }: TransportData,
  { tolerance, limit, isCutShort }: TransportLimits,
): Interruptible<TransportSolution> {
  const [n, m] = [a.length, b.length];
  const [f, g] = [new Float64Array(n), new Float64Array(m)];
  const [logA, logB] = [a.map(Math.log), b.map(Math.log)];
  let trial = FIRST_TRIAL;
  let [residual, iterations] = [Number.POSITIVE_INFINITY, 0];
  // From a larger ε on, the potentials come near to those of a small one in far fewer iterations.
  for (let factor = factorFor(cost); factor > 1; factor /= STEP) {
    const softened = cost.map((each) => each / factor);
    for (let sweep = 0; sweep < SWEEPS && iterations < limit && !isCutShort?.(); sweep++) {
      iterations += 1;
      fitRows(softened, f, g, logA);
      fitColumns(softened, f, g, logB);
      yield;
    }
    for (const potential of [f, g]) for (const [at, value] of potential.entries()) potential[at] = value * STEP;
  }
  while (iterations < limit && !isCutShort?.()) {
    iterations += 1;
    fitRows(cost, f, g, logA);
    fitColumns(cost, f, g, logB);
    residual = rowDefect(cost, f, g, a);
    if (residual <= tolerance) break;
    if (iterations >= trial && residual < NEAR && Math.min(n, m) <= LARGEST) {
      trial *= 2;
      residual = yield* refine({ cost, a, b }, f, g, tolerance, residual);
      if (residual <= tolerance) break;
    }
    yield;
  }
  return { plan: planOf(cost, f, g), iterations, residual };
}

/** f = log a − log Σⱼ exp(g − C/ε) */
function fitRows(cost: Float64Array, f: Float64Array, g: Float64Array, logA: Float64Array): void {
  const m = g.length;
  for (let i = 0; i < f.length; i++) {
    let largest = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < m; j++) largest = Math.max(largest, g[j] - cost[i * m + j]);
    let sum = 0;
    for (let j = 0; j < m; j++) sum += Math.exp(g[j] - cost[i * m + j] - largest);
    f[i] = logA[i] - largest - Math.log(sum);
  }
}

function fitColumns(cost: Float64Array, f: Float64Array, g: Float64Array, logB: Float64Array): void {
  const [n, m] = [f.length, g.length];
  for (let j = 0; j < m; j++) {
    let largest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < n; i++) largest = Math.max(largest, f[i] - cost[i * m + j]);
    let sum = 0;
    for (let i = 0; i < n; i++) sum += Math.exp(f[i] - cost[i * m + j] - largest);
    g[j] = logB[j] - largest - Math.log(sum);
  }
}

function planOf(cost: Float64Array, f: Float64Array, g: Float64Array): Float64Array {
  const m = g.length;
  return cost.map((each, at) => Math.exp(f[Math.floor(at / m)] + g[at % m] - each));
}

function sumsOf(plan: Float64Array, n: number, m: number): readonly [rows: Float64Array, columns: Float64Array] {
  const [rows, columns] = [new Float64Array(n), new Float64Array(m)];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      rows[i] += plan[i * m + j];
      columns[j] += plan[i * m + j];
    }
  }
  return [rows, columns];
}

const distance = (found: Float64Array, wanted: Float64Array): number =>
  found.reduce((sum, value, index) => sum + Math.abs(value - wanted[index]), 0);
const total = (numbers: Float64Array): number => numbers.reduce((sum, value) => sum + value, 0);

function rowDefect(cost: Float64Array, f: Float64Array, g: Float64Array, a: Float64Array): number {
  const [rows] = sumsOf(planOf(cost, f, g), f.length, g.length);
  return distance(rows, a) / total(a);
}

/**
 * Newton's method on the marginals, in place, while each step at least halves the residual.
 * @returns the residual of f and g
 */
function* refine(
  { cost, a, b }: TransportData,
  f: Float64Array,
  g: Float64Array,
  tolerance: number,
  start: number,
): Interruptible<number> {
  const logB = b.map(Math.log);
  let residual = start;
  for (let step = 0; step < NEWTON_STEPS && residual > tolerance; step++) {
    const plan = planOf(cost, f, g);
    const [rows, columns] = sumsOf(plan, f.length, g.length);
    const equations = factoriseMarginals(plan, rows, columns);
    if (!equations) return residual;
    const [u, w] = equations.solve([rows.map((value, i) => a[i] - value), columns.map((value, j) => b[j] - value)]);
    const [nextF, nextG] = [f.map((value, i) => value + u[i]), g.map((value, j) => value + w[j])];
    fitColumns(cost, nextF, nextG, logB);
    const next = rowDefect(cost, nextF, nextG, a);
    if (!(next < 0.5 * residual)) return residual;
    f.set(nextF);
    g.set(nextG);
    residual = next;
    yield;
  }
  return residual;
}
