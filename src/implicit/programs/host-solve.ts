/** Solves a batch of programs in float64, in turns with other tasks: on the host, where no kernel has solved them. */
import { runInTurns } from '../../backends/event-loop.ts';
import { checkConvexity } from '../../solvers/programs/convexity.ts';
import { solveProgram } from '../../solvers/programs/interior-point.ts';
import type { ProgramData, ProgramResult, SparseMatrix } from '../../solvers/programs/problem.ts';
import type { Engine } from '../../tensor/engine.ts';
import { isTensor, type Tensor } from '../../tensor/tensor.ts';
import type { LimitedRun } from '../run-limits.ts';
import { type BatchData, type DatumName, dataOfSample, type ReadNumbers, tensorsAmong } from './data.ts';
import type { Datum } from './datum.ts';
import type { KernelResult } from './kernel-solve.ts';
import type { CheckedPrograms } from './options.ts';
import {
  createBoundsReader,
  createPlainTest,
  createSmallnessTest,
  quadraticOfSample,
  sizesOfSample,
} from './sample-numbers.ts';
import { divideObjective, multiplyObjective, objectiveFactor } from './small-objective.ts';
import { type SampleOrigin, SolvedSample } from './solved-sample.ts';

/** The numbers of tensors as they are now, which arrive later. */
export interface Readings {
  readonly data: Promise<ReadNumbers>;
  readonly start: Promise<Partial<Record<'x' | 'y', ArrayLike<number>>>>;
}

/** Begins to read all tensors. It must be called before anything is enqueued that waits for what is computed from them. */
export function readTensors({ engine, data, initial }: CheckedPrograms): Readings {
  const named = tensorsAmong(data).map(({ name, tensor }) => [name, tensor] as const);
  const start = Object.entries(initial).filter(([, given]) => given !== undefined);
  return {
    data: readAll<DatumName>(engine, named),
    start: readAll(engine, start as (readonly ['x' | 'y', Tensor | ArrayLike<number>])[]),
  };
}

/** The numbers of tensors and lists by name, which arrive later. */
export async function readAll<Name extends string>(
  engine: Engine,
  given: readonly (readonly [Name, Tensor | ArrayLike<number>])[],
): Promise<Partial<Record<Name, ArrayLike<number>>>> {
  const numbers = given.map(([, each]) => (isTensor(each) ? engine.downloadNow(each) : each));
  const read = await Promise.all(numbers);
  return Object.fromEntries(given.map(([name], index) => [name, read[index]])) as Partial<
    Record<Name, ArrayLike<number>>
  >;
}

/**
 * @param byKernel what a kernel found for each program
 * @throws RangeError where the numbers of a tensor are wrong, or P is not convex; the signal's reason
 */
export async function solvePrograms(
  checked: CheckedPrograms,
  readings: Readings,
  run: LimitedRun,
  byKernel: Promise<readonly (KernelResult | undefined)[]> | undefined,
): Promise<readonly SolvedSample[]> {
  const { data, settings, engine } = checked;
  const { absolute, isAbsoluteUsual, relative, limit } = settings;
  const epsilon = tensorsAmong(data).length > 0 ? engine.epsilon : Number.EPSILON;
  const [numbers, start, found] = await Promise.all([readings.data, readings.start, byKernel]);
  const solved: SolvedSample[] = [];
  const isPlain = createPlainTest(data, numbers);
  const boundsOf = createBoundsReader(data, numbers);
  const isSmall = createSmallnessTest(data, numbers);
  for (let sample = 0; sample < data.batch; sample++) {
    const makeData = () => dataOfSample(data, numbers, sample, engine.epsilon);
    const known = found?.[sample];
    // A point that no polish made exact may be far from the solution at a kink, or where the objective is small.
    if (known?.isConvex && known.isPolished && isPlain(sample) && !(isAbsoluteUsual && isSmall(sample))) {
      const { result, isPolished } = known;
      const origin = {
        data: makeData,
        ...boundsOf(sample),
        epsilon,
        accuracy: Number.EPSILON,
        measure: (x: Float64Array) => sizesOfSample(data, numbers, sample, x),
        isPolished,
        isObjectiveExact: false,
      };
      solved.push(new SolvedSample(result, origin));
      continue;
    }
    const program = makeData();
    if (run.isCutShort?.()) {
      solved.push(new SolvedSample(leaveUnsolved(program), originOf(program, epsilon)));
      continue;
    }
    await refuseUnlessConvex(program, data, sample, data.P.tensor ? engine.epsilon : Number.EPSILON, run.signal);
    const factor = isAbsoluteUsual ? objectiveFactor(program) : 1;
    const initial = startOf(start, { x: data.n, y: data.m }, sample, factor);
    const tolerances = { absolute, relative, limit, initial, isCutShort: run.isCutShort };
    const result = await runInTurns(solveProgram(divideObjective(program, factor), tolerances), run.signal);
    solved.push(new SolvedSample(multiplyObjective(result, factor), originOf(program, epsilon)));
  }
  return solved;
}

