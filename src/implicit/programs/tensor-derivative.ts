/**
 * Gradients and tangents of a batch of programs as tensors. The linear systems are solved on the host, or by a kernel
 * for those programs that it can treat, while what needs the results is already enqueued; the gradients are put together
 * on the device.
 */
import { sizeOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { LinearResult } from '../reporting.ts';
import type { LimitedRun } from '../run-limits.ts';
import { SUMMARY_ROWS } from '../summary.ts';
import type { RowSelection } from './active-rows.ts';
import type { DatumName, ReadNumbers } from './data.ts';
import type { TensorDatum } from './datum.ts';
import type { ProgramTangent } from './derivative.ts';
import { collectGradients } from './gradient-tensors.ts';
import { type AdjointRow, adjointOfSample, computeEachSample, tangentOfSample } from './host-derivative.ts';
import { solveAdjointByKernel } from './kernel-derivative.ts';
import type { Operands } from './kernel-solve.ts';
import type { CheckedPrograms } from './options.ts';
import { packSummary } from './packing.ts';
import type { SolvedSample } from './solved-sample.ts';
import { countNotFinite, directionsOfSample } from './tensor-data.ts';

/** A batch that is solved or being solved. */
export interface SolvedBatch extends Pick<CheckedPrograms, 'engine' | 'data'> {
  readonly samples: Promise<readonly SolvedSample[]>;
  /** The data on the device, where the kernels of wasm treat them. */
  readonly operands: Operands | undefined;
}

/** The gradients of the data that are wanted. `isDone` settles when the linear systems are solved. */
export function pullBack(
  batch: SolvedBatch,
  cotangent: Tensor,
  wanted: readonly TensorDatum<DatumName>[],
  selection: RowSelection,
  run: LimitedRun,
): { readonly result: LinearResult; readonly isDone: Promise<unknown> } {
  const { engine, data, operands } = batch;
  const { n, m } = data;
  const reading = engine.downloadNow(cotangent);
  const byKernel = operands && solveAdjointByKernel(batch, operands, cotangent);
  const computed = engine.trackRead(
    Promise.all([batch.samples, reading, byKernel]).then(([samples, numbers, found]) =>
      computeEachSample(samples, run, (sample, index) => {
        const start = index * (n + 2 * m);
        const part = (from: number, length: number): Float64Array =>
          new Float64Array(numbers.subarray(start + from, start + from + length));
        const cotangents = { x: part(0, n), y: part(n, m), z: part(n + m, m) };
        return adjointOfSample(sample, cotangents, selection, found?.[index]);
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
  const atLower = rowsOf(Math.max(m, 1), (row, rows, start) => {
    if (row) rows.set(row.atLower, start);
  });
  const tensors = collectGradients(engine, data, wanted, { adjoint, point, atLower, cotangent });
  for (const tensor of [adjoint, point, atLower]) tensor.dispose();
  const notFinite = reading.then((numbers) => countNotFiniteRows(numbers, data.batch));
  const summary = summarise(batch, computed, notFinite, cotangent);
  return { result: { tensors, summary, marked: [] }, isDone: computed };
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
  const computed = engine.trackRead(
    Promise.all([batch.samples, reading]).then(([samples, numbers]) =>
      computeEachSample(samples, run, (sample, index) =>
        tangentOfSample(sample, directionsOfSample(data, numbers, index), selection),
      ),
    ),
  );
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
  const notFinite = reading.then((numbers) => countNotFinite(data, numbers));
  return { tensors: [packed], summary: summarise(batch, computed, notFinite, beside), marked: [] };
}

/** What was computed for each program; undefined for those for which no time was left. */
type Computed<Result> = Promise<readonly (Result | undefined)[]>;

/** A tensor of what becomes of the results; NaN where there are none, for what has failed is reported elsewhere. */
function later<Result>(
  { engine }: SolvedBatch,
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
  { engine, data }: SolvedBatch,
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
