/** Gradients and tangents of a batch of programs as tensors: computed on the host, while what needs them is enqueued. */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { LinearResult } from '../reporting.ts';
import type { LimitedRun } from '../run-limits.ts';
import { SUMMARY_ROWS } from '../summary.ts';
import type { RowSelection } from './active-rows.ts';
import type { DatumName, ReadNumbers, TensorDatum } from './data.ts';
import type { ProgramTangent } from './derivative.ts';
import { computeEachSample, gradientsOfSample, tangentOfSample } from './host-derivative.ts';
import type { CheckedPrograms } from './options.ts';
import { packSummary } from './packing.ts';
import type { SolvedSample } from './solved-sample.ts';
import { countNotFinite, directionsOfSample, gradientOfDatum } from './tensor-data.ts';

/** A batch that is solved or being solved. */
export interface SolvedBatch extends Pick<CheckedPrograms, 'engine' | 'data'> {
  readonly samples: Promise<readonly SolvedSample[]>;
}

/** The gradients of the data that are wanted. */
export function pullBack(
  batch: SolvedBatch,
  cotangent: Tensor,
  wanted: readonly TensorDatum[],
  selection: RowSelection,
  run: LimitedRun,
): LinearResult {
  const { engine, data } = batch;
  const { n, m } = data;
  const reading = engine.downloadNow(cotangent);
  const computed = compute(batch, run, reading, (sample, numbers, index) => {
    const start = index * (n + 2 * m);
    const part = (from: number, length: number): Float64Array =>
      Float64Array.from(numbers.subarray(start + from, start + from + length));
    return gradientsOfSample(sample, { x: part(0, n), y: part(n, m), z: part(n + m, m) }, selection, 'dense');
  });
  const notFinite = reading.then((numbers) => {
    const counts = new Array<number>(data.batch).fill(0);
    for (const [index, value] of numbers.entries()) {
      if (!Number.isFinite(value)) counts[Math.floor(index / (n + 2 * m))] += 1;
    }
    return counts;
  });
  return {
    tensors: wanted.map((datum) =>
      later(batch, computed, datum.tensor.shape, cotangent, (results) => gradientOfDatum(datum, results)),
    ),
    summary: summarise(batch, computed, notFinite, cotangent),
    marked: [],
  };
}

/** The tangent of (x, y, z), [batch, n + 2m]. @param given the tangents of some of the data */
export function pushForward(
  batch: SolvedBatch,
  given: readonly (readonly [DatumName, Tensor])[],
  selection: RowSelection,
  run: LimitedRun,
): LinearResult {
  const { engine, data } = batch;
  const { n, m } = data;
  const beside = given[0][1];
  const reading = Promise.all(given.map(([, tangent]) => engine.downloadNow(tangent))).then(
    (numbers): ReadNumbers => Object.fromEntries(given.map(([name], index) => [name, numbers[index]])),
  );
  const computed = compute(batch, run, reading, (sample, numbers, index) =>
    tangentOfSample(sample, directionsOfSample(data, numbers, index), selection),
  );
  const notFinite = reading.then((numbers) => countNotFinite(data, numbers));
  const width = n + 2 * m;
  const packed = later(batch, computed, [data.batch, width], beside, (results) => {
    const rows = new Float64Array(data.batch * width).fill(Number.NaN);
    for (const [index, result] of results.entries()) {
      for (const [name, from] of [['x', 0] as const, ['y', n] as const, ['z', n + m] as const]) {
        if (result) rows.set((result as ProgramTangent)[name], index * width + from);
      }
    }
    return rows;
  });
  return { tensors: [packed], summary: summarise(batch, computed, notFinite, beside), marked: [] };
}

/** What was computed for each program; undefined for those for which no time was left. */
type Computed<Result> = Promise<readonly (Result | undefined)[]>;

async function compute<Numbers, Result>(
  { engine, samples }: SolvedBatch,
  run: LimitedRun,
  reading: Promise<Numbers>,
  each: (sample: SolvedSample, numbers: Numbers, index: number) => Interruptible<Result>,
): Promise<readonly (Result | undefined)[]> {
  const work = Promise.all([samples, reading]).then(([solved, numbers]) =>
    computeEachSample(solved, run, (sample, index) => each(sample, numbers, index)),
  );
  return engine.trackRead(work);
}

/** A tensor of what becomes of the results; NaN where there are none, for what has failed is reported elsewhere. */
function later<Result>(
  { engine }: SolvedBatch,
  computed: Computed<Result>,
  shape: readonly number[],
  beside: Tensor,
  pack: (results: readonly (Result | undefined)[]) => ArrayLike<number>,
): Tensor {
  const size = shape.reduce((product, extent) => product * extent, 1);
  const values = computed.then(pack).catch(() => new Float64Array(size).fill(Number.NaN));
  return engine.tensorLater(values, shape, beside);
}

/** The rounding, relative to a gradient, that stands for a matrix that is singular for what the gradient asks. */
const ALL_ROUNDING = 1;

function summarise(
  batch: SolvedBatch,
  computed: Computed<{ readonly residual: number; readonly singular: boolean }>,
  notFinite: Promise<readonly number[]>,
  beside: Tensor,
): Tensor {
  const values = Promise.all([computed, notFinite]).then(([results, counts]) =>
    packSummary(
      results.map((result, index) =>
        result?.singular
          ? { isSolved: false, iterations: 1, residual: ALL_ROUNDING, floor: ALL_ROUNDING, notFinite: counts[index] }
          : {
              isSolved: result !== undefined,
              iterations: result ? 1 : 0,
              residual: result?.residual ?? Number.POSITIVE_INFINITY,
              notFinite: counts[index],
            },
      ),
    ),
  );
  const shape = [SUMMARY_ROWS.length, batch.data.batch];
  const failed = (): Float64Array => new Float64Array(SUMMARY_ROWS.length * batch.data.batch);
  return batch.engine.tensorLater(values.catch(failed), shape, beside);
}
