/** Derivatives, certificates and intervals of small programs, against references made without this library. */
import { expect, test } from 'vitest';
import { runUninterrupted } from '../../../src/backends/event-loop.ts';
import { random } from '../../../src/data/random.ts';
import { classifyRows, type RowActivity, type RowSelection } from '../../../src/implicit/programs/active-rows.ts';
import { createDerivative, type ProgramDerivative } from '../../../src/implicit/programs/derivative.ts';
import { certifyProgram } from '../../../src/implicit/programs/hypothesis.ts';
import { intervalOf } from '../../../src/implicit/programs/interval.ts';
import { multiplySparse, multiplySparseTransposed } from '../../../src/implicit/programs/products.ts';
import { solveProgram } from '../../../src/solvers/programs/interior-point.ts';
import type { ProgramData } from '../../../src/solvers/programs/problem.ts';
import {
  boundedForm,
  loadConePrograms,
  loadSmallPrograms,
  type ProgramDerivatives,
  type SmallProgram,
} from '../../fixtures/load-programs.ts';
import { programData, sparse } from '../../support/programs.ts';

const ACCURACY = Number.EPSILON;
const CASES = loadSmallPrograms();
const CONES = loadConePrograms();

/** How far x and y of the reference are moved: not at all, or as far as an interior point stays away. */
const MOVES = [0, 1e-9];

function classify(
  data: ProgramData,
  { x, y }: { x: readonly number[]; y: readonly number[] },
  move: number,
): RowActivity {
  const draws = random(7);
  const moved = (values: readonly number[]): Float64Array =>
    Float64Array.from(values, (value) => value + move * draws.normal() * Math.max(1, Math.abs(value)));
  return runUninterrupted(classifyRows(data, { x: moved(x), y: moved(y) }, ACCURACY));
}

function derive(data: ProgramData, activity: RowActivity, selection: RowSelection = 0): ProgramDerivative {
  return runUninterrupted(createDerivative(data, activity.solution, activity, selection));
}

function compare(
  actual: ArrayLike<number>,
  expected: readonly number[] | readonly (readonly number[])[],
  tolerance = 1e-10,
): void {
  const numbers = expected.flat();
  expect(actual.length).toBe(numbers.length);
  const size = numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  for (const [i, value] of numbers.entries()) expect(Math.abs(actual[i] - value)).toBeLessThan(tolerance * size);
}

function directionsOf({ direction, n }: SmallProgram) {
  if (!direction) throw new Error('no direction');
  const [q, l, u] = [direction.dq, direction.dl, direction.du].map((values) => Float64Array.from(values));
  return { P: sparse(direction.dP, n), q, A: sparse(direction.dA, n), l, u };
}

function cotangentsOf({ cotangent }: SmallProgram) {
  if (!cotangent) throw new Error('no cotangent');
  const [x, y, z] = [cotangent.gx, cotangent.gy, cotangent.gz].map((values) => Float64Array.from(values));
  return { x, y, z };
}

function compareDerivatives(one: SmallProgram, derivative: ProgramDerivative, expected: ProgramDerivatives): void {
  const tangent = runUninterrupted(derivative.tangent(directionsOf(one)));
  expect(tangent.singular).toBe(false);
  compare(tangent.x, expected.dx);
  compare(tangent.y, expected.dy);
  compare(tangent.z, expected.dz);
  const adjoint = runUninterrupted(derivative.adjoint(cotangentsOf(one)));
  expect(adjoint.singular).toBe(false);
  expect(adjoint.determined).toEqual({ P: true, q: true, A: true, l: true, u: true });
  const gradients = derivative.gradients(adjoint);
  compare(gradients.P, expected.grad_P);
  compare(gradients.q, expected.grad_q);
  compare(gradients.A, expected.grad_A);
  compare(gradients.l, expected.grad_l);
  compare(gradients.u, expected.grad_u);
}

for (const move of MOVES) {
  test.each(CASES.filter((one) => one.dx))(`$name: derivatives, solution moved by ${move}`, (one) => {
    const data = programData(one);
    const activity = classify(data, one, move);
    expect(activity.isPolished).toBe(true);
    expect(activity.kinks).toEqual([]);
    compareDerivatives(one, derive(data, activity), one as ProgramDerivatives);
  });

  test.each(CASES.filter((one) => one.elements))(`$name: all elements, solution moved by ${move}`, (one) => {
    const data = programData(one);
    const activity = classify(data, one, move);
    expect(activity.kinks).toEqual(one.weakly_active);
    compare(activity.solution.x, one.x, 1e-15);
    compare(activity.solution.y, one.y, 1e-15);
    for (const element of one.elements ?? []) {
      const shares = new Float64Array(one.m);
      for (const [place, row] of one.weakly_active.entries()) shares[row] = element.active_weak[place];
      compareDerivatives(one, derive(data, activity, shares), element);
    }
  });

  test.each(CASES)(`$name: certificate, solution moved by ${move}`, (one) => {
    const data = programData(one);
    const activity = classify(data, one, move);
    const certificate = runUninterrupted(certifyProgram(data, activity));
    expect(certificate.status).toBe(one.expected_certificate);
    if (certificate.status !== 'failed') return expect(certificate.nullVector).toBeUndefined();
    const isRows = one.name === 'weak-licq-fails' || one.name === 'duplicate-row';
    expect(certificate.test).toBe(isRows ? 'rows' : 'primal');
    const vector = certificate.nullVector as Float64Array;
    expect(Math.max(...vector.map(Math.abs))).toBe(1);
    if (isRows) {
      expect(Math.max(...multiplySparseTransposed(data.A, vector).map(Math.abs))).toBeLessThan(1e-15);
    } else {
      expect(Math.max(...multiplySparse(data.P, vector).map(Math.abs))).toBeLessThan(1e-15);
      const image = multiplySparse(data.A, vector);
      for (const row of one.strongly_active) expect(Math.abs(image[row])).toBeLessThan(1e-15);
    }
  });
}

