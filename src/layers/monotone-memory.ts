/** What a monotone layer remembers between training steps: the step size α, iteration counts and solutions. */
import { type TunedStep, type TuningOptions, tunedStep } from '../implicit/tuning.ts';
import type { LinearMap } from '../solvers/linear-map.ts';
import type { SolveReport } from '../solvers/report.ts';
import type { Engine } from '../tensor/engine.ts';
import { elementwise, reduceAxes } from '../tensor/kernels.ts';
import { gatherRows, scatterRows } from '../tensor/move-kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Memory, TrainingPass } from './layer.ts';

/** α is tuned again when iterations grow by more than this factor, plus one. */
const GROWTH = 1.25;

const NAMES = {
  step: 'step',
  tunedAt: 'training step at which the step was tuned',
  tunedIterations: 'iterations with the tuned step',
  seen: 'training steps whose iterations were seen',
  last: 'iterations last seen',
  before: 'iterations seen before',
  solutions: 'solutions',
  inverse: 'inverse',
} as const;

/** The step size α of the last tuning. */
export function rememberedStep({ numbers }: Memory): number | undefined {
  return numbers.get(NAMES.step);
}

/**
 * Whether α has to be tuned: the first time, and when iterations have grown since. The decision uses the step before
 * the last one, even if the last one has been read back already, so that a resumed run decides alike.
 */
export function isTuningDue({ numbers }: Memory, step: number): boolean {
  const tunedAt = numbers.get(NAMES.tunedAt);
  if (tunedAt === undefined) return true;
  const iterations = numbers.get(numbers.get(NAMES.seen) === step ? NAMES.before : NAMES.last);
  const base = numbers.get(NAMES.tunedIterations);
  if (iterations === undefined || base === undefined || step < tunedAt + 2) return false;
  return iterations > GROWTH * base + 1;
}

export async function tuneStep(
  memory: Memory,
  step: number,
  W: LinearMap,
  b: Tensor,
  options: TuningOptions,
): Promise<TunedStep> {
  const tuned = await tunedStep(W, b, options);
  const { numbers } = memory;
  if (tuned.step !== undefined) numbers.set(NAMES.step, tuned.step);
  numbers.set(NAMES.tunedAt, step);
  numbers.set(NAMES.tunedIterations, tuned.iterations);
  return tuned;
}

/** Remembers the mean number of iterations of a training step, and that of the step before. */
export function rememberIterations({ numbers }: Memory, step: number, { samples }: SolveReport): void {
  const mean = samples.reduce((sum, { iterations }) => sum + iterations, 0) / samples.length;
  const last = numbers.get(NAMES.last);
  if (last !== undefined) numbers.set(NAMES.before, last);
  numbers.set(NAMES.last, mean);
  numbers.set(NAMES.seen, step + 1);
}

/** The resolvent V of the last training step: the next one is close to it. */
export function rememberedResolvent({ tensors }: Memory): readonly Tensor[] | undefined {
  const inverse = tensors.get(NAMES.inverse);
  return inverse && [inverse];
}

/**
 * @param inverse undefined if the solver needs none. Not remembered on a host backend, which computes it faster from
 *   scratch
 */
export function rememberResolvent({ tensors }: Memory, [inverse]: readonly Tensor[], engine: Engine): void {
  if (inverse && !engine.runsOnHost) replaceTensor(tensors, NAMES.inverse, engine.keepAlias(inverse));
}

function replaceTensor(tensors: Memory['tensors'], name: string, tensor: Tensor): void {
  tensors.get(name)?.dispose();
  tensors.set(name, tensor);
}

/**
 * none: start at 0. step: start at the mean solution of the last training step. sample: start at the sample's last
 * solution.
 */
export type WarmStart = 'none' | 'step' | 'sample';

/** Where the solve of b, [batch, n], starts; a sample that was not visited yet starts at 0. */
export function warmStart(kind: WarmStart, memory: Memory, { rows }: TrainingPass, b: Tensor): Tensor | undefined {
  const solutions = memory.tensors.get(NAMES.solutions);
  if (kind === 'none' || !solutions) return undefined;
  // After a step there is a single row, for all samples.
  const indices = kind === 'step' ? new Float32Array(rows.length) : rows;
  return gatherRows(solutions, b.context.upload(indices, [rows.length], b));
}

export function rememberSolutions(
  kind: WarmStart,
  { tensors }: Memory,
  { rows, count }: TrainingPass,
  z: Tensor,
  engine: Engine,
): void {
  if (kind === 'none') return;
  if (kind === 'step') {
    const [batch, n] = z.shape;
    const mean = elementwise('scale', [reduceAxes('sum', [z], 0, 1)], [1 / batch, 0]);
    replaceTensor(tensors, NAMES.solutions, engine.keepAlias(engine.alias(mean, [1, n])));
  } else {
    const before = tensors.get(NAMES.solutions);
    const store = before ?? z.context.constant({ kind: 'fill', value: 0 }, [count, z.shape[1]]);
    const updated = scatterRows(store, z, z.context.upload(rows, [rows.length], z));
    replaceTensor(tensors, NAMES.solutions, engine.keepAlias(updated));
    if (!before) store.dispose();
  }
}
