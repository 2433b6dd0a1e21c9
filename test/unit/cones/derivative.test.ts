/** Derivatives, certificates and intervals of cone programs at solutions that were computed elsewhere. */
import { describe, expect, test } from 'vitest';
import { runUninterrupted } from '../../../src/backends/event-loop.ts';
import { findActivities } from '../../../src/implicit/cones/activity.ts';
import { createConeDerivative } from '../../../src/implicit/cones/derivative.ts';
import { gradientsOf } from '../../../src/implicit/cones/directions.ts';
import { certifyConeProgram } from '../../../src/implicit/cones/hypothesis.ts';
import { intervalOf } from '../../../src/implicit/cones/interval.ts';
import degenerate from '../../fixtures/cone-degenerate.json';
import programs from '../../fixtures/cone-programs.json';
import {
  coneDataOf,
  coneDirectionsOf,
  conePointOf,
  type GivenCotangent,
  type GivenDirection,
  type GivenPoint,
  type GivenProgram,
} from '../../support/given-cones.ts';
import { difference } from '../../support/cone-projections.ts';

type Rows = readonly (readonly number[])[];

interface Derivatives {
  readonly dx: readonly number[];
  readonly dy: readonly number[];
  readonly ds: readonly number[];
  readonly grad_A: Rows;
  readonly grad_b: readonly number[];
  readonly grad_c: readonly number[];
  readonly grad_P?: Rows;
}

interface Case extends GivenProgram, GivenPoint {
  readonly direction: GivenDirection;
  readonly cotangent: GivenCotangent;
}

const SMOOTH = programs.cases as unknown as (Case & Derivatives)[];

interface Degenerate extends Case {
  readonly expected: 'certified' | 'failed';
  readonly elements?: readonly (Derivatives & { readonly d: number })[];
}

const DEGENERATE = degenerate.cases as unknown as Degenerate[];

const choice = (selection: number) => ({ selection, leastNorm: false });

function expectDerivatives(program: Case, expected: Derivatives, selection: number, tolerance: number): void {
  const data = coneDataOf(program);
  const point = conePointOf(program);
  const { likely } = runUninterrupted(findActivities(data, point, Number.EPSILON));
  const derivative = runUninterrupted(createConeDerivative(data, likely, choice(selection)));
  const scale = (values: readonly number[]): number => tolerance * Math.max(1, ...values.map(Math.abs));
  const { x, y, s } = runUninterrupted(derivative.tangent(coneDirectionsOf(program.direction)));
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
  const data = coneDataOf(program);
  const activities = runUninterrupted(findActivities(data, conePointOf(program), Number.EPSILON));
  expect(activities.most.kinks).toEqual([]);
  const certificate = runUninterrupted(certifyConeProgram(data, activities));
  expect(certificate.reason).toBe('Aᵀ is injective on ker(I − J) of J, and P is positive definite on ker(JA) of J');
  expect(certificate.status).toBe('certified');
});

describe.each(DEGENERATE)('$name', (program) => {
  const data = coneDataOf(program);
  const point = conePointOf(program);

  test('the certificate', () => {
    const activities = runUninterrupted(findActivities(data, point, Number.EPSILON));
    const { status, test: named, nullVector, reason } = runUninterrupted(certifyConeProgram(data, activities));
    expect(reason).not.toBe('');
    expect(status).toBe(program.expected);
    expect(named === undefined).toBe(status === 'certified');
    expect(nullVector === undefined).toBe(status === 'certified');
  });

  test.runIf(program.elements)('derivatives of each element between the ends', () => {
    for (const element of program.elements ?? []) expectDerivatives(program, element, element.d, 1e-7);
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
