/** Derivatives, certificates and intervals of cone programs at solutions that were computed elsewhere. */
import { describe, expect, test } from 'vitest';
import { runUninterrupted } from '../../../src/backends/event-loop.ts';
import { createConeDerivative } from '../../../src/implicit/cones/derivative.ts';
import { type ConeDirections, gradientsOf } from '../../../src/implicit/cones/directions.ts';
import { findActivities } from '../../../src/implicit/cones/find-activities.ts';
import { certifyConeProgram } from '../../../src/implicit/cones/hypothesis.ts';
import { intervalOf } from '../../../src/implicit/cones/interval.ts';
import type { ConePoint } from '../../../src/solvers/cones/problem.ts';
import { sparseFromRows } from '../../../src/solvers/programs/sparse.ts';
import {
  type ConeCotangent,
  type ConeDerivatives,
  type ConeDirection,
  coneDataFrom,
  loadDegenerateCones,
  loadDifferentiatedCones,
  type SolvedConeProgram,
} from '../../fixtures/load-cones.ts';
import { difference } from '../../support/cone-projections.ts';

/** A program with its solution, a direction of its data and a cotangent. */
type Case = SolvedConeProgram & { readonly direction: ConeDirection; readonly cotangent: ConeCotangent };

const SMOOTH = loadDifferentiatedCones().map((program) => ({ ...program, direction: program }));
const DEGENERATE = loadDegenerateCones();

function pointOf({ x, y, s }: SolvedConeProgram): ConePoint {
  return { x: Float64Array.from(x), y: Float64Array.from(y), s: Float64Array.from(s) };
}

function directionsOf({ dP, dA, db, dc }: ConeDirection): ConeDirections {
  const n = dc.length;
  return {
    ...(dP && { P: sparseFromRows(dP.flat(), n, n) }),
    A: sparseFromRows(dA.flat(), db.length, n),
    b: Float64Array.from(db),
    c: Float64Array.from(dc),
  };
}

const choice = (selection: number) => ({ selection, leastNorm: false });

function expectDerivatives(program: Case, expected: ConeDerivatives, selection: number, tolerance: number): void {
  const data = coneDataFrom(program);
  const point = pointOf(program);
  const { likely } = runUninterrupted(findActivities(data, point, Number.EPSILON));
  const derivative = runUninterrupted(createConeDerivative(data, likely, choice(selection)));
  const scale = (values: readonly number[]): number => tolerance * Math.max(1, ...values.map(Math.abs));
  const { x, y, s } = runUninterrupted(derivative.tangent(directionsOf(program.direction)));
  expect(difference(x, expected.dx)).toBeLessThan(scale(expected.dx));
  expect(difference(y, expected.dy)).toBeLessThan(scale(expected.dy));
  expect(difference(s, expected.ds)).toBeLessThan(scale(expected.ds));
  const { gx, gy, gs } = program.cotangent;
  const cotangents = { x: Float64Array.from(gx), y: Float64Array.from(gy), s: Float64Array.from(gs) };
  const adjoint = runUninterrupted(derivative.adjoint(cotangents));
  expect(adjoint.singular).toBe(false);
  const gradients = gradientsOf(data, point, adjoint);
  for (const name of ['A', 'b', 'c', 'P'] as const) {
    const wanted = expected[`grad_${name}`]?.flat();
    if (wanted) expect(difference(gradients[name], wanted)).toBeLessThan(scale(wanted));
  }
}

test.each(SMOOTH)('$name: derivatives, and a certificate', (program) => {
  expectDerivatives(program, program, 0, 1e-10);
  const data = coneDataFrom(program);
  const activities = runUninterrupted(findActivities(data, pointOf(program), Number.EPSILON));
  expect(activities.most.kinks).toEqual([]);
  const certificate = runUninterrupted(certifyConeProgram(data, activities));
  expect(certificate.reason).toBe('Aᵀ is injective on ker(I − J) of J, and P is positive definite on ker(JA) of J');
  expect(certificate.status).toBe('certified');
});

test.each(DEGENERATE.filter(({ elements }) => elements))(
  '$name: derivatives of each element between the ends',
  (program) => {
    for (const element of program.elements ?? []) expectDerivatives(program as Case, element, element.d, 1e-7);
  },
);

describe.each(DEGENERATE)('$name', (program) => {
  const data = coneDataFrom(program);
  const point = pointOf(program);

  test('the certificate', () => {
    const activities = runUninterrupted(findActivities(data, point, Number.EPSILON));
    const { status, test: named, nullVector, reason } = runUninterrupted(certifyConeProgram(data, activities));
    expect(reason).not.toBe('');
    expect(status).toBe(program.expected);
    expect(named === undefined).toBe(status === 'certified');
    expect(nullVector === undefined).toBe(status === 'certified');
  });

  test('the range of a gradient', () => {
    const activities = runUninterrupted(findActivities(data, point, Number.EPSILON));
    const { gx, gy, gs } = program.cotangent ?? { gx: program.x, gy: program.y, gs: program.s };
    const cotangents = { x: Float64Array.from(gx), y: Float64Array.from(gy), s: Float64Array.from(gs) };
    const { low, high, reason, certificate } = runUninterrupted(intervalOf(data, activities, cotangents));
    const isOfSegments = activities.likely.kinks.every(({ kind }) => kind === 'segment');
    expect(low !== undefined).toBe(certificate.status === 'certified' && isOfSegments);
    expect(reason === undefined).toBe(low !== undefined);
    if (!low || !high) return;
    for (const element of program.elements ?? []) {
      for (const name of ['A', 'b', 'c'] as const) {
        for (const [index, value] of (element[`grad_${name}`] as readonly number[]).flat().entries()) {
          expect(value).toBeGreaterThan(low[name][index] - 1e-7 * Math.max(1, Math.abs(value)));
          expect(value).toBeLessThan(high[name][index] + 1e-7 * Math.max(1, Math.abs(value)));
        }
      }
    }
  });
});
