import { describe, expect, test } from 'vitest';
import type { ConeAnswer } from '../../src/cli/cone-solution.ts';
import { type ConeType, readCones, rowsOfCone } from '../../src/solvers/cones/cone.ts';
import { projectValue } from '../../src/solvers/cones/projections/project.ts';
import { loadCanonicalForms } from '../fixtures/load-canonical-forms.ts';
import {
  type DegenerateConeProgram,
  type DifferentiatedConeProgram,
  loadDegenerateCones,
  loadDifferentiatedCones,
  loadUnsolvableCones,
  type UnsolvableConeProgram,
} from '../fixtures/load-cones.ts';
import { compareNumbers, refuseByCommand, solveByCommand } from '../support/cli-solve.ts';

const solve = solveByCommand<ConeAnswer>;

const CASES = loadDifferentiatedCones();
const named = (name: string): DifferentiatedConeProgram =>
  CASES.find((one) => one.name === name) as DifferentiatedConeProgram;

/** The problem as another language would write it. */
function problemOf({ P, A, b, c, cone, dP, dA, db, dc, cotangent }: DifferentiatedConeProgram) {
  return { kind: 'cone', P, A, b, c, cone, direction: { dA, db, dc, dP }, cotangent };
}

const DERIVATIVES = ['dx', 'dy', 'ds', 'grad_A', 'grad_b', 'grad_c', 'grad_P'] as const;

describe.each(['cpu', 'wasm'])('on %s', (backend) => {
  test.each(CASES)('$name: all values and derivatives', async (one) => {
    const { code, answer } = await solve(problemOf(one), '--backend', backend);
    expect(code).toBe(0);
    expect(answer.status).toBe('converged');
    for (const name of ['x', 'y', 's'] as const) compareNumbers(answer[name], one[name], 1e-7);
    for (const name of DERIVATIVES) {
      if (one[name]) compareNumbers(answer[name], one[name], 1e-6);
      else expect(answer).not.toHaveProperty(name);
    }
    expect(answer.certificate).toMatchObject({ status: 'certified', kinks: [], undetermined: [] });
    expect(answer.report).toMatchObject({ backend, solver: 'interior-point', status: ['converged'] });
    expect(answer.report.adjoint_residual).toBeLessThan(1e-9);
  });
});

test('all keys of an answer, in order', async () => {
  const { answer } = await solve(problemOf(named('mixed2')));
  expect(Object.keys(answer)).toEqual(['x', 'y', 's', 'objective', 'status', ...DERIVATIVES, 'report', 'certificate']);
});

test('the objective', async () => {
  const { P = [], c, x, ...one } = named('mixed2');
  const { answer } = await solve(problemOf({ ...one, P, c, x }));
  const objective = x.reduce(
    (sum, xi, i) => sum + xi * (c[i] + 0.5 * P[i].reduce((row, p, j) => row + p * x[j], 0)),
    0,
  );
  expect(answer.objective).toBeCloseTo(objective, 7);
});

test('matrices of entries have gradients at their entries', async () => {
  const one = named('mixed2');
  const { n, m, A, P = [] } = one;
  const entriesOf = (matrix: readonly (readonly number[])[], rows: number) => ({
    rows,
    columns: n,
    entries: Array.from({ length: rows * n }, (_, k) => [(k * 7 + 3) % rows, Math.floor(k / rows)]).map(([i, j]) => [
      i,
      j,
      matrix[i][j],
    ]),
  });
  const { answer } = await solve({ ...problemOf(one), P: entriesOf(P, n), A: entriesOf(A, m) });
  for (const [name, rows] of [['grad_P', n] as const, ['grad_A', m] as const]) {
    const gradient = answer[name] as { rows: number; columns: number; entries: [number, number, number][] };
    expect([gradient.rows, gradient.columns]).toEqual([rows, n]);
    const reference = one[name] as readonly (readonly number[])[];
    compareNumbers(
      gradient.entries.map(([, , value]) => value),
      entriesOf(reference, rows).entries.map(([, , value]) => value),
      1e-6,
    );
  }
});

test.each(loadDegenerateCones())('$name: the certificate, and what is not determined', async (one) => {
  const { A, b, c, cone, P } = one;
  const cotangent = { gx: c.map((_, j) => j + 1), gy: b, gs: b };
  const { code, answer } = await solve({ kind: 'cone', A, b, c, cone, P, direction: { db: b, dc: c }, cotangent });
  expect(code).toBe(0);
  const { certificate } = answer;
  expect([one.expected, 'unknown']).toContain(certificate.status);
  expect(certificate.undetermined).toEqual(DERIVATIVES.filter((name) => answer[name] === null));
  if (certificate.status === 'failed') {
    expect(certificate.null_vector).toHaveLength(certificate.test === 'rows' ? one.m : one.n);
  }
});