function originOf(program: ProgramData, epsilon: number): SampleOrigin {
  const { l, u } = program;
  const accuracy = Number.EPSILON;
  return { l, u, data: () => program, epsilon, accuracy, isPolished: false, isObjectiveExact: true };
}

/** What there is of a program for which no time was left. */
export function leaveUnsolved({ n, m }: Pick<ProgramData, 'n' | 'm'>): ProgramResult {
  const infinite = Number.POSITIVE_INFINITY;
  return {
    status: 'limit',
    iterations: 0,
    x: new Float64Array(n),
    y: new Float64Array(m),
    z: new Float64Array(m),
    objective: 0,
    residuals: { primal: infinite, dual: infinite, gap: infinite },
    merit: infinite,
  };
}

/** The matrices that were shown to be convex, each once for all programs and solves that share it. */
const convex = new WeakSet<SparseMatrix>();

/** @throws RangeError where P has a direction of negative curvature that is more than rounding */
export async function refuseUnlessConvex(
  { P }: Pick<ProgramData, 'P'>,
  { isBatched }: Pick<BatchData, 'isBatched'>,
  sample: number,
  epsilon: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (convex.has(P)) return;
  const { isConvex, curvature = Number.NaN } = await runInTurns(checkConvexity(P, epsilon), signal);
  if (isConvex) {
    convex.add(P);
    return;
  }
  throw new RangeError(
    `P${isBatched ? `, sample ${sample}` : ''}: it is not convex: there is a direction v of length 1 with vᵀPv = ${curvature.toExponential(2)}; P must be positive semidefinite`,
  );
}

/**
 * Checks P of every program whose other data are on the device.
 * @param tensor P, where it is one
 * @throws RangeError where P is not symmetric, or not convex
 */
export async function checkQuadratic(
  { engine, data }: { engine: Engine; data: Pick<BatchData, 'n' | 'isBatched'> & { readonly P: Datum<SparseMatrix> } },
  tensor: Tensor | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const numbers = tensor ? { P: await engine.downloadNow(tensor) } : {};
  for (let sample = 0; sample < (data.P.batch ?? 1); sample++) {
    const P = quadraticOfSample(data, numbers, sample, engine.epsilon);
    await refuseUnlessConvex({ P }, data, sample, tensor ? engine.epsilon : Number.EPSILON, signal);
  }
}

/** The start of one program, if there is one. @param factor by which the objective is divided, and y with it */
export function startOf<Name extends string>(
  start: Readonly<Partial<Record<Name, ArrayLike<number>>>>,
  lengths: Readonly<Record<Name, number>>,
  sample: number,
  factor: number,
): Partial<Record<Name, Float64Array>> | undefined {
  const parts: Partial<Record<Name, Float64Array>> = {};
  for (const name of Object.keys(lengths) as Name[]) {
    const numbers = start[name];
    const length = lengths[name];
    if (!numbers) continue;
    const from = numbers.length === length ? 0 : sample * length;
    const divisor = name === 'y' ? factor : 1;
    parts[name] = Float64Array.from({ length }, (_, index) => numbers[from + index] / divisor);
  }
  return Object.keys(parts).length > 0 ? parts : undefined;
}