test.each(CASES.filter((one) => one.elements))('$name: the interval is the range of the elements', (one) => {
  const data = programData(one);
  const activity = classify(data, one, 1e-9);
  const { low, high } = runUninterrupted(intervalOf(data, activity.solution, activity, cotangentsOf(one)));
  for (const name of ['P', 'q', 'A', 'l', 'u'] as const) {
    const all = (one.elements ?? []).map((element) => element[`grad_${name}`].flat());
    const range = (choose: (...values: number[]) => number) =>
      all[0].map((_, i) => choose(...all.map((values) => values[i])));
    compare(low?.[name] ?? [], range(Math.min));
    compare(high?.[name] ?? [], range(Math.max));
  }
});

test.each(CASES.filter((one) => one.one_sided))('$name: one-sided derivatives of the solver are elements', (one) => {
  const { direction } = one;
  if (!direction) throw new Error('no direction');
  const h = 1e-6;
  for (const { sign, element } of one.one_sided ?? []) {
    const step = sign * h;
    const along = (values: SmallProgram['l'], by: readonly number[]) =>
      values.map((value, i) => (value === null ? null : value + step * by[i]));
    const rows = (values: SmallProgram['A'], by: SmallProgram['A']) =>
      values.map((row, i) => row.map((value, j) => value + step * by[i][j]));
    const moved = programData({
      P: rows(one.P, direction.dP),
      q: one.q.map((value, j) => value + step * direction.dq[j]),
      A: rows(one.A, direction.dA),
      l: along(one.l, direction.dl),
      u: along(one.u, direction.du),
    });
    const result = runUninterrupted(solveProgram(moved, { absolute: 1e-12, relative: 0, limit: 200 }));
    const activity = runUninterrupted(classifyRows(moved, result, ACCURACY));
    expect(activity.kinks).toEqual([]);
    const expected = one.elements?.find(({ active_weak }) => active_weak.join() === element.join());
    compare(
      activity.solution.x.map((value, j) => (value - one.x[j]) / step),
      expected?.dx ?? [],
      1e-5,
    );
    compare(
      activity.solution.y.map((value, i) => (value - one.y[i]) / step),
      expected?.dy ?? [],
      1e-5,
    );
  }
});

test('generic-badly-scaled is generic, once its scales are undone', () => {
  const scaled = CASES.find(({ name }) => name === 'generic-badly-scaled') as SmallProgram;
  const generic = CASES.find(({ name }) => name === 'generic') as SmallProgram;
  const { row_scale: E = [], variable_scale: D = [], n, m } = scaled;
  const data = programData(scaled);
  for (const move of MOVES) {
    const activity = classify(data, scaled, move);
    expect(activity.kinks).toEqual([]);
    const derivative = derive(data, activity);
    const { x, y, z } = cotangentsOf(generic);
    const adjoint = runUninterrupted(
      derivative.adjoint({
        x: x.map((value, j) => value * D[j]),
        y: y.map((value, i) => value * E[i]),
        z: z.map((value, i) => value / E[i]),
      }),
    );
    const gradients = derivative.gradients(adjoint);
    const expected = generic as ProgramDerivatives;
    compare(
      gradients.q.map((value, j) => value * D[j]),
      expected.grad_q,
    );
    compare(
      gradients.P.map((value, at) => value * D[at % n] * D[Math.floor(at / n)]),
      expected.grad_P,
    );
    compare(
      gradients.A.map((value, at) => value * D[at % n] * E[Math.floor(at / n)]),
      expected.grad_A,
    );
    compare(
      gradients.l.map((value, i) => value * E[i]),
      expected.grad_l,
    );
    compare(
      gradients.u.map((value, i) => value * E[i]),
      expected.grad_u,
    );
    expect(gradients.l.length).toBe(m);
  }
});

test('the linear program of cone form', () => {
  const one = CONES.lp;
  const data = programData(boundedForm(one));
  for (const move of MOVES) {
    const activity = classify(data, one, move);
    const derivative = derive(data, activity);
    const tangent = runUninterrupted(
      derivative.tangent({ q: Float64Array.from(one.dc), A: sparse(one.dA, one.n), u: Float64Array.from(one.db) }),
    );
    compare(tangent.x, one.dx);
    compare(tangent.y, one.dy);
    compare(
      tangent.z.map((value, row) => one.db[row] - value),
      one.ds,
    );
    const { gx, gy, gs } = one.cotangent ?? { gx: [], gy: [], gs: [] };
    const adjoint = runUninterrupted(
      derivative.adjoint({
        x: Float64Array.from(gx),
        y: Float64Array.from(gy),
        z: Float64Array.from(gs, (value) => -value),
      }),
    );
    const gradients = derivative.gradients(adjoint);
    compare(gradients.q, one.grad_c);
    compare(gradients.A, one.grad_A);
    // s = b − z depends on b itself too.
    compare(
      gradients.u.map((value, row) => value + gs[row]),
      one.grad_b,
    );
  }
});

test.each(CONES.degenerate)('$name: certificate of cone form', (one) => {
  const data = programData(boundedForm(one));
  for (const move of MOVES) {
    const activity = classify(data, one, move);
    const certificate = runUninterrupted(certifyProgram(data, activity));
    expect(certificate.status).toBe(one.expected);
    if (certificate.status === 'failed') expect(certificate.test).toBe(one.rows_independent ? 'primal' : 'rows');
  }
});