test('where x is not unique no derivative of it is printed, and where y is not, none of that', async () => {
  const ask = ({ A, b, c, cone, P }: DegenerateConeProgram) =>
    solve({ kind: 'cone', A, b, c, cone, P, direction: { db: b, dc: c }, cotangent: { gx: c.map((_, j) => j + 1) } });
  const degenerate = (name: string) => loadDegenerateCones().find((one) => one.name === name) as DegenerateConeProgram;
  const { answer: primal } = await ask(degenerate('lp-primal-not-unique'));
  expect(primal.certificate.test).toBe('primal');
  expect(primal.certificate.undetermined).toEqual(['dx', 'ds', 'grad_A', 'grad_b', 'grad_c']);
  const { answer: rows } = await ask(degenerate('zero-cone-dependent-equalities'));
  expect(rows.certificate.test).toBe('rows');
  expect(rows.certificate.undetermined).toEqual(expect.arrayContaining(['grad_A', 'grad_b']));
  expect(rows.grad_c).toHaveLength(2);
  expect(rows.grad_c).not.toContain(null);
});

test.each(loadDegenerateCones().filter((one) => one.elements))('$name: every element by its selection', async (one) => {
  const { A, b, c, cone, P, direction, cotangent, elements = [] } = one;
  for (const { d, ...element } of elements) {
    const { answer } = await solve({ kind: 'cone', A, b, c, cone, P, direction, cotangent, selection: d });
    for (const name of ['dx', 'dy', 'ds', 'grad_A', 'grad_b', 'grad_c'] as const) {
      compareNumbers(answer[name], element[name], 1e-6);
    }
  }
});

/** How far a vector is from a product of cones. */
function distanceTo(cone: UnsolvableConeProgram['cone'], vector: readonly number[]): number {
  const projected = new Float64Array(vector.length);
  projectValue(readCones('cone', cone), Float64Array.from(vector), projected);
  return Math.max(...vector.map((value, row) => Math.abs(value - projected[row])));
}

const times = (matrix: readonly (readonly number[])[], vector: readonly number[]): number[] =>
  matrix.map((row) => row.reduce((sum, value, j) => sum + value * vector[j], 0));

const PROVED = ['infeasible', 'unbounded'];
describe.each(loadUnsolvableCones().filter((one) => PROVED.includes(one.status)))('$name', (one) => {
  test('has no solution, which the vector shows', async () => {
    const { P, A, b, c, cone, n } = one;
    const cotangent = { gx: c.map(() => 1) };
    const { code, answer } = await solve({ kind: 'cone', P, A, b, c, cone, cotangent, direction: { db: b } });
    expect(code).toBe(4);
    expect(answer).toMatchObject({ status: one.status, x: null, y: null, s: null, objective: null, grad_b: null });
    expect(answer.certificate.undetermined).toEqual(DERIVATIVES.filter((name) => name !== 'grad_P' || P));
    const vector = answer.certificate_vector as readonly number[];
    const small = 1e-7 * (1 + Math.max(...vector.map(Math.abs)));
    if (one.status === 'infeasible') {
      for (let j = 0; j < n; j++) {
        expect(Math.abs(vector.reduce((sum, y, i) => sum + A[i][j] * y, 0))).toBeLessThan(small);
      }
      // The cones of these programs are their own duals, except the zero cone, whose dual is free.
      const dual = cone.map((each) => ({ ...each, type: (each.type === 'zero' ? 'free' : each.type) as ConeType }));
      expect(distanceTo(dual, vector)).toBeLessThan(small);
      expect(times([b], vector)[0]).toBeCloseTo(-1, 9);
      return;
    }
    for (const value of P ? times(P, vector) : []) expect(Math.abs(value)).toBeLessThan(small);
    expect(
      distanceTo(
        cone,
        times(A, vector).map((value) => -value),
      ),
    ).toBeLessThan(small);
    expect(times([c], vector)[0]).toBeCloseTo(-1, 9);
  });
});

test.each(loadUnsolvableCones().filter((one) => !PROVED.includes(one.status)))(
  '$name: the limit of what can be told is never called infeasible or unbounded without cause',
  async (one) => {
    const { P, A, b, c, cone } = one;
    const { code, answer } = await solve({ kind: 'cone', P, A, b, c, cone });
    if (one.status === 'optimum-not-attained') expect([0, 3]).toContain(code);
    if (one.status === 'infeasible-without-certificate') expect(code).toBe(3);
    expect(answer.status).not.toBe('unbounded');
  },
);

