/** Gradients and tangents of cone programs on the host, in float64. */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { Determined, GradientPlaces } from '../programs/directions.ts';
import type { AdjointRow, TangentRow } from '../programs/tensor-derivative.ts';
import type { ConeDatumName } from './data.ts';
import type { ConeAdjoint, ConeCotangents, ConeTangent, DerivativeChoice } from './derivative.ts';
import { type ConeDirections, type ConeGradients, gradientsOf } from './directions.ts';
import type { KernelAdjoint } from './kernel-derivative.ts';
import type { SolvedCone } from './solved-cone.ts';

/** The gradients of one cone program. What is not determined is NaN, unless `leastNorm` asks for it. */
export interface SampleConeGradients extends ConeGradients, Pick<ConeAdjoint, 'residual' | 'singular' | 'determined'> {}

/** What the gradients of one program are put together from. */
interface Adjoint extends Omit<ConeAdjoint, 'determined'> {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly determined: Determined<ConeDatumName>;
}

/** 0 where the cotangent is, NaN where the program was not solved, and what is not determined as the choice says. */
function* solveAdjoint(
  sample: SolvedCone,
  cotangents: ConeCotangents,
  { selection, leastNorm }: DerivativeChoice,
): Interruptible<Adjoint> {
  const isZero = isZeroCotangent(cotangents);
  if (isZero || !sample.isSolved) {
    const { n, m } = sample.data;
    const [wu, wv] = [n, m].map((length) => new Float64Array(length).fill(isZero ? 0 : Number.NaN));
    const determined = { P: isZero, A: isZero, b: isZero, c: isZero };
    const residual = isZero ? 0 : Number.NaN;
    return { wu, wv, x: new Float64Array(n), y: new Float64Array(m), residual, singular: !isZero, determined };
  }
  const { likely } = yield* sample.examine();
  const derivative = yield* sample.differentiate(selection, leastNorm);
  const adjoint = yield* derivative.adjoint(cotangents);
  const { x, y } = likely.point;
  if (leastNorm) return { ...adjoint, x, y };
  const { wu, wv, determined } = adjoint;
  return {
    ...adjoint,
    x,
    y,
    wu: determined.c ? wu : wu.map(() => Number.NaN),
    wv: determined.b ? wv : wv.map(() => Number.NaN),
  };
}

export function* gradientsOfSample(
  sample: SolvedCone,
  cotangents: ConeCotangents,
  choice: DerivativeChoice,
  places: GradientPlaces = {},
): Interruptible<SampleConeGradients> {
  const { residual, singular, determined, ...adjoint } = yield* solveAdjoint(sample, cotangents, choice);
  return { ...gradientsOf(sample.data, adjoint, adjoint, places), residual, singular, determined };
}

/**
 * @param wanted the data whose gradients are asked for: where one of them is not determined, the system counts as singular
 * @param found what a kernel found, at a solution that is far from kinks; absent where it found nothing
 */
export function* adjointOfSample(
  sample: SolvedCone,
  cotangents: Required<ConeCotangents>,
  choice: DerivativeChoice,
  wanted: readonly ConeDatumName[],
  found?: KernelAdjoint,
): Interruptible<AdjointRow> {
  if (found) {
    const { wu, wv, residual } = found;
    return { wu, wv, x: sample.result.x, y: sample.result.y, residual, singular: false };
  }
  const { wu, wv, x, y, residual, singular, determined } = yield* solveAdjoint(sample, cotangents, choice);
  const isWhole = wanted.every((name) => determined[name]);
  return { wu, wv, x, y, residual, singular: isRefused({ residual, singular }, isWhole, choice) };
}

/** @param isWhole whether all that is asked for is determined */
function isRefused(
  { residual, singular }: Pick<ConeAdjoint, 'residual' | 'singular'>,
  isWhole: boolean,
  { leastNorm }: DerivativeChoice,
): boolean {
  // A solution of least norm has a residual, and nothing has none.
  return leastNorm ? singular && Number.isNaN(residual) : singular || !isWhole;
}

function isZeroCotangent({ x, y, s }: ConeCotangents): boolean {
  return [x, y, s].every((numbers) => !numbers?.some((value) => value !== 0));
}

/** The tangent of one program: NaN where the program was not solved, and what is not determined as the choice says. */
export function* tangentOfSample(
  sample: SolvedCone,
  directions: ConeDirections,
  { selection, leastNorm }: DerivativeChoice,
): Interruptible<ConeTangent> {
  const { n, m } = sample.data;
  if (!sample.isSolved) {
    const [x, y, s] = [n, m, m].map((length) => new Float64Array(length).fill(Number.NaN));
    return { x, y, s, residual: Number.NaN, singular: true, determined: { x: false, y: false, s: false } };
  }
  const derivative = yield* sample.differentiate(selection, leastNorm);
  const tangent = yield* derivative.tangent(directions);
  if (leastNorm) return tangent;
  const known = (name: 'x' | 'y' | 's'): Float64Array =>
    tangent.determined[name] ? tangent[name] : tangent[name].map(() => Number.NaN);
  return { ...tangent, x: known('x'), y: known('y'), s: known('s') };
}

/** The tangent as the rows of tensors take it: singular where a part of it is not determined. */
export function* tangentRowOfSample(
  sample: SolvedCone,
  directions: ConeDirections,
  choice: DerivativeChoice,
): Interruptible<TangentRow> {
  const { x, y, s, residual, singular, determined } = yield* tangentOfSample(sample, directions, choice);
  const isWhole = Object.values(determined).every(Boolean);
  return { parts: [x, y, s], residual, singular: isRefused({ residual, singular }, isWhole, choice) };
}
