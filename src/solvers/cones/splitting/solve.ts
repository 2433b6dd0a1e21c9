/** Solves a cone program over any cones by splitting and Newton's method, or shows that it has no solution. */
import type { Interruptible } from '../../../backends/event-loop.ts';
import { Sum } from '../../programs/compensated.ts';
import { largestMagnitude } from '../../programs/residuals.ts';
import { multiply, transpose } from '../../programs/sparse.ts';
import { checkInfeasibility, checkUnboundedness } from '../certificates.ts';
import type { ConeData, ConePoint, ConeSettings } from '../problem.ts';
import { distanceTo } from '../residuals.ts';
import { type ScaledProgram, scaleProgram } from '../scaling.ts';
import { findInfeasibility } from './infeasibility.ts';
import { type CertificateSearch, type SplittingRun, SplittingSolve } from './iterations.ts';
import { findUnboundedness } from './unboundedness.ts';

/** How far a change of the iterates may be from a certificate, relative to its size, to raise suspicion. */
const ROUGH = 0.05;
/** How large its product with b or c must be, relative to the terms. */
const LEAST_PRODUCT = 1e-3;

export interface FoundCertificate {
  readonly status: 'infeasible' | 'unbounded';
  readonly vector: Float64Array;
}

export function* solveBySplitting(
  data: ConeData,
  start: ConePoint,
  settings: ConeSettings,
): Interruptible<SplittingRun<FoundCertificate>> {
  const scaled = yield* scaleProgram(data);
  yield;
  const search = searchFor(data, scaled, settings);
  yield;
  const solve = yield* SplittingSolve.of(data, scaled, settings, start, search);
  return yield* solve.run();
}

/** Finds certificates of the scaled program, and returns those that hold in the given one. */
function searchFor(
  given: ConeData,
  { data, rows, variables }: ScaledProgram,
  settings: ConeSettings,
): CertificateSearch<FoundCertificate> {
  const isCutShort = (): boolean => settings.isCutShort?.() === true;
  const At = transpose(data.A);
  return function* (at, change) {
    if (seemsInfeasible(data, At, change.y)) {
      const y = yield* findInfeasibility(data, at.x, isCutShort);
      const vector =
        y &&
        checkInfeasibility(
          given,
          y.map((value, i) => value * rows[i]),
        );
      if (vector) return { status: 'infeasible', vector };
    }
    if (seemsUnbounded(data, change.x)) {
      const x = yield* findUnboundedness(data, change.x, isCutShort);
      const vector =
        x &&
        checkUnboundedness(
          given,
          x.map((value, j) => value * variables[j]),
        );
      if (vector) return { status: 'unbounded', vector };
    }
    return undefined;
  };
}

/** The changes of y are in K* in the limit by themselves (Banjac and others, 2019), so that is not asked. */
function seemsInfeasible({ b }: ConeData, At: ConeData['A'], y: Float64Array): boolean {
  return isDescent(b, y) && largestMagnitude(multiply(At, y)) <= ROUGH * largestMagnitude(y);
}

function seemsUnbounded({ P, c, A, blocks }: ConeData, x: Float64Array): boolean {
  if (!isDescent(c, x)) return false;
  const size = ROUGH * largestMagnitude(x);
  const slack = multiply(A, x).map((value) => -value);
  return largestMagnitude(multiply(P, x)) <= size && distanceTo(blocks, slack) <= size;
}

function isDescent(a: Float64Array, x: Float64Array): boolean {
  const terms = a.reduce((sum, value, i) => sum + Math.abs(value * x[i]), 0);
  return new Sum().addDot(a, x).value < -LEAST_PRODUCT * terms;
}
