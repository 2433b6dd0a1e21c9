/** Programs beyond the order up to which matrices are dense, and data of float32. */
import { expect, test } from 'vitest';
import { runUninterrupted } from '../../../src/backends/event-loop.ts';
import { type Random, random } from '../../../src/data/random.ts';
import { classifyRows, type RowActivity } from '../../../src/implicit/programs/active-rows.ts';
import { createDerivative } from '../../../src/implicit/programs/derivative.ts';
import { certifyProgram } from '../../../src/implicit/programs/hypothesis.ts';
import { factorise, solve } from '../../../src/solvers/matrices.ts';
import type { ProgramData } from '../../../src/solvers/programs/problem.ts';
import {
  normalCurvature,
  normalRows,
  type PlantedProgram,
  type PlantedRow,
  plant,
  programData,
} from '../../support/programs.ts';

const N = 240;
const HELD = 90;

/** Rows of three entries. */
function sparseRows(count: number, n: number, draws: Random): number[][] {
  return Array.from({ length: count }, () => {
    const row = new Array<number>(n).fill(0);
    for (let k = 0; k < 3; k++) row[draws.integer(n)] = draws.normal();
    return row;
  });
}

/** A chain of springs, each variable held a little by itself as well. */
function chain(n: number): number[][] {
  const P = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  for (let i = 0; i < n; i++) P[i][i] = 2.1;
  for (let i = 0; i + 1 < n; i++) [P[i][i + 1], P[i + 1][i]] = [-1, -1];
  return P;
}

function plantLarge(draws: Random, change?: (P: number[][], A: number[][], rows: PlantedRow[]) => void) {
  const [P, A] = [chain(N), sparseRows(HELD, N, draws)];
  const rows: PlantedRow[] = A.map((_, i) => (['at u', 'at l', 'equality'] as const)[i % 3]);
  change?.(P, A, rows);
  const off = sparseRows(60, N, draws);
  rows.push(...off.map(() => 'inactive' as const));
  const x = Array.from({ length: N }, () => draws.normal());
  const one = plant(P, [...A, ...off], x, rows, draws);
  return { one, rows, data: programData(one) };
}

function classify(data: ProgramData, one: PlantedProgram, noise: number, accuracy: number, draws: Random): RowActivity {
  const [x, y] = [one.x, one.y].map((values) => Float64Array.from(values, (value) => value + noise * draws.normal()));
  return runUninterrupted(classifyRows(data, { x, y }, accuracy));
}

test('a large program: derivative and certificate', () => {
  const draws = random(41);
  const { one, rows, data } = plantLarge(draws);
  const activity = classify(data, one, 1e-8, Number.EPSILON, draws);
  expect(activity.states).toEqual(rows);
  const certificate = runUninterrupted(certifyProgram(data, activity));
  expect(certificate.status).toBe('certified');
  const derivative = runUninterrupted(createDerivative(data, activity.solution, activity, 0));
  expect(derivative.isSingular).toBe(false);
  const [x, y] = [data.n, data.m].map((length) => Float64Array.from({ length }, () => draws.normal()));
  const { wu, wv, residual } = runUninterrupted(derivative.adjoint({ x, y }));
  expect(residual).toBeLessThan(1e-14);
  const order = N + HELD;
  const K = new Float64Array(order * order);
  const right = new Float64Array(order);
  for (let i = 0; i < N; i++) {
    right[i] = -x[i];
    for (let j = 0; j < N; j++) K[i * order + j] = one.P[i][j];
  }
  for (let i = 0; i < HELD; i++) {
    right[N + i] = -y[i];
    for (let j = 0; j < N; j++) [K[(N + i) * order + j], K[j * order + N + i]] = [one.A[i][j], one.A[i][j]];
  }
  const expected = solve(runUninterrupted(factorise(K, order)), right);
  for (let j = 0; j < N; j++) expect(Math.abs(wu[j] - expected[j])).toBeLessThan(1e-10);
  for (let i = 0; i < data.m; i++)
    expect(Math.abs(wv[i] + (expected[N + i] ?? 0) * (i < HELD ? 1 : 0))).toBeLessThan(1e-9);
});

test('a large program with a dependent row: x has a derivative, and y has not', () => {
  const draws = random(43);
  const { one, data } = plantLarge(draws, (_, A, rows) => {
    A.push(A[0].map((value, j) => 2 * value - A[4][j]));
    rows.push('at u');
  });
  const activity = classify(data, one, 0, Number.EPSILON, draws);
  const certificate = runUninterrupted(certifyProgram(data, activity));
  expect(certificate.status).toBe('failed');
  expect(certificate.test).toBe('rows');
  expect(certificate.reason).toMatch(/rows 0, 4 and 90 of A are linearly dependent/);
  const w = certificate.nullVector as Float64Array;
  expect(w[0] / w[HELD]).toBeCloseTo(-2, 10);
  const derivative = runUninterrupted(createDerivative(data, activity.solution, activity, 0));
  expect(derivative.dependentRows).toEqual([0, 4, HELD]);
  const [x, y] = [data.n, data.m].map((length) => Float64Array.from({ length }, () => draws.normal()));
  expect(runUninterrupted(derivative.adjoint({ y })).singular).toBe(true);
  const adjoint = runUninterrupted(derivative.adjoint({ x }));
  expect(adjoint.singular).toBe(false);
  expect(adjoint.determined).toEqual({ P: true, q: true, A: false, l: false, u: false });
});

test('a large program with a flat direction: x has no derivative', () => {
  const draws = random(47);
  const { one, data } = plantLarge(draws, (P, A) => {
    for (const row of [...P, ...A]) row[7] = 0;
    P[7].fill(0);
  });
  const activity = classify(data, one, 0, Number.EPSILON, draws);
  const certificate = runUninterrupted(certifyProgram(data, activity));
  expect(certificate.status).toBe('failed');
  expect(certificate.test).toBe('primal');
  const derivative = runUninterrupted(createDerivative(data, activity.solution, activity, 0));
  const x = Float64Array.from({ length: N }, () => draws.normal());
  const singular = runUninterrupted(derivative.adjoint({ x }));
  expect(singular.singular).toBe(true);
  expect(singular.wu.every(Number.isNaN)).toBe(true);
  x[7] = 0;
  expect(runUninterrupted(derivative.adjoint({ x })).singular).toBe(false);
});

test('data and solutions of float32', () => {
  const draws = random(53);
  for (let count = 0; count < 200; count++) {
    const n = 2 + draws.integer(6);
    const rows: PlantedRow[] = [
      ...Array.from({ length: draws.integer(n) }, () => (['at u', 'at l', 'equality'] as const)[draws.integer(3)]),
      'inactive',
      'inactive',
    ];
    const x = Array.from({ length: n }, () => draws.normal());
    const one = plant(normalCurvature(n, n + 3, draws), normalRows(rows.length, n, draws), x, rows, draws);
    const exact = programData(one);
    const rounded = (values: Float64Array): Float64Array => values.map(Math.fround);
    const [P, A] = [exact.P, exact.A].map((matrix) => ({ ...matrix, values: rounded(matrix.values) }));
    const data = { ...exact, P, A, q: rounded(exact.q), l: rounded(exact.l), u: rounded(exact.u) };
    const activity = classify(data, one, 1e-6, 2 ** -23, draws);
    expect(activity.isPolished).toBe(true);
    for (const [row, state] of activity.states.entries()) {
      if (state !== rows[row]) expect(state).toMatch(/^weakly/);
    }
    expect(runUninterrupted(certifyProgram(data, activity)).status).not.toBe('failed');
  }
});
