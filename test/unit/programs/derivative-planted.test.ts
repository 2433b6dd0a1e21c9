/** Gradients of planted programs against central differences of re-solved systems. */
import { expect, test } from 'vitest';
import { runUninterrupted } from '../../../src/backends/event-loop.ts';
import { type Random, random } from '../../../src/data/random.ts';
import { findSingularValues } from '../../../src/implicit/hypothesis/singular-values.ts';
import { classifyRows } from '../../../src/implicit/programs/active-rows.ts';
import { createDerivative } from '../../../src/implicit/programs/derivative.ts';
import { certifyProgram } from '../../../src/implicit/programs/hypothesis.ts';
import { factorise, solve } from '../../../src/solvers/matrices.ts';
import {
  normalCurvature,
  normalRows,
  type PlantedProgram,
  type PlantedRow,
  plant,
  programData,
  type Rows,
  rescale,
} from '../../support/programs.ts';

const PROGRAMS = 1000;

interface Solution {
  readonly x: number[];
  readonly y: number[];
  readonly z: number[];
  readonly sigma: number;
}

/** The solution with the planted rows held, by elimination. */
function resolve(one: PlantedProgram, rows: readonly PlantedRow[], needsSigma = false): Solution {
  const n = one.x.length;
  const held = rows.flatMap((row, i) => (row === 'inactive' || row === 'free' ? [] : [i]));
  const order = n + held.length;
  const K = new Float64Array(order * order);
  const right = new Float64Array(order);
  for (let i = 0; i < n; i++) {
    right[i] = -one.q[i];
    for (let j = 0; j < n; j++) K[i * order + j] = one.P[i][j];
  }
  for (const [place, row] of held.entries()) {
    right[n + place] = (rows[row] === 'at l' ? one.l[row] : one.u[row]) as number;
    for (let j = 0; j < n; j++) {
      K[(n + place) * order + j] = one.A[row][j];
      K[j * order + n + place] = one.A[row][j];
    }
  }
  const found = solve(runUninterrupted(factorise(K, order)), right);
  const y = rows.map(() => 0);
  for (const [place, row] of held.entries()) y[row] = found[n + place];
  const x = Array.from(found.subarray(0, n));
  const z = one.A.map((row) => row.reduce((sum, value, j) => sum + value * x[j], 0));
  const sigma = needsSigma ? runUninterrupted(findSingularValues(K, order)).smallest : 0;
  return { x, y, z, sigma };
}

interface Direction {
  readonly P: Rows;
  readonly q: readonly number[];
  readonly A: Rows;
  readonly l: readonly number[];
  readonly u: readonly number[];
}

function draw(n: number, m: number, rows: readonly PlantedRow[], draws: Random): Direction {
  const half = normalRows(n, n, draws);
  const u = rows.map(() => draws.normal());
  return {
    P: half.map((row, i) => row.map((value, j) => 0.5 * (value + half[j][i]))),
    q: Array.from({ length: n }, () => draws.normal()),
    A: normalRows(m, n, draws),
    l: rows.map((row, i) => (row === 'equality' ? u[i] : draws.normal())),
    u,
  };
}

const NAMES = ['P', 'q', 'A', 'l', 'u'] as const;

/** The program moved along the direction in the named data; a row with l = u moves as one. */
function move(one: PlantedProgram, direction: Direction, moved: (typeof NAMES)[number], h: number): PlantedProgram {
  const rows = (M: Rows, D: Rows, name: string): Rows =>
    name === moved ? M.map((row, i) => row.map((value, j) => value + h * D[i][j])) : M;
  const list = <T extends number | null>(v: readonly T[], d: readonly number[], name: string): T[] =>
    v.map((value, i) => (value !== null && name === moved ? ((value + h * d[i]) as T) : value));
  return {
    ...one,
    P: rows(one.P, direction.P, 'P'),
    q: list(one.q, direction.q, 'q'),
    A: rows(one.A, direction.A, 'A'),
    l: list(one.l, direction.l, 'l'),
    u: list(one.u, direction.u, 'u'),
  };
}

/** Whether the solution of the held rows is one of the moved program: no row changes its state. */
function isStill(moved: PlantedProgram, rows: readonly PlantedRow[], { y, z }: Solution): boolean {
  return rows.every((row, i) => {
    if (row === 'at u') return y[i] > 0;
    if (row === 'at l') return y[i] < 0;
    const [l, u] = [moved.l[i] ?? Number.NEGATIVE_INFINITY, moved.u[i] ?? Number.POSITIVE_INFINITY];
    return row !== 'inactive' || (z[i] < u && z[i] > l);
  });
}

/**
 * Central differences of many steps, each two of them extrapolated. The value taken is the one that differs least from
 * its neighbour.
 */