test('a solve that ends at its limit is printed, with exit code 3 and no derivatives', async () => {
  const one = problemOf(named('mixed2'));
  const { code, answer } = await solve(one, '--limit', '1', '--tolerance', '1e-14');
  expect([code, answer.status]).toEqual([3, 'limit']);
  expect(answer.x).toHaveLength(9);
  expect(answer.certificate).toMatchObject({ status: 'unknown', undetermined: DERIVATIVES });
});

test('the tolerance is that of the solve', async () => {
  const { answer } = await solve(problemOf(named('socp')), '--tolerance', '1e-4', '--solver', 'interior-point');
  expect(answer.report.tolerance).toBe(1e-4);
});

const small = {
  kind: 'cone',
  A: [
    [-1, 0],
    [0, -1],
    [1, 1],
  ],
  b: [0, 0, 1],
  c: [-1, -2],
  cone: [
    { type: 'nonneg', dim: 2 },
    { type: 'zero', dim: 1 },
  ],
};

test('null is as good as absent, also as the alpha of a cone', async () => {
  const cone = small.cone.map((each) => ({ ...each, alpha: null }));
  const absent = { P: null, selection: null, direction: null, cotangent: null };
  const { code, answer } = await solve({ ...small, cone, ...absent });
  expect(code).toBe(0);
  compareNumbers([answer.x, answer.objective], [0, 1, -2], 1e-8);
  expect(answer).not.toHaveProperty('dx');
});

const { b: _, ...withoutB } = small;
test.each([
  ['b, when it is missing', withoutB, 'b: this key is missing; a cone problem needs kind, A, b, c, cone'],
  ['a strange key', { ...small, cones: [] }, '"cones": this key is unknown; a cone problem may have'],
  ['c, an empty list', { ...small, c: [] }, 'c: it is empty'],
  ['an entry of c', { ...small, c: [1, null] }, 'c[1]: it is null; it must be a finite number'],
  [
    'A with too many columns',
    { ...small, A: [[1, 1, 1]] },
    'A: it is 1 × 3; it must be 2 columns, one for each number of c',
  ],
  ['A, a number', { ...small, A: 3 }, 'A: it is 3; it must be a list of rows, or {"rows", "columns", "entries"}'],
  ['a short b', { ...small, b: [1] }, 'b: it holds 1 number; it must hold 3, one for each row of A'],
  ['P of the wrong size', { ...small, P: [[1]] }, 'P: it is 1 × 1; it must be 2 × 2'],
  ['a triangle of P', { ...small, P: [[2, 1], [0, 2]] }, 'P: it is not symmetric: the entries at (1, 0)'], // biome-ignore format: a matrix
  ['P that is not convex', { ...small, P: [[1, 0], [0, -1]] }, 'P'], // biome-ignore format: a matrix
  ['cone, an object', { ...small, cone: {} }, 'cone: it is an object; it must be a list of {"type", "dim"}'],
  ['a cone in words', { ...small, cone: ['zero'] }, 'cone[0]: it is "zero"; it must be { type, dim }'],
  ['an unknown type', { ...small, cone: [{ type: 'sdp', dim: 2 }] }, 'cone[0].type: it is "sdp"; it must be one of'],
  ['a dim', { ...small, cone: [small.cone[0], { type: 'zero', dim: 0 }] }, 'cone[1].dim: it is 0'],
  [
    'an order',
    { ...small, cone: [{ type: 'psd', dim: 33 }] },
    'cone[0].dim: it is 33; it must be an order from 1 to 32',
  ],
  ['a dim of exp', { ...small, cone: [{ type: 'exp', dim: 1 }] }, 'cone[0].dim: it is 1; it must be 3'],
  ['an alpha', { ...small, cone: [{ type: 'pow', dim: 3, alpha: 1 }] }, 'cone[0].alpha: it is 1'],
  ['an alpha too many', { ...small, cone: [{ type: 'exp', dim: 3, alpha: 0.5 }] }, 'cone[0].alpha: it is 0.5'],
  ['a strange key of a cone', { ...small, cone: [{ type: 'exp', dim: 3, size: 3 }] }, 'cone[0]: there is no "size"'],
  [
    'cones of too few rows',
    { ...small, cone: [small.cone[0]] },
    'cone: by type and dim they have 2 rows together; A has 3',
  ],
  ['a direction of P', { ...small, direction: { dP: [[0, 1], [0, 0]] } }, 'direction.dP: it is not symmetric'], // biome-ignore format: a matrix
  ['a direction of A', { ...small, direction: { dA: [[1, 1]] } }, 'direction.dA: it is 1 × 2; it must be 3 × 2'],
  ['a strange direction', { ...small, direction: { b: [1] } }, '"b": this key is unknown; a direction may have'],
  ['a short direction of b', { ...small, direction: { db: [1] } }, 'direction.db: it holds 1 number; it must hold 3'],
  ['a short direction of c', { ...small, direction: { dc: [1] } }, 'direction.dc: it holds 1 number; it must hold 2'],
  ['a short cotangent', { ...small, cotangent: { gs: [1, 2] } }, 'cotangent.gs: it holds 2 numbers; it must hold 3'],
  ['a strange cotangent', { ...small, cotangent: { gz: [1] } }, '"gz": this key is unknown; a cotangent may have'],
  ['a cotangent in a list', { ...small, cotangent: [1] }, 'cotangent: it is a list of 1; it must be a JSON object'],
  ['a selection', { ...small, selection: 2 }, 'selection: it is 2; it must be a number from 0 to 1'],
  ['a list of selections', { ...small, selection: [0, 1] }, 'selection: it holds 2 numbers; it must hold 3'],
])('names %s', async (_name, problem, message) => {
  expect(await refuseByCommand(problem)).toContain(message);
});

