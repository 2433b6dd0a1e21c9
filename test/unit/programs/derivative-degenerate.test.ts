/** Certificates against enumeration, and what is said of derivatives that are not determined. */
import { expect, test } from 'vitest';
import { runUninterrupted } from '../../../src/backends/event-loop.ts';
import { type Random, random } from '../../../src/data/random.ts';
import { findSingularValues } from '../../../src/implicit/hypothesis/singular-values.ts';
import { classifyRows, type RowActivity } from '../../../src/implicit/programs/active-rows.ts';
import { createDerivative } from '../../../src/implicit/programs/derivative.ts';
import { certifyProgram } from '../../../src/implicit/programs/hypothesis.ts';
import { factorise, solveTransposed } from '../../../src/solvers/matrices.ts';
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

interface Degenerate {
  readonly one: PlantedProgram;
  readonly rows: readonly PlantedRow[];
  readonly test: 'rows' | 'primal';
  /** Rows that can be left out without a change of x. */
  readonly redundant?: readonly number[];
}

type Build = (draws: Random) => Degenerate;

const STRONG = ['at u', 'at l', 'equality'] as const;
const normals = (count: number, draws: Random): number[] => Array.from({ length: count }, () => draws.normal());
const combine = (rows: Rows, factors: readonly number[]): number[] =>
  rows[0].map((_, j) => rows.reduce((sum, row, i) => sum + factors[i] * row[j], 0));

/** Rows orthogonal to the unit vector u, to rounding. */
function orthogonalTo(u: readonly number[], rows: Rows): number[][] {
  return rows.map((row) => {
    const component = row.reduce((sum, value, j) => sum + value * u[j], 0);
    return row.map((value, j) => value - component * u[j]);
  });
}

function unit(n: number, draws: Random): number[] {
  const u = normals(n, draws);
  const size = Math.hypot(...u);
  return u.map((value) => value / size);
}

function someStrong(count: number, draws: Random): PlantedRow[] {
  return Array.from({ length: count }, () => STRONG[draws.integer(3)]);
}

/** P = BᵀB for rows B orthogonal to u. */
function curvatureOff(u: readonly number[], rank: number, draws: Random): number[][] {
  const B = orthogonalTo(u, normalRows(rank, u.length, draws));
  return u.map((_, i) => u.map((__, j) => B.reduce((sum, row) => sum + row[i] * row[j], 0)));
}

function withDependentRow(state: (side: PlantedRow[]) => PlantedRow): Build {
  return (draws) => {
    const n = 3 + draws.integer(4);
    const held = 1 + draws.integer(n - 1);
    const A = normalRows(held, n, draws);
    const rows = someStrong(held, draws);
    A.push(combine(A, normals(held, draws)));
    rows.push(state(rows));
    const inactive = draws.integer(3);
    A.push(...normalRows(inactive, n, draws));
    for (let i = 0; i < inactive; i++) rows.push('inactive');
    const one = plant(normalCurvature(n, n, draws), A, normals(n, draws), rows, draws);
    return { one, rows, test: 'rows', redundant: [held] };
  };
}

function atVertex(draws: Random): Degenerate {
  const n = 2 + draws.integer(4);
  const excess = 1 + draws.integer(2);
  const rows = Array.from({ length: n + excess }, () => STRONG[draws.integer(2)]);
  const one = plant(
    normalCurvature(n, draws.integer(n), draws),
    normalRows(rows.length, n, draws),
    normals(n, draws),
    rows,
    draws,
  );
  return { one, rows, test: 'rows', redundant: Array.from({ length: excess }, (_, i) => n + i) };
}

function duplicate(draws: Random): Degenerate {
  const n = 2 + draws.integer(5);
  const A = normalRows(n - 1, n, draws);
  const rows: PlantedRow[] = Array.from({ length: n - 1 }, () => STRONG[draws.integer(2)]);
  const factor = draws.normal();
  A.push(A[0].map((value) => factor * value));
  const other = rows[0] === 'at u' ? 'at l' : 'at u';
  rows.push(factor > 0 ? rows[0] : other);
  const one = plant(normalCurvature(n, n, draws), A, normals(n, draws), rows, draws);
  return { one, rows, test: 'rows', redundant: [n - 1] };
}

function flat(isWeakNeeded: boolean): Build {
  return (draws) => {
    const n = 2 + draws.integer(5);
    const u = unit(n, draws);
    const held = draws.integer(n - 1);
    const A = orthogonalTo(u, normalRows(held, n, draws));
    const rows = someStrong(held, draws);
    A.push(...normalRows(2, n, draws));
    rows.push(isWeakNeeded ? 'weakly at u' : 'inactive', 'inactive');
    return { one: plant(curvatureOff(u, n, draws), A, normals(n, draws), rows, draws), rows, test: 'primal' };
  };
}

