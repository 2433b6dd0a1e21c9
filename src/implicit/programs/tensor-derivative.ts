/**
 * Gradients and tangents of a batch of programs as tensors. The linear systems are solved on the host while what needs
 * the results is already enqueued; the gradients are put together on the device.
 */
import { type Interruptible, runInTurns } from '../../backends/event-loop.ts';
import type { Engine } from '../../tensor/engine.ts';
import { sizeOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { LinearResult } from '../reporting.ts';
import type { LimitedRun } from '../run-limits.ts';
import { SUMMARY_ROWS } from '../summary.ts';
import type { Datum, Extents, ReadNumbers } from './datum.ts';
import { collectGradients } from './gradient-tensors.ts';
import { packSummary } from './packing.ts';
import { countNotFinite } from './tensor-data.ts';

/** A batch that is solved or being solved. */
export interface SolvedBatch<Sample> {
  readonly engine: Engine;
  readonly data: Pick<Extents, 'n' | 'm' | 'batch'>;
  readonly samples: Promise<readonly Sample[]>;
}

/** What gradients are put together from, for one program. */
export interface AdjointRow {
  readonly wu: Float64Array;
  readonly wv: Float64Array;
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** 1 where the row is at l, else 0. Absent where rows have no two bounds. */
  readonly atLower?: Float64Array;
  readonly residual: number;
  readonly singular: boolean;
}

/** The tangent of one program. */
export interface TangentRow {
  /** Of n, m and m numbers. */
  readonly parts: readonly [Float64Array, Float64Array, Float64Array];
  readonly residual: number;
  readonly singular: boolean;
}

/** The gradients of the data that are wanted. `isDone` settles when the linear systems are solved. */
export interface PulledBack {
  readonly result: LinearResult;
  readonly isDone: Promise<unknown>;
}

/**
 * @param isBounded whether rows have two bounds
 * @param adjointOf solves the system of one program, for the cotangents of its three parts
 */
export function pullBack<Sample>(
  batch: SolvedBatch<Sample>,
  cotangent: Tensor,
  wanted: Parameters<typeof collectGradients>[2],
  run: LimitedRun,
  isBounded: boolean,
  adjointOf: (
    sample: Sample,
    cotangents: readonly [Float64Array, Float64Array, Float64Array],
    index: number,
  ) => Interruptible<AdjointRow>,
): PulledBack {
  const { engine, data, samples } = batch;
  const { n, m } = data;
  const reading = engine.downloadNow(cotangent);
  const computed = engine.trackRead(
    Promise.all([samples, reading]).then(([solved, numbers]) =>
      computeEachSample(solved, run, (sample, index) => {
        const start = index * (n + 2 * m);
        const part = (from: number, length: number): Float64Array =>
          new Float64Array(numbers.subarray(start + from, start + from + length));
        return adjointOf(sample, [part(0, n), part(n, m), part(n + m, m)], index);
      }),
    ),
  );
  const rowsOf = (
    width: number,
    pack: (row: AdjointRow | undefined, rows: Float64Array, start: number) => void,
  ): Tensor =>
    later(batch, computed, [data.batch, width], cotangent, (results) => {
      const rows = new Float64Array(data.batch * width);
      for (const [index, row] of results.entries()) pack(row, rows, index * width);
      return rows;
    });
  const adjoint = rowsOf(n + m, (row, rows, start) => {
    if (!row) rows.fill(Number.NaN, start, start + n + m);
    else {
      rows.set(row.wu, start);
      rows.set(row.wv, start + n);
    }
  });
  const point = rowsOf(n + m, (row, rows, start) => {
    if (!row) return;
    rows.set(row.x, start);
    rows.set(row.y, start + n);
  });
  const atLower = isBounded
    ? rowsOf(Math.max(m, 1), (row, rows, start) => {
        if (row?.atLower) rows.set(row.atLower, start);
      })
    : undefined;
  const bounded = atLower && { atLower, cotangent };
  const tensors = collectGradients(engine, data, wanted, { adjoint, point, bounded });
  for (const tensor of [adjoint, point, ...(atLower ? [atLower] : [])]) tensor.dispose();
  const notFinite = reading.then((numbers) => countNotFiniteRows(numbers, data.batch));
  const summary = summarise(batch, computed, notFinite, cotangent);
  return { result: { tensors, summary, marked: [] }, isDone: computed };
}

/**
 * The tangent of the three parts, [batch, n + 2m].
 * @param given the tangents of some of the data
 * @param tangentOf the tangent of one program, for tangents of the data in numbers
 */
export function pushForward<Sample, Name extends string>(
  batch: SolvedBatch<Sample>,
  data: readonly Datum<unknown, Name>[],
  given: readonly (readonly [Name, Tensor])[],
  run: LimitedRun,
  tangentOf: (sample: Sample, directions: ReadNumbers<Name>, index: number) => Interruptible<TangentRow>,
): LinearResult {
  const { engine, samples } = batch;
  const { n, m, batch: count } = batch.data;
  const beside = given[0][1];
  const reading = Promise.all(given.map(([, tangent]) => engine.downloadNow(tangent))).then(
    (numbers): ReadNumbers<Name> =>
      Object.fromEntries(given.map(([name], index) => [name, numbers[index]])) as unknown as ReadNumbers<Name>,
  );
  const computed = engine.trackRead(
    Promise.all([samples, reading]).then(([solved, numbers]) =>
      computeEachSample(solved, run, (sample, index) => tangentOf(sample, numbers, index)),
    ),
  );
  const width = n + 2 * m;
  const packed = later(batch, computed, [count, width], beside, (results) => {
    const rows = new Float64Array(count * width).fill(Number.NaN);
    for (const [index, result] of results.entries()) {
      for (const [place, part] of (result?.parts ?? []).entries()) rows.set(part, index * width + [0, n, n + m][place]);
    }
    return rows;
  });
  const notFinite = reading.then((numbers) => countNotFinite(data, numbers, count));
  return { tensors: [packed], summary: summarise(batch, computed, notFinite, beside), marked: [] };
}

/**
 * The result for each program, in turns with other tasks.
 * @returns undefined for the programs for which no time was left
 */
async function computeEachSample<Sample, Result>(
  samples: readonly Sample[],
  run: LimitedRun,
  compute: (sample: Sample, index: number) => Interruptible<Result>,
): Promise<(Result | undefined)[]> {
  const results: (Result | undefined)[] = [];
  for (const [index, sample] of samples.entries()) {
    results.push(run.isCutShort?.() ? undefined : await runInTurns(compute(sample, index), run.signal));
  }
  return results;
}

/** What was computed for each program; undefined for those for which no time was left. */
type Computed<Result> = Promise<readonly (Result | undefined)[]>;

/** A tensor of what becomes of the results; NaN where there are none, for what has failed is reported elsewhere. */
function later<Result>(
  { engine }: Pick<SolvedBatch<unknown>, 'engine'>,
  computed: Computed<Result>,
  shape: readonly number[],
  beside: Tensor,
  pack: (results: readonly (Result | undefined)[]) => ArrayLike<number>,
): Tensor {
  const size = sizeOf(shape);
  const values = computed.then(pack).catch(() => new Float64Array(size).fill(Number.NaN));
  return engine.tensorLater(values, shape, beside);
}

function countNotFiniteRows(numbers: ArrayLike<number>, batch: number): number[] {
  const counts = new Array<number>(batch).fill(0);
  const width = numbers.length / batch;
  for (let index = 0; index < numbers.length; index++) {
    if (!Number.isFinite(numbers[index])) counts[Math.floor(index / width)] += 1;
  }
  return counts;
}

/** The rounding, relative to a gradient, that stands for a matrix that is singular for what the gradient asks. */
const ALL_ROUNDING = 1;

function summarise(
  { engine, data }: Pick<SolvedBatch<unknown>, 'engine' | 'data'>,
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
  const shape = [SUMMARY_ROWS.length, data.batch];
  const failed = (): Float64Array => new Float64Array(SUMMARY_ROWS.length * data.batch);
  return engine.tensorLater(values.catch(failed), shape, beside);
}
