import { describe, expect, test } from 'vitest';
import type { ProgramAnswer } from '../../src/cli/program-solution.ts';
import {
  boundedForm,
  loadConePrograms,
  loadSmallPrograms,
  loadUnsolvable,
  type ProgramDerivatives,
  type SmallProgram,
} from '../fixtures/load-programs.ts';
import { compareNumbers as compare, refuseByCommand, solveByCommand } from '../support/cli-solve.ts';
import { normals } from '../support/numbers.ts';

const solve = solveByCommand<ProgramAnswer>;

const CASES = loadSmallPrograms();
const named = (name: string): SmallProgram => CASES.find((one) => one.name === name) as SmallProgram;

/** The problem as another language would write it. */
function problemOf({ P, q, A, l, u, direction, cotangent }: SmallProgram) {
  return { kind: 'qp', P, q, A, l, u, direction, cotangent };
}

const DERIVATIVES = ['dx', 'dy', 'dz', 'grad_P', 'grad_q', 'grad_A', 'grad_l', 'grad_u'] as const;

function compareDerivatives(answer: ProgramAnswer, expected: Partial<ProgramDerivatives>): void {
  for (const name of DERIVATIVES) compare(answer[name], expected[name], 1e-6);
}

function objectiveOf({ P, q, x }: SmallProgram): number {
  return x.reduce((sum, xi, i) => sum + xi * (q[i] + 0.5 * P[i].reduce((row, Pij, j) => row + Pij * x[j], 0)), 0);
}

describe.each(['cpu', 'wasm'])('on %s', (backend) => {
  test.each(CASES.filter((one) => one.dx))('$name: all values and derivatives', async (one) => {
    const { code, answer } = await solve(problemOf(one), '--backend', backend);
    expect(code).toBe(0);
    expect(answer.status).toBe('converged');
    for (const name of ['x', 'y', 'z'] as const) compare(answer[name], one[name], 1e-7);
    expect(answer.objective).toBeCloseTo(objectiveOf(one), 7);
    compareDerivatives(answer, one);
    expect(answer.certificate).toMatchObject({
      status: 'certified',
      argument: 'active rows',
      kinks: [],
      undetermined: [],
    });
    expect(answer.report).toMatchObject({ backend, solver: 'interior-point', status: ['converged'] });
  });

  test.each(CASES.filter((one) => one.elements))('$name: every element by its selection', async (one) => {
    for (const element of one.elements ?? []) {
      const selection = new Array<number>(one.m).fill(0);
      for (const [place, row] of one.weakly_active.entries()) selection[row] = element.active_weak[place];
      const { code, answer } = await solve({ ...problemOf(one), selection }, '--backend', backend);
      expect(code).toBe(0);
      expect(answer.certificate.kinks).toEqual(one.weakly_active);
      compareDerivatives(answer, element);
    }
  });
});

test('all keys of an answer, in order', async () => {
  const { answer } = await solve(problemOf(named('generic')));
  const keys = ['x', 'y', 'z', 'objective', 'status', ...DERIVATIVES, 'report', 'certificate'];
  expect(Object.keys(answer)).toEqual(keys);
});

test('a badly scaled program', async () => {
  const { code, answer } = await solve(problemOf(named('generic-badly-scaled')));
  const { x, y, z, variable_scale: D = [], row_scale: E = [] } = named('generic-badly-scaled');
  expect(code).toBe(0);
  compare(
    (answer.x ?? []).map((value, j) => value * D[j]),
    x.map((value, j) => value * D[j]),
    1e-7,
  );
  compare(
    (answer.y ?? []).map((value, i) => value * E[i]),
    y.map((value, i) => value * E[i]),
    1e-7,
  );
  compare(
    (answer.z ?? []).map((value, i) => value / E[i]),
    z.map((value, i) => value / E[i]),
    1e-7,
  );
});

test('matrices of entries have gradients at their entries, in any order and where a value is 0', async () => {
  const one = named('generic');
  const places = (rows: number, columns: number): [number, number][] =>
    Array.from({ length: rows * columns }, (_, k) => [(k * 7 + 3) % rows, Math.floor(k / rows)]);
  const entriesOf = (matrix: readonly (readonly number[])[], columns: number) => ({
    rows: matrix.length,
    columns,
    entries: places(matrix.length, columns).map(([i, j]) => [i, j, matrix[i][j]]),
  });
  const { n, P, A } = one;
  const problem = { ...problemOf(one), P: entriesOf(P, n), A: entriesOf(A, n) };
  const { answer } = await solve(problem);
  const { answer: dense } = await solve(problemOf(one));
  for (const name of ['grad_P', 'grad_A'] as const) {
    const gradient = answer[name] as { rows: number; columns: number; entries: [number, number, number][] };
    expect([gradient.rows, gradient.columns]).toEqual([name === 'grad_P' ? n : one.m, n]);
    expect(gradient.entries).toEqual(
      places(gradient.rows, n).map(([i, j]) => [i, j, (dense[name] as number[][])[i][j]]),
    );
  }
  expect([answer.x, answer.grad_q]).toEqual([dense.x, dense.grad_q]);
});

