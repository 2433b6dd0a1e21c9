/** Gradients and tangents of a batch of sparse models as tensors, while what needs them is already enqueued. */
import { runInTurns } from '../../backends/event-loop.ts';
import type { Engine } from '../../tensor/engine.ts';
import { sizeOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { packSummary } from '../programs/packing.ts';
import type { LinearResult } from '../reporting.ts';
import type { LimitedRun } from '../run-limits.ts';
import { SUMMARY_ROWS } from '../summary.ts';
import type { SparseDirections, SparseGradients } from './derivative.ts';
import type { CheckedSparse } from './options.ts';
import type { GroupSelection, SolvedSample } from './solved-sample.ts';

/** The data in which a solution has a derivative. */
export const VARIABLES = ['X', 'y', 'logLambda', 'weights', 'rowWeights'] as const;
export type Variable = (typeof VARIABLES)[number];

/** One gradient or tangent that was computed; undefined where no time was left, or the model was not solved. */
type Computed<Result> = { readonly value: Result; readonly residual: number; readonly singular: boolean } | undefined;

interface Batch {
  readonly checked: CheckedSparse;
  readonly samples: Promise<readonly SolvedSample[]>;
}

/** The numbers of a row of coefficients: those of β, and the intercepts behind. */
export function widthOf({ features, outputs, intercept }: CheckedSparse): number {
  return (features + (intercept ? 1 : 0)) * outputs;
}

/** Enqueues the gradients of some of the data. @param cotangent [batch, width] */
export function pullBack(
  { checked, samples }: Batch,
  cotangent: Tensor,
  wanted: readonly (readonly [name: Variable, input: Tensor])[],
  selection: GroupSelection,
  run: LimitedRun,
): LinearResult {
  const { engine } = checked;
  const width = widthOf(checked);
  const reading = engine.downloadNow(cotangent);
  const computed = engine.trackRead(
    computeEach(samples, reading, run, function* (sample, numbers, index): Generator<
      unknown,
      Computed<SparseGradients>,
      void
    > {
      const own = numbers.subarray(index * width, (index + 1) * width);
      const derivative = yield* sample.differentiate(selection);
      const { u, residual } = derivative.solve(own);
      const isZero = own.every((value) => value === 0);
      return {
        value: derivative.gradients(isZero ? u.fill(0) : u),
        residual: isZero ? 0 : residual,
        singular: !isZero && derivative.isSingular,
      };
    }),
  );
  const tensors = wanted.map(([name, input]) =>
    engine.tensorLater(
      computed.then(
        (results) => collect(checked, name, input, results),
        () => new Float64Array(input.size).fill(Number.NaN),
      ),
      input.shape,
      cotangent,
    ),
  );
  return { tensors, summary: summarise(engine, checked.batch, computed, reading, cotangent), marked: [] };
}

/** Enqueues the tangent of the rows of coefficients. */
export function pushForward(
  { checked, samples }: Batch,
  given: readonly (readonly [name: Variable, tangent: Tensor])[],
  selection: GroupSelection,
  run: LimitedRun,
): LinearResult {
  const { engine, batch } = checked;
  const width = widthOf(checked);
  const [[, beside]] = given;
  const reading = Promise.all(given.map(([, tangent]) => engine.downloadNow(tangent)));
  const computed = engine.trackRead(
    computeEach(samples, reading, run, function* (sample, numbers, index): Generator<
      unknown,
      Computed<Float64Array>,
      void
    > {
      const derivative = yield* sample.differentiate(selection);
      const { u, residual } = derivative.tangent(
        directionsOf(
          checked,
          given.map(([name]) => name),
          numbers,
          index,
        ),
      );
      return { value: u, residual, singular: derivative.isSingular };
    }),
  );
  const packed = computed.then(
    (results) => {
      const rows = new Float64Array(batch * width).fill(Number.NaN);
      for (const [index, result] of results.entries()) if (result) rows.set(result.value, index * width);
      return rows;
    },
    () => new Float64Array(batch * width).fill(Number.NaN),
  );
  const all = reading.then((numbers) => Float64Array.from(numbers.flatMap((each) => Array.from(each))));
  return {
    tensors: [engine.tensorLater(packed, [batch, width], beside)],
    summary: summarise(engine, batch, computed, all, beside),
    marked: [],
  };
}

async function computeEach<Numbers, Result>(
  samples: Promise<readonly SolvedSample[]>,
  reading: Promise<Numbers>,
  run: LimitedRun,
  compute: (sample: SolvedSample, numbers: Numbers, index: number) => Generator<unknown, Computed<Result>, void>,
): Promise<Computed<Result>[]> {
  const [solved, numbers] = await Promise.all([samples, reading]);
  const results: Computed<Result>[] = [];
  for (const [index, sample] of solved.entries()) {
    const isPossible = sample.isSolved && !run.isCutShort?.();
    results.push(isPossible ? await runInTurns(compute(sample, numbers, index), run.signal) : undefined);
  }
  return results;
}

function summarise(
  engine: Engine,
  batch: number,
  computed: Promise<readonly Computed<unknown>[]>,
  reading: Promise<ArrayLike<number>>,
  beside: Tensor,
): Tensor {
  const summary = Promise.all([computed, reading]).then(
    ([results, numbers]) => {
      const areFinite = Array.from(numbers).every(Number.isFinite);
      return packSummary(
        results.map((result) => ({
          isSolved: result !== undefined && !result.singular,
          iterations: 1,
          residual: result?.residual ?? Number.NaN,
          notFinite: areFinite ? 0 : 1,
        })),
      );
    },
    () => new Float64Array(SUMMARY_ROWS.length * batch),
  );
  return engine.tensorLater(summary, [SUMMARY_ROWS.length, batch], beside);
}

/** The gradient of one input, in the order of its numbers: the sum over the batch where all problems share it. */
function collect(
  { rows, features, outputs, groups, batch }: CheckedSparse,
  name: Variable,
  input: Tensor,
  results: readonly Computed<SparseGradients>[],
): Float64Array {
  const gradient = new Float64Array(input.size);
  const length = { X: rows * features, y: rows * outputs, logLambda: 1, weights: groups.length, rowWeights: rows }[
    name
  ];
  const isShared = input.size === length;
  for (const [index, result] of results.entries()) {
    const start = isShared ? 0 : index * length;
    for (let at = 0; at < length; at++) {
      gradient[start + at] += result ? numberOf(result.value, name, at, { rows, outputs }) : Number.NaN;
    }
  }
  // A batch of one problem with a penalty of its own is shared, too.
  return batch === 1 ? gradient.subarray(0, input.size) : gradient;
}

function numberOf(
  gradients: SparseGradients,
  name: Variable,
  at: number,
  { rows, outputs }: Pick<CheckedSparse, 'rows' | 'outputs'>,
): number {
  switch (name) {
    case 'logLambda':
      return gradients.logLambda;
    case 'y':
      return gradients.targets[(at % outputs) * rows + Math.floor(at / outputs)];
    default:
      return gradients[name][at];
  }
}

function directionsOf(
  { rows, features, outputs, groups }: CheckedSparse,
  names: readonly Variable[],
  numbers: readonly ArrayLike<number>[],
  index: number,
): SparseDirections {
  const lengths = { X: rows * features, y: rows * outputs, logLambda: 1, weights: groups.length, rowWeights: rows };
  const parts: Partial<Record<Variable, Float64Array>> = {};
  for (const [place, name] of names.entries()) {
    const given = numbers[place];
    const start = given.length === lengths[name] ? 0 : index * lengths[name];
    parts[name] = Float64Array.from({ length: lengths[name] }, (_, at) => given[start + at]);
  }
  const { X, y, logLambda, weights, rowWeights } = parts;
  const targets =
    y && Float64Array.from({ length: rows * outputs }, (_, at) => y[(at % rows) * outputs + Math.floor(at / rows)]);
  return { X, targets, logLambda: logLambda?.[0], weights, rowWeights };
}

/** A tensor of the rows of coefficients, [batch, width], and the summary of the solve. */
export function enqueueRows(
  checked: CheckedSparse,
  samples: Promise<readonly SolvedSample[]>,
  owner: Tensor | undefined,
): { readonly rows: Tensor; readonly summary: Tensor } {
  const { engine, batch } = checked;
  const shape = [batch, widthOf(checked)];
  const packed = samples.then(
    (solved) => Float64Array.from(solved.flatMap(({ result }) => Array.from(result.beta))),
    () => new Float64Array(sizeOf(shape)).fill(Number.NaN),
  );
  const summary = samples.then(
    (solved) =>
      packSummary(
        solved.map(({ isSolved, result }) => ({
          isSolved,
          iterations: result.iterations,
          residual: result.residual,
          floor: result.floor,
        })),
      ),
    () => new Float64Array(SUMMARY_ROWS.length * batch),
  );
  return {
    rows: engine.tensorLater(packed, shape, owner),
    summary: engine.tensorLater(summary, [SUMMARY_ROWS.length, batch], owner),
  };
}