function linearFace(draws: Random): Degenerate {
  const n = 2 + draws.integer(5);
  const rows = [...someStrong(n - 1, draws), 'inactive', 'inactive'] as PlantedRow[];
  const P = normalCurvature(n, 0, draws);
  return { one: plant(P, normalRows(n + 1, n, draws), normals(n, draws), rows, draws), rows, test: 'primal' };
}

const KINDS: Readonly<Record<string, Build>> = {
  'a strongly active row depends on others': withDependentRow(() => 'at u'),
  'a weakly active row depends on others': withDependentRow(() => 'weakly at l'),
  'dependent equalities': withDependentRow(() => 'equality'),
  'a degenerate vertex': atVertex,
  'a duplicated row': duplicate,
  'a flat direction': flat(false),
  'a flat direction that only a weakly active row holds': flat(true),
  'a linear program with an optimal edge': linearFace,
};

/** M(J) = [P, AᵀJ; −A, I − J] */
function jacobianOf({ P, A }: PlantedProgram, shares: ArrayLike<number>): Float64Array {
  const [n, m] = [P.length, A.length];
  const order = n + m;
  const M = new Float64Array(order * order);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) M[i * order + j] = P[i][j];
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      M[j * order + n + i] = A[i][j] * shares[i];
      M[(n + i) * order + j] = -A[i][j];
    }
    M[(n + i) * (order + 1)] = 1 - shares[i];
  }
  return M;
}

function smallestOf(one: PlantedProgram, shares: ArrayLike<number>): number {
  return runUninterrupted(findSingularValues(jacobianOf(one, shares), one.P.length + one.A.length)).smallest;
}

/** σ_min of M for all choices of 0 and 1 on weakly active rows, and for some fractions. */
function enumerate(one: PlantedProgram, rows: readonly PlantedRow[], draws: Random): number[] {
  const kinks = rows.flatMap((row, i) => (row.startsWith('weakly') ? [i] : []));
  const shares = rows.map((row): number => (row === 'inactive' || row === 'free' ? 0 : 1));
  const at = (choose: (place: number) => number): number => {
    for (const [place, row] of kinks.entries()) shares[row] = choose(place);
    return smallestOf(one, shares);
  };
  const vertices = Array.from({ length: 2 ** kinks.length }, (_, vertex) => at((place) => (vertex >> place) & 1));
  return [...vertices, ...Array.from({ length: 8 }, () => at(() => draws.uniform()))];
}

function classify(one: PlantedProgram): RowActivity {
  const [x, y] = [Float64Array.from(one.x), Float64Array.from(one.y)];
  return runUninterrupted(classifyRows(programData(one), { x, y }, Number.EPSILON));
}

function certify(one: PlantedProgram) {
  return runUninterrupted(certifyProgram(programData(one), classify(one)));
}

/** Factors from 1e-4 to 1e4. */
const factors = (count: number, draws: Random): number[] =>
  Array.from({ length: count }, () => 10 ** (8 * draws.uniform() - 4));

const without = <T>(list: readonly T[], left: readonly number[]): T[] => list.filter((_, i) => !left.includes(i));

const EACH = 40;

test.each(Object.keys(KINDS))(`${EACH} times %s: failed, with the test that failed`, (kind) => {
  const draws = random(23);
  for (let count = 0; count < EACH; count++) {
    const { one, rows, test: failing } = KINDS[kind](draws);
    const [D, E] = [factors(one.x.length, draws), factors(rows.length, draws)];
    for (const program of [one, rescale(one, D, E)]) {
      const certificate = certify(program);
      expect(certificate.status).toBe('failed');
      expect(certificate.test).toBe(failing);
      expect(certificate.nullVector?.length).toBe(failing === 'rows' ? rows.length : one.x.length);
    }
    expect(Math.min(...enumerate(one, rows, draws))).toBeLessThan(1e-13);
  }
});