test('a linear program: P is absent, null, or 0', async () => {
  const one = named('linear');
  const { P, ...linear } = problemOf(one);
  const { answer: zero } = await solve({ ...linear, P });
  for (const problem of [linear, { ...linear, P: null }]) {
    const { direction, ...rest } = problem;
    const { answer } = await solve({ ...rest, direction: { ...direction, dP: undefined } });
    compare(answer.x, one.x, 1e-7);
    expect(answer.grad_q).toEqual(zero.grad_q);
    expect(answer).not.toHaveProperty('grad_P');
  }
});

test('without constraints there are only x and the objective, to which the constant is added', async () => {
  const problem = {
    kind: 'qp',
    P: [
      [2, 0],
      [0, 4],
    ],
    q: [-2, 4],
    constant: 10,
    cotangent: { gx: [1, 0] },
  };
  for (const rows of [{}, { A: [], l: [], u: [] }, { A: null, l: null, u: null }]) {
    const { code, answer } = await solve({ ...problem, ...rows });
    expect(code).toBe(0);
    compare([answer.x, answer.objective], [1, -1, 7], 1e-9);
    expect([answer.y, answer.z]).toEqual([[], []]);
    compare(answer.grad_q, [-0.5, 0], 1e-9);
  }
});

test.each(CASES.filter((one) => one.expected_certificate === 'failed'))(
  '$name: the certificate fails, and lists what is not determined',
  async (one) => {
    const { answer } = await solve(problemOf(one));
    const { certificate } = answer;
    expect(certificate.status).toBe('failed');
    expect(certificate.null_vector).toHaveLength(certificate.test === 'rows' ? one.m : one.n);
    const isNull = DERIVATIVES.filter((name) => answer[name] === null);
    expect(certificate.undetermined).toEqual(isNull);
  },
);

test('where x is not unique no derivative of it is printed', async () => {
  const { answer } = await solve(problemOf(named('not-unique')));
  expect(answer.certificate).toMatchObject({ status: 'failed', test: 'primal' });
  expect(answer.certificate.undetermined).toEqual(expect.arrayContaining(['dx', 'grad_P', 'grad_q', 'grad_A']));
});

test.each(loadConePrograms().degenerate)('$name: the certificate of a degenerate program', async (one) => {
  const { code, answer } = await solve({ kind: 'qp', ...boundedForm(one) });
  expect(code).toBe(0);
  expect([one.expected, 'unknown']).toContain(answer.certificate.status);
});

describe.each(loadUnsolvable())('$name', (one) => {
  test.each(['cpu', 'wasm'])('has no solution, which the vector shows, on %s', async (backend) => {
    const { A, l, u, P, q } = boundedForm(one);
    const cotangent = { gx: q.map(() => 1) };
    const { code, answer } = await solve({ kind: 'qp', P, q, A, l, u, cotangent }, '--backend', backend);
    expect(code).toBe(4);
    expect(answer).toMatchObject({ status: one.status, x: null, y: null, z: null, objective: null, grad_q: null });
    const vector = answer.certificate_vector as readonly number[];
    const small = 1e-7 * (1 + Math.max(...vector.map(Math.abs)));
    if (one.status === 'infeasible') {
      for (const [j] of q.entries()) {
        expect(Math.abs(vector.reduce((sum, d, i) => sum + A[i][j] * d, 0))).toBeLessThan(small);
      }
      const bounds = vector.map((d, i) => (d > 0 ? d * (u[i] ?? 0) : d * (l[i] ?? 0)));
      expect(bounds.reduce((sum, value) => sum + value, 0)).toBeCloseTo(-1, 9);
      for (const [i, d] of vector.entries()) {
        if (u[i] === null) expect(d).toBeLessThanOrEqual(small);
        if (l[i] === null) expect(d).toBeGreaterThanOrEqual(-small);
      }
      return;
    }
    const times = (matrix: readonly (readonly number[])[]): number[] =>
      matrix.map((row) => row.reduce((sum, value, j) => sum + value * vector[j], 0));
    for (const value of times(P)) expect(Math.abs(value)).toBeLessThan(small);
    for (const [i, value] of times(A).entries()) {
      if (u[i] !== null) expect(value).toBeLessThan(small);
      if (l[i] !== null) expect(value).toBeGreaterThan(-small);
    }
    expect(times([q])[0]).toBeCloseTo(-1, 9);
  });
});

test('bounds that cross are infeasible', async () => {
  const { code, answer } = await solve({ kind: 'qp', P: [[1]], q: [0], A: [[1]], l: [1], u: [0] });
  expect([code, answer.status]).toEqual([4, 'infeasible']);
});

