/** What a monotone layer remembers from step to step of training: the step α, how many iterations solves took, and solutions. */
import { type TunedStep, type TuningOptions, tunedStep } from '../implicit/tuning.ts';
import type { LinearMap } from '../solvers/linear-map.ts';
import type { SolveReport } from '../solvers/report.ts';
import type { Engine } from '../tensor/engine.ts';
import { elementwise, reduceAxes } from '../tensor/kernels.ts';
import { gatherRows, scatterRows } from '../tensor/move-kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Memory, TrainingPass } from './layer.ts';

/** Iterations may grow by this factor, and by one, before α is tuned again. */
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

/** α of the last tuning. */
export function rememberedStep({ numbers }: Memory): number | undefined {
  return numbers.get(NAMES.step);
}

/**
 * Whether α has to be tuned: at first, and when iterations have grown since. Judged by the step of training before the
 * last one, also where the last one has been read back already, so that a run that was interrupted decides alike.
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

/** Keeps the mean iterations of a step of training, and of the one before it. */
export function rememberIterations({ numbers }: Memory, step: number, { samples }: SolveReport): void {
  const mean = samples.reduce((sum, { iterations }) => sum + iterations, 0) / samples.length;
  const last = numbers.get(NAMES.last);
  if (last !== undefined) numbers.set(NAMES.before, last);
  numbers.set(NAMES.last, mean);
  numbers.set(NAMES.seen, step + 1);
}

/** V of the last step of training: that of the next one is near it. */
export function rememberedResolvent({ tensors }: Memory): readonly Tensor[] | undefined {
  const inverse = tensors.get(NAMES.inverse);
  return inverse && [inverse];
}

/** @param inverse absent where the solver needs none; a sequential backend has a faster way than to start from it */
export function rememberResolvent({ tensors }: Memory, [inverse]: readonly Tensor[], engine: Engine): void {
  if (inverse && !engine.runsOnHost) replace(tensors, NAMES.inverse, engine.kept(inverse));
}

function replace(tensors: Memory['tensors'], name: string, tensor: Tensor): void {
  tensors.get(name)?.dispose();
  tensors.set(name, tensor);
}

/** At 0, at the mean of the solutions of the last step of training, or at the solution of the sample's last visit. */
export type WarmStart = 'none' | 'step' | 'sample';

/** A start for the solve of b, [batch, n]; zeros for a sample that was not visited yet. */
export function warmStart(kind: WarmStart, memory: Memory, { rows }: TrainingPass, b: Tensor): Tensor | undefined {
  const solutions = memory.tensors.get(NAMES.solutions);
  if (kind === 'none' || !solutions) return undefined;
  // Of the last step there is one row, for all of these.
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
    replace(tensors, NAMES.solutions, engine.kept(engine.alias(mean, [1, n])));
  } else {
    const before = tensors.get(NAMES.solutions);
    const store = before ?? z.context.constant({ kind: 'fill', value: 0 }, [count, z.shape[1]]);
    const updated = scatterRows(store, z, z.context.upload(rows, [rows.length], z));
    replace(tensors, NAMES.solutions, engine.kept(updated));
    if (!before) store.dispose();
  }
}