test.each(Object.keys(KINDS))(`${EACH} times %s: no number that is not determined`, (kind) => {
  const draws = random(29);
  for (let count = 0; count < EACH; count++) {
    const { one, test: failing, redundant } = KINDS[kind](draws);
    const data = programData(one);
    const activity = classify(one);
    const [x, y] = [normals(data.n, draws), normals(data.m, draws)].map((values) => Float64Array.from(values));
    if (failing === 'rows') {
      const derivative = runUninterrupted(createDerivative(data, activity.solution, activity, 1));
      expect(derivative.isSingular).toBe(true);
      expect(derivative.dependentRows).toContain(redundant?.[0]);
      const split = runUninterrupted(derivative.adjoint({ y }));
      expect(split.singular).toBe(true);
      expect(derivative.gradients(split).q.every(Number.isNaN)).toBe(true);
      const adjoint = runUninterrupted(derivative.adjoint({ x }));
      expect(adjoint.singular).toBe(false);
      expect(adjoint.determined).toEqual({ P: true, q: true, A: false, l: false, u: false });
      const reduced = { ...one, A: without(one.A, redundant ?? []) };
      for (const name of ['l', 'u'] as const) reduced[name] = without(one[name], redundant ?? []);
      compareWithReduced(reduced, activity, without(activity.states, redundant ?? []), x, adjoint.wu);
    } else {
      const derivative = runUninterrupted(createDerivative(data, activity.solution, activity, 0));
      expect(derivative.isSingular).toBe(true);
      const adjoint = runUninterrupted(derivative.adjoint({ x }));
      expect(adjoint.singular).toBe(true);
      for (const values of Object.values<Float64Array>({ ...derivative.gradients(adjoint) })) {
        expect(values.some((value) => value !== 0 && !Number.isNaN(value))).toBe(false);
      }
      const move = runUninterrupted(derivative.tangent({ q: x }));
      expect(move.singular).toBe(true);
      // A cotangent with no component along the flat direction.
      const along = Float64Array.from(combine(one.P, Array.from(x)));
      const consistent = runUninterrupted(derivative.adjoint({ x: along }));
      expect(consistent.singular).toBe(false);
      expect(consistent.determined).toEqual({ P: false, q: false, A: false, l: true, u: true });
      const image = combine(one.P, Array.from(consistent.wu));
      const pulled = one.A.length > 0 ? combine(one.A, Array.from(consistent.wv)) : image.map(() => 0);
      for (const [j, value] of image.entries()) expect(Math.abs(value - pulled[j] + along[j])).toBeLessThan(1e-9);
    }
  }
});

/** w_u is that of the program without redundant rows, whose derivative exists. */
function compareWithReduced(
  reduced: Pick<PlantedProgram, 'P' | 'q' | 'A' | 'l' | 'u'>,
  activity: RowActivity,
  states: RowActivity['states'],
  x: Float64Array,
  expected: Float64Array,
): void {
  const data = programData(reduced);
  const own = { ...activity, states };
  const solution = { x: activity.solution.x, y: new Float64Array(data.m) };
  const derivative = runUninterrupted(createDerivative(data, solution, own, 1));
  expect(derivative.isSingular).toBe(false);
  const { wu } = runUninterrupted(derivative.adjoint({ x }));
  for (const [j, value] of wu.entries()) expect(Math.abs(value - expected[j])).toBeLessThan(1e-8);
}

test('300 programs with weakly active rows: certificates agree with enumeration', () => {
  const draws = random(31);
  let certified = 0;
  for (let count = 0; count < 300; count++) {
    const n = 2 + draws.integer(5);
    const [held, weak] = [draws.integer(n), draws.integer(4)];
    const rows: PlantedRow[] = [
      ...someStrong(held, draws),
      ...Array.from({ length: weak }, () =>
        draws.uniform() < 0.5 ? ('weakly at u' as const) : ('weakly at l' as const),
      ),
      'inactive',
    ];
    const P = normalCurvature(n, draws.integer(n + 1), draws);
    const one = plant(P, normalRows(rows.length, n, draws), normals(n, draws), rows, draws);
    const certificate = certify(rescale(one, factors(n, draws), factors(rows.length, draws)));
    const sigma = Math.min(...enumerate(one, rows, draws));
    if (sigma > 1e-7) {
      expect(certificate.status).toBe('certified');
      expect(certificate.kinks).toBe(weak);
      certified++;
    }
    if (sigma < 1e-14) expect(certificate.status).toBe('failed');
  }
  expect(certified).toBeGreaterThan(50);
  expect(certified).toBeLessThan(250);
});

test('200 programs with fractional shares: the adjoint solves the system of M', () => {
  const draws = random(37);
  for (let count = 0; count < 200; count++) {
    const n = 2 + draws.integer(5);
    const weak = 1 + draws.integer(3);
    const rows: PlantedRow[] = [
      ...someStrong(draws.integer(n), draws),
      ...Array.from({ length: weak }, () => 'weakly at u' as const),
      'inactive',
    ];
    const one = plant(normalCurvature(n, n, draws), normalRows(rows.length, n, draws), normals(n, draws), rows, draws);
    const shares = Float64Array.from(rows, (row) =>
      row === 'inactive' ? 0 : row === 'weakly at u' ? draws.uniform() : 1,
    );
    if (smallestOf(one, shares) < 1e-4) continue;
    const data = programData(one);
    const activity = classify(one);
    const [x, y] = [data.n, data.m].map((length) => Float64Array.from(normals(length, draws)));
    const derivative = runUninterrupted(createDerivative(data, activity.solution, activity, shares));
    const { wu, wv } = runUninterrupted(derivative.adjoint({ x, y }));
    const right = Float64Array.from([...x, ...y.map((value, row) => shares[row] * value)], (value) => -value);
    const M = runUninterrupted(factorise(jacobianOf(one, shares), data.n + data.m));
    const expected = solveTransposed(M, right);
    for (const [i, value] of [...wu, ...wv].entries()) {
      expect(Math.abs(value - expected[i])).toBeLessThan(1e-9 * Math.max(1, Math.abs(expected[i])));
    }
  }
});