test('options that a cone problem does not have', async () => {
  expect(await refuseByCommand(small, '--linear-solver', 'cg')).toContain(
    '--linear-solver: a cone problem has one only',
  );
  expect(await refuseByCommand(small, '--solver', 'anderson')).toContain(
    '--solver: it is "anderson"; it must be one of auto, interior-point',
  );
});

describe.each(loadCanonicalForms())('$name, as CVXPY arranges it for $form.solver', ({ form, minimum, solution }) => {
  const variables = form.variables as Readonly<Record<string, { start: number }>>;

  test('is solved, with its offset', async () => {
    const { code, answer } = await solve(form);
    expect(code).toBe(0);
    expect(answer.objective).toBeCloseTo(minimum, 7);
    for (const [name, values] of Object.entries(solution)) {
      const { start } = variables[name];
      compareNumbers(answer.x?.slice(start, start + values.length), values, 1e-7);
    }
    expect([...(answer.rows as number[])].sort((a, b) => a - b)).toEqual(answer.y?.map((_y, row) => row));
  });

  test('says which row of the file each row is: along it the least value moves by −y', async () => {
    const { answer } = await solve(form);
    const [rows, y] = [answer.rows as number[], answer.y as number[]];
    const permuted = rows.findIndex((source, row) => source !== row);
    const row = permuted < 0 ? rows.length - 1 : permuted;
    const above = (form.b as number[]).length;
    const minimumAt = async (step: number): Promise<number> => {
      const moved = { ...form, b: [...(form.b as number[])], h: form.h && [...(form.h as number[])] };
      const [list, place] = rows[row] < above ? [moved.b, rows[row]] : [moved.h as number[], rows[row] - above];
      list[place] += step;
      return (await solve(moved, '--tolerance', '1e-11')).answer.objective as number;
    };
    expect(((await minimumAt(1e-4)) - (await minimumAt(-1e-4))) / 2e-4).toBeCloseTo(-y[row], 6);
    const db = rows.map((_source, each) => Number(each === row));
    const gx = form.c as number[];
    const { answer: differentiated } = await solve({ ...form, direction: { db }, cotangent: { gx } });
    const along = (differentiated.dx as number[]).reduce((sum, value, j) => sum + value * gx[j], 0);
    expect((differentiated.grad_b as number[])[row]).toBeCloseTo(along, 7);
  });
});

test('a canonical form is refused by its fields', async () => {
  const [{ form }] = loadCanonicalForms();
  const refuse = async (change: object, message: string): Promise<void> =>
    expect(await refuseByCommand({ ...form, ...change })).toContain(message);
  await refuse({ solver: 'MOSEK' }, 'solver: it is "MOSEK"; it must be one of SCS, CLARABEL, ECOS');
  await refuse({ cone: [] }, 'canonical form: there is no "cone"');
  await refuse({ direction: { db: [1] } }, 'direction.db: it holds 1 number');
  expect(await refuseByCommand({ ...form }, '--linear-solver', 'cg')).toContain('a canonical problem has one only');
});

test('the rows of a cone problem follow its cones', () => {
  for (const { cone, m } of CASES) expect(cone.reduce((sum, { type, dim }) => sum + rowsOfCone(type, dim), 0)).toBe(m);
});
