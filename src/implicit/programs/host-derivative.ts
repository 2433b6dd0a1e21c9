/** Gradients and tangents of a batch of programs on the host, in float64. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { isAtLower, type RowSelection } from './active-rows.ts';
import type { ProgramAdjoint, ProgramCotangents, ProgramTangent } from './derivative.ts';
import { type Directions, type GradientPlaces, gradientsOf, type ProgramGradients } from './directions.ts';
import type { SolvedSample } from './solved-sample.ts';
import type { AdjointRow } from './tensor-derivative.ts';

/** The gradients of one program. */
export interface SampleGradients
  extends ProgramGradients,
    Pick<ProgramAdjoint, 'residual' | 'singular' | 'determined'> {}

/** The gradients of one program: all 0 where the cotangent is, and NaN where the program was not solved. */
export function* gradientsOfSample(
  sample: SolvedSample,
  cotangents: ProgramCotangents,
  selection: RowSelection,
  places: GradientPlaces = {},
): Interruptible<SampleGradients> {
  const { data } = sample;
  const isZero = isZeroCotangent(cotangents);
  if (isZero || !sample.isSolved) {
    const fill = isZero ? 0 : Number.NaN;
    const [wu, wv, z] = [data.n, data.m, data.m].map((length) => new Float64Array(length).fill(fill));
    const none = new Float64Array(data.m);
    const states = Array.from(none, () => 'inactive' as const);
    const gradients = gradientsOf(data, { x: new Float64Array(data.n), y: none }, states, { wu, wv, z }, places);
    const known = { P: isZero, q: isZero, A: isZero, l: isZero, u: isZero };
    return { ...gradients, residual: isZero ? 0 : Number.NaN, singular: !isZero, determined: known };
  }
  const activity = yield* sample.classify();
  const derivative = yield* sample.differentiate(selection);
  const adjoint = yield* derivative.adjoint(cotangents);
  const { residual, singular, determined } = adjoint;
  const gradients = gradientsOf(data, activity.solution, activity.states, adjoint, places);
  return { ...gradients, residual, singular, determined };
}

/**
 * Solves the adjoint system of one program: 0 where the cotangent is, and NaN where the program was not solved.
 * @param found what a kernel found, at the active rows of the solution; undefined where it found nothing
 */
export function* adjointOfSample(
  sample: SolvedSample,
  cotangents: Required<ProgramCotangents>,
  selection: RowSelection,
  found: Pick<AdjointRow, 'wu' | 'wv' | 'residual'> | undefined,
): Interruptible<AdjointRow> {
  const [n, m] = [cotangents.x.length, cotangents.y.length];
  const isZero = isZeroCotangent(cotangents);
  if (isZero || !sample.isSolved) {
    const fill = (length: number): Float64Array => new Float64Array(length).fill(isZero ? 0 : Number.NaN);
    const [x, y, atLower] = [n, m, m].map((length) => new Float64Array(length));
    return { wu: fill(n), wv: fill(m), x, y, atLower, residual: isZero ? 0 : Number.NaN, singular: !isZero };
  }
  const { states, solution } = yield* sample.classify();
  const { x, y } = solution;
  const atLower = Float64Array.from(states, (state) => Number(isAtLower(state)));
  if (found) return { ...found, x, y, atLower, singular: false };
  const derivative = yield* sample.differentiate(selection);
  const { wu, wv, residual, singular } = yield* derivative.adjoint(cotangents);
  return { wu, wv, x, y, atLower, residual, singular };
}

function isZeroCotangent({ x, y, z }: ProgramCotangents): boolean {
  return [x, y, z].every((numbers) => !numbers?.some((value) => value !== 0));
}

/** The tangent of one program: NaN where the program was not solved. */
export function* tangentOfSample(
  sample: SolvedSample,
  directions: Directions,
  selection: RowSelection,
): Interruptible<ProgramTangent> {
  if (sample.isSolved) {
    const derivative = yield* sample.differentiate(selection);
    return yield* derivative.tangent(directions);
  }
  const [x, y, z] = [sample.data.n, sample.data.m, sample.data.m].map((length) =>
    new Float64Array(length).fill(Number.NaN),
  );
  const determined = { x: false, y: false, z: false };
  return { x, y, z, residual: Number.NaN, singular: true, determined };
}
