/** Certificates near the edge of what rounding decides, intervals that are refused, and programs without rows. */
import { expect, test } from 'vitest';
import { runUninterrupted } from '../../../src/backends/event-loop.ts';
import { classifyRows, type RowActivity } from '../../../src/implicit/programs/active-rows.ts';
import { createDerivative } from '../../../src/implicit/programs/derivative.ts';
import { certifyProgram } from '../../../src/implicit/programs/hypothesis.ts';
import { intervalOf } from '../../../src/implicit/programs/interval.ts';
import type { ProgramData } from '../../../src/solvers/programs/problem.ts';
import { programData } from '../../support/programs.ts';

const IDENTITY = [
  [1, 0],
  [0, 1],
];

function classify(data: ProgramData, x: number[], y: number[], accuracy = Number.EPSILON): RowActivity {
  const solution = { x: Float64Array.from(x), y: Float64Array.from(y) };
  return runUninterrupted(classifyRows(data, solution, accuracy));
}

/** Two equalities that differ by δ, at x = 0 with y = (1, 1). */
function nearlyDependent(delta: number, accuracy = Number.EPSILON) {
  const A = [
    [1, 1],
    [1, 1 + delta],
  ];
  const data = programData({ P: IDENTITY, q: [-2, -2 - delta], A, l: [0, 0], u: [0, 0] });
  return runUninterrupted(certifyProgram(data, classify(data, [0, 0], [1, 1], accuracy)));
}

test.each([
  [0, 'failed'],
  [2 ** -52, 'failed'],
  [1e-14, 'unknown'],
  [1e-12, 'certified'],
  [1e-6, 'certified'],
])('rows that differ by %d: %s', (delta, expected) => {
  const certificate = nearlyDependent(delta);
  expect(certificate.status).toBe(expected);
  expect(certificate.nearlySingular).toBe(delta < 1e-12);
});

test('what the accuracy of the data leaves open is unknown', () => {
  expect(nearlyDependent(1e-8, 2 ** -23).status).toBe('unknown');
  expect(nearlyDependent(0, 2 ** -23).status).toBe('failed');
  expect(nearlyDependent(1e-3, 2 ** -23).status).toBe('certified');
});

test.each([
  [0, 'failed'],
  [1e-14, 'unknown'],
  [1e-11, 'certified'],
])('P with the eigenvalue %d: %s', (eigenvalue, expected) => {
  // Both variables have curvature 1, so that no scaling hides that their difference has almost none.
  const [near, far] = [1, 1 - eigenvalue];
  const P = [
    [near, far],
    [far, near],
  ];
  const data = programData({ P, q: [0, 0], A: [[1, 1]], l: [-1], u: [1] });
  const certificate = runUninterrupted(certifyProgram(data, classify(data, [0, 0], [0])));
  expect(certificate.status).toBe(expected);
  if (expected === 'failed') expect(certificate.reason).toMatch(/variables 0 and 1, and no row is strongly active/);
});

test('curvature of very different sizes is no flat direction', () => {
  const P = [
    [1, 0],
    [0, 1e-20],
  ];
  const data = programData({ P, q: [0, 0], A: [[1, 1]], l: [-1], u: [1] });
  expect(runUninterrupted(certifyProgram(data, classify(data, [0, 0], [0]))).status).toBe('certified');
});

test('a program without rows', () => {
  const data = programData({ P: IDENTITY, q: [1, 2], A: [], l: [], u: [] });
  const activity = classify(data, [-1, -2], []);
  expect(runUninterrupted(certifyProgram(data, activity)).status).toBe('certified');
  const derivative = runUninterrupted(createDerivative(data, activity.solution, activity, 0));
  const adjoint = runUninterrupted(derivative.adjoint({ x: Float64Array.of(1, 3) }));
  expect(Array.from(derivative.gradients(adjoint).q)).toEqual([-1, -3]);
});

test('a row of zeros that is active leaves its multiplier open', () => {
  const A = [
    [0, 0],
    [1, 0],
  ];
  const data = programData({ P: IDENTITY, q: [-1, 0], A, l: [0, null], u: [null, 0.5] });
  const certificate = runUninterrupted(certifyProgram(data, classify(data, [0.5, 0], [0, 0.5])));
  expect(certificate.status).toBe('failed');
  expect(certificate.reason).toMatch(/row 0 of A is active and is 0/);
  expect(Array.from(certificate.nullVector ?? [])).toEqual([1, 0]);
});

test('an interval over more kinks than the limit is refused, and none is given where an element may be singular', () => {
  const weak = programData({ P: IDENTITY, q: [0, 0], A: IDENTITY, l: [0, 0], u: [null, null] });
  const activity = classify(weak, [0, 0], [0, 0]);
  expect(activity.kinks).toEqual([0, 1]);
  const cotangents = { x: Float64Array.of(1, 1) };
  expect(() => runUninterrupted(intervalOf(weak, activity.solution, activity, cotangents, 1))).toThrow(
    /2 rows are weakly active; at most 1/,
  );
  const range = runUninterrupted(intervalOf(weak, activity.solution, activity, cotangents, 2));
  expect(Array.from(range.low?.q ?? [])).toEqual([-1, -1]);
  expect(Array.from(range.high?.q ?? []).map(Math.abs)).toEqual([0, 0]);
  const flat = programData({ P: [[0]], q: [0], A: [[1]], l: [0], u: [null] });
  const atKink = classify(flat, [0], [0]);
  const refused = runUninterrupted(intervalOf(flat, atKink.solution, atKink, { x: Float64Array.of(1) }));
  expect(refused.low).toBeUndefined();
  expect(refused.reason).toMatch(/no interval is known/);
});
