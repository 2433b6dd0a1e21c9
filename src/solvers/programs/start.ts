/** Where the interior point method starts. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { BOX, EQUALITY, type Form, GENERAL } from './form.ts';
import type { Point } from './judgement.ts';
import type { KktSystem } from './kkt.ts';
import { evaluate, largestMagnitude } from './residuals.ts';
import { multiply } from './sparse.ts';

/** x, the multipliers of equality rows (m, 0 elsewhere), and a slack and a multiplier for each bound. */
export interface Iterate {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly slacks: Float64Array;
  readonly multipliers: Float64Array;
}

const REGULARISATION = { variables: 1e-6, rows: 1e-8, isProximal: false };
/** A warm start is not taken to be nearer to a solution than this, as it may belong to other data. */
const LEAST_ERROR = 1e-8;
/** Slacks and multipliers start at most this large. */
const LARGEST_START = 1e5;

/**
 * Minimises the objective plus half of the squared distance of each inequality row from its bounds' nearest point to 0,
 * and gives slacks and multipliers at least the size of the data.
 */
export function* coldStart(form: Form, kkt: KktSystem): Interruptible<Iterate> {
  const { n, m, bounds, kinds, systemRows, l, u } = form;
  const h = new Float64Array(n);
  const d = new Float64Array(systemRows.length);
  const right = { x: form.q.map((value) => -value), y: new Float64Array(systemRows.length) };
  for (let i = 0; i < m; i++) {
    const target = Math.max(l[i], Math.min(u[i], 0));
    if (kinds[i] === BOX) {
      const [j, entry] = [form.boxVariables[i], form.boxEntries[i]];
      h[j] += entry * entry;
      right.x[j] += entry * target;
    } else if (form.systemPlaces[i] >= 0) {
      d[form.systemPlaces[i]] = kinds[i] === GENERAL ? 1 : 0;
      right.y[form.systemPlaces[i]] = target;
    }
  }
  const solution = { x: new Float64Array(n), y: new Float64Array(systemRows.length) };
  if (yield* kkt.factorise(h, d, REGULARISATION)) yield* kkt.solve(right, solution);
  const y = new Float64Array(m);
  systemRows.forEach((row, place) => {
    y[row] = solution.y[place];
  });
  if (![...solution.x, ...y].every(Number.isFinite)) {
    solution.x.fill(0);
    y.fill(0);
  }
  const z = multiply(form.A, solution.x);
  for (let i = 0; i < m; i++) {
    if (kinds[i] === BOX) y[i] = z[i] - Math.max(l[i], Math.min(u[i], 0));
  }
  const start = iterateAt(form, { x: solution.x, y }, 0, 0);
  let slackSize = 1;
  let multiplierSize = 1;
  for (let b = 0; b < bounds.count; b++) {
    slackSize = Math.max(slackSize, -1.5 * start.slacks[b]);
    multiplierSize = Math.max(multiplierSize, Math.abs(start.multipliers[b]));
  }
  slackSize = Math.min(LARGEST_START, Math.max(slackSize, largestMagnitude(bounds.limits)));
  multiplierSize = Math.min(LARGEST_START, multiplierSize);
  for (let b = 0; b < bounds.count; b++) {
    start.slacks[b] = Math.max(start.slacks[b], slackSize);
    start.multipliers[b] = Math.max(start.multipliers[b], multiplierSize);
  }
  return start;
}

/**
 * Starts near a point that is meant to be near a solution: the nearer it is, by its residuals, the smaller may slacks
 * and multipliers be. What it lacks is taken from a cold start.
 */
export function warmStart(form: Form, cold: Iterate, initial: Partial<Point>): Iterate {
  const x = initial.x ?? cold.x;
  const y = initial.y ?? rowMultipliersOf(form, cold);
  const { primal, dual, gap, gapSize, z, Px, Aty, misplaced } = evaluate(form, x, y);
  const error = Math.max(
    largestMagnitude(primal) / (1 + largestMagnitude(z)),
    Math.max(largestMagnitude(dual), largestMagnitude(misplaced)) /
      (1 + Math.max(largestMagnitude(Px), largestMagnitude(Aty), largestMagnitude(form.q))),
    Math.abs(gap) / (1 + gapSize),
  );
  const share = Math.sqrt(Math.min(1, Math.max(LEAST_ERROR, error)));
  const sizes = { slacks: Number.POSITIVE_INFINITY, multipliers: Number.POSITIVE_INFINITY };
  for (let b = 0; b < form.bounds.count; b++) {
    sizes.slacks = Math.min(sizes.slacks, cold.slacks[b]);
    sizes.multipliers = Math.min(sizes.multipliers, cold.multipliers[b]);
  }
  return iterateAt(form, { x, y }, share * sizes.slacks, share * sizes.multipliers);
}

function rowMultipliersOf({ bounds }: Form, { y, multipliers }: Iterate): Float64Array {
  const result = y.slice();
  for (let b = 0; b < bounds.count; b++) result[bounds.rows[b]] += bounds.signs[b] * multipliers[b];
  return result;
}

/** Starts at a point, with slacks and multipliers of at least the sizes given. */
function iterateAt(form: Form, { x, y }: Point, slackSize: number, multiplierSize: number): Iterate {
  const { bounds, kinds } = form;
  const z = multiply(form.A, x);
  const slacks = new Float64Array(bounds.count);
  const multipliers = new Float64Array(bounds.count);
  for (let b = 0; b < bounds.count; b++) {
    const [row, sign] = [bounds.rows[b], bounds.signs[b]];
    slacks[b] = sign * (bounds.limits[b] - z[row]);
    multipliers[b] = sign * y[row];
    if (slackSize > 0) slacks[b] = Math.max(slacks[b], slackSize);
    if (multiplierSize > 0) multipliers[b] = Math.max(multipliers[b], multiplierSize);
  }
  return { x: x.slice(), y: y.map((value, i) => (kinds[i] === EQUALITY ? value : 0)), slacks, multipliers };
}