function differentiate(
  one: PlantedProgram,
  rows: readonly PlantedRow[],
  name: (typeof NAMES)[number],
  direction: Direction,
  loss: (solution: Solution) => number,
): number {
  // An equality moves with u.
  const l = direction.l.map((value, i) => (rows[i] === 'equality' ? 0 : value));
  const own = name === 'l' ? { ...direction, l } : direction;
  const central = (h: number): number => {
    const [after, before] = [h, -h].map((step) => {
      const moved = move(one, own, name, step);
      const solution = resolve(moved, rows);
      return isStill(moved, rows, solution) ? loss(solution) : Number.NaN;
    });
    return (after - before) / (2 * h);
  };
  const values = Array.from({ length: 10 }, (_, k) => central(0.02 * 0.4 ** k));
  const extrapolated = values.slice(1).map((value, k) => (value - 0.16 * values[k]) / 0.84);
  const gaps = extrapolated.slice(1).map((value, k) => Math.abs(value - extrapolated[k]));
  const finite = gaps.map((gap) => (Number.isFinite(gap) ? gap : Number.POSITIVE_INFINITY));
  return extrapolated[finite.indexOf(Math.min(...finite)) + 1];
}

const dotOf = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0);

function plantAtRandom(draws: Random): { one: PlantedProgram; rows: PlantedRow[] } {
  const n = 1 + draws.integer(8);
  const held = draws.integer(n + 1);
  const strong = ['at u', 'at l', 'equality'] as const;
  const others = ['inactive', 'inactive', 'free'] as const;
  const rows: PlantedRow[] = [
    ...Array.from({ length: held }, () => strong[draws.integer(3)]),
    ...Array.from({ length: draws.integer(6) }, () => others[draws.integer(3)]),
  ];
  // Every fourth program has just as much curvature as it needs, down to none at a vertex.
  const rank = draws.integer(4) === 0 ? n - held : n;
  const x = Array.from({ length: n }, () => draws.normal());
  return { one: plant(normalCurvature(n, rank, draws), normalRows(rows.length, n, draws), x, rows, draws), rows };
}

test(`${PROGRAMS} random programs: gradients in all data are the central differences`, () => {
  const draws = random(17);
  let compared = 0;
  let worst = 0;
  for (let program = 0; program < PROGRAMS; program++) {
    const { one, rows } = plantAtRandom(draws);
    const n = one.x.length;
    const { sigma } = resolve(one, rows, true);
    const isScaled = program % 2 === 1;
    const factors = (count: number): number[] =>
      Array.from({ length: count }, () => (isScaled ? 10 ** (8 * draws.uniform() - 4) : 1));
    const [D, E] = [factors(n), factors(rows.length)];
    const scaled = rescale(one, D, E);
    const data = programData(scaled);
    const noise = [0, 1e-9, 1e-7][program % 3];
    const activity = runUninterrupted(
      classifyRows(
        data,
        {
          x: Float64Array.from(scaled.x, (value, j) => value + (noise * draws.normal()) / D[j]),
          y: Float64Array.from(scaled.y, (value, i) => value + (noise * draws.normal()) / E[i]),
        },
        Number.EPSILON,
      ),
    );
    const certificate = runUninterrupted(certifyProgram(data, activity));
    if (sigma < 1e-3) continue;
    expect(activity.isPolished).toBe(true);
    expect(activity.states).toEqual(rows);
    expect(certificate.status).toBe('certified');
    expect(certificate.nearlySingular).toBe(false);
    const [gx, gy, gz] = [n, rows.length, rows.length].map((count) =>
      Array.from({ length: count }, () => draws.normal()),
    );
    const derivative = runUninterrupted(createDerivative(data, activity.solution, activity, 0));
    const adjoint = runUninterrupted(
      derivative.adjoint({
        x: Float64Array.from(gx, (value, j) => value * D[j]),
        y: Float64Array.from(gy, (value, i) => value * E[i]),
        z: Float64Array.from(gz, (value, i) => value / E[i]),
      }),
    );
    expect(adjoint.singular).toBe(false);
    expect(adjoint.residual).toBeLessThan(1e-14);
    const gradients = derivative.gradients(adjoint);
    const direction = draw(n, rows.length, rows, draws);
    const scaledDirection = {
      P: direction.P.flatMap((row, i) => row.map((value, j) => value * D[i] * D[j])),
      q: direction.q.map((value, j) => value * D[j]),
      A: direction.A.flatMap((row, i) => row.map((value, j) => value * E[i] * D[j])),
      l: direction.l.map((value, i) => value * E[i]),
      u: direction.u.map((value, i) => value * E[i]),
    };
    const loss = ({ x, y, z }: Solution): number => dotOf(gx, x) + dotOf(gy, y) + dotOf(gz, z);
    for (const name of NAMES) {
      const differences = differentiate(one, rows, name, direction, loss);
      const product = dotOf(gradients[name], scaledDirection[name]);
      worst = Math.max(worst, Math.abs(product - differences) / Math.max(1, Math.abs(differences)));
      compared++;
    }
  }
  expect(compared).toBeGreaterThan(4 * PROGRAMS);
  expect(worst).toBeLessThan(1e-6);
});
