/** Gradients and tangents of a batch of programs on the host, in float64. */
import { type Interruptible, runInTurns } from '../../backends/event-loop.ts';
import type { LimitedRun } from '../run-limits.ts';
import type { RowSelection } from './active-rows.ts';
import type { ProgramAdjoint, ProgramCotangents, ProgramTangent } from './derivative.ts';
import { type Directions, gradientsOf, type ProgramGradients, sparseGradientsOf } from './directions.ts';
import type { SolvedSample } from './solved-sample.ts';

/** The gradients of one program. */
export type SampleGradients = ProgramGradients & Pick<ProgramAdjoint, 'residual' | 'singular' | 'determined'>;

/**
 * The gradients of one program: all 0 where the cotangent is, and NaN where the program was not solved.
 * @param form dense: of all entries of P and A. stored: of their stored entries
 */
export function* gradientsOfSample(
  sample: SolvedSample,
  cotangents: ProgramCotangents,
  selection: RowSelection,
  form: 'dense' | 'stored',
): Interruptible<SampleGradients> {
  const { data } = sample;
  const collect = form === 'dense' ? gradientsOf : sparseGradientsOf;
  const isZero = [cotangents.x, cotangents.y, cotangents.z].every((numbers) => !numbers?.some((value) => value !== 0));
  if (isZero || !sample.isSolved) {
    const fill = isZero ? 0 : Number.NaN;
    const [wu, wv, z] = [data.n, data.m, data.m].map((length) => new Float64Array(length).fill(fill));
    const none = new Float64Array(data.m);
    const states = Array.from(none, () => 'inactive' as const);
    const gradients = collect(data, { x: new Float64Array(data.n), y: none }, states, { wu, wv, z });
    const known = { P: isZero, q: isZero, A: isZero, l: isZero, u: isZero };
    return { ...gradients, residual: isZero ? 0 : Number.NaN, singular: !isZero, determined: known };
  }
  const activity = yield* sample.classify();
  const derivative = yield* sample.differentiate(selection);
  const adjoint = yield* derivative.adjoint(cotangents);
  const { residual, singular, determined } = adjoint;
  return { ...collect(data, activity.solution, activity.states, adjoint), residual, singular, determined };
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

/**
 * The result for each program, in turns with other tasks.
 * @returns undefined for the programs for which no time was left
 */
export async function computeEachSample<Result>(
  samples: readonly SolvedSample[],
  run: LimitedRun,
  compute: (sample: SolvedSample, index: number) => Interruptible<Result>,
): Promise<(Result | undefined)[]> {
  const results: (Result | undefined)[] = [];
  for (const [index, sample] of samples.entries()) {
    results.push(run.isCutShort?.() ? undefined : await runInTurns(compute(sample, index), run.signal));
  }
  return results;
}