test('a solve that ends at its limit is printed, with exit code 3 and no derivatives', async () => {
  const A = Array.from({ length: 8 }, (_, row) => normals(4, row + 7));
  const q = normals(4, 3);
  const P = { rows: 4, columns: 4, entries: q.map((_, i) => [i, i, 0.1]) };
  const [direction, cotangent] = [{ dq: q }, { gx: q }];
  const problem = { kind: 'qp', P, q, A, l: A.map(() => null), u: A.map(() => 1), direction, cotangent };
  const { code, answer } = await solve(problem, '--limit', '1');
  expect([code, answer.status]).toEqual([3, 'limit']);
  expect(answer.x).toHaveLength(4);
  expect(answer.certificate).toMatchObject({ status: 'unknown', undetermined: DERIVATIVES });
});

test('the tolerance is that of the solve', async () => {
  const { answer } = await solve(problemOf(named('generic')), '--tolerance', '1e-4', '--solver', 'interior-point');
  expect(answer.report.tolerance).toBe(1e-4);
});

const small = {
  kind: 'qp',
  P: [
    [2, 0],
    [0, 2],
  ],
  q: [1, 1],
  A: [[1, 1]],
  l: [0],
  u: [1],
};
test.each([
  ['q, when it is missing', { kind: 'qp', P: [[1]] }, 'q: this key is missing'],
  ['a strange key', { ...small, G: 1 }, '"G": this key is unknown'],
  ['q, an empty list', { ...small, q: [] }, 'q: it is empty'],
  ['P of the wrong size', { ...small, P: [[1]] }, 'P: it is 1 × 1; it must be 2 × 2'],
  [
    'P that is not symmetric',
    {
      ...small,
      P: [
        [2, 1],
        [0, 2],
      ],
    },
    'P: it is not symmetric: the entries at (1, 0)',
  ],
  [
    'P that is not convex',
    {
      ...small,
      P: [
        [1, 0],
        [0, -1],
      ],
    },
    'P',
  ],
  ['a ragged A', { ...small, A: [[1, 1], [1]] }, 'A[1]: it holds 1 number; it must hold 2'],
  ['an entry of A', { ...small, A: [[1, 'x']] }, 'A[0][1]: it is "x"; it must be a finite number'],
  ['A, a number', { ...small, A: 3 }, 'A: it is 3; it must be a list of rows, or {"rows", "columns", "entries"}'],
  ['an entry outside', { ...small, A: { rows: 1, columns: 2, entries: [[0, 2, 1]] } }, 'A.entries[0][1]: it is 2'],
  ['entries of two', { ...small, A: { rows: 1, columns: 2, entries: [[0, 2]] } }, 'A.entries[0]: it is a list of 2'],
  ['no entries', { ...small, A: { rows: 1, columns: 2 } }, 'entries: this key is missing'],
  ['A with too many columns', { ...small, A: [[1, 1, 1]] }, 'A: it is 1 × 3; it must be 2 columns'],
  ['a short l', { ...small, l: [] }, 'l: it holds 0 numbers; it must hold 1, one for each row of A'],
  ['bounds without A', { kind: 'qp', q: [1], l: [0] }, 'l: it holds 1 number; it must hold 0'],
  ['a bound in words', { ...small, u: ['none'] }, 'u[0]: it is "none"; it must be a finite number, or null'],
  [
    'a direction of P',
    {
      ...small,
      direction: {
        dP: [
          [0, 1],
          [0, 0],
        ],
      },
    },
    'direction.dP: it is not symmetric',
  ],
  ['a strange direction', { ...small, direction: { P: 1 } }, '"P": this key is unknown'],
  ['a short direction', { ...small, direction: { dq: [1] } }, 'direction.dq: it holds 1 number; it must hold 2'],
  ['a short cotangent', { ...small, cotangent: { gy: [1, 2] } }, 'cotangent.gy: it holds 2 numbers; it must hold 1'],
  ['a cotangent in a list', { ...small, cotangent: [1] }, 'cotangent: it is a list of 1; it must be a JSON object'],
  ['a selection', { ...small, selection: 2 }, 'selection: it is 2; it must be a number from 0 to 1'],
  ['a list of selections', { ...small, selection: [0, 1] }, 'selection: it holds 2 numbers; it must hold 1'],
  ['a constant', { ...small, constant: 'no' }, 'constant: it is "no"; it must be a finite number'],
])('names %s', async (_, problem, message) => {
  expect(await refuseByCommand(problem)).toContain(message);
});

test('options that a qp problem does not have', async () => {
  const refuse = (...options: string[]): Promise<string> => refuseByCommand(small, ...options);
  expect(await refuse('--linear-solver', 'cg')).toContain('--linear-solver: a qp problem has one only');
  expect(await refuse('--solver', 'anderson')).toContain('--solver: it is "anderson"; it must be one of auto, inter');
});
