/**
 * Solves and differentiates a batch of programs on the device, in its own precision, by operator splitting: nothing is
 * read back but the report.
 */

import { runUninterrupted } from '../../backends/event-loop.ts';
import type { ProgramData, SparseMatrix } from '../../solvers/programs/problem.ts';
import type { ProgramTensors } from '../../solvers/programs/splitting/batch-problem.ts';
import { differentiateBySplitting, tangentBySplitting } from '../../solvers/programs/splitting/derivative.ts';
import { prepareSplitting } from '../../solvers/programs/splitting/host-preparation.ts';
import { type PreparedTensors, solveBySplitting } from '../../solvers/programs/splitting/solve.ts';
import type { Engine } from '../../tensor/engine.ts';
import { reduceRows } from '../../tensor/kernels.ts';
import { gatherAlong } from '../../tensor/move-kernels.ts';
import { isTensor, type Tensor } from '../../tensor/tensor.ts';
import type { LinearResult } from '../reporting.ts';
import type { LimitedRun } from '../run-limits.ts';
import type { RowSelection } from './active-rows.ts';
import { type BatchData, DATA_NAMES, type DatumName } from './data.ts';
import type { Datum, TensorDatum } from './datum.ts';
import { finiteRows } from './dense-rows.ts';
import type { CheckedPrograms } from './options.ts';
import { statedTolerance } from './report.ts';
import {
  countAll,
  countNotFinite,
  derivativeSettings,
  join,
  objectiveAt,
  putOut,
  summariseSystem,
} from './splitting-outputs.ts';

const PREPARED = ['d', 'e', 'c', 'weights', 'matrix'] as const satisfies readonly (keyof PreparedTensors)[];

/** The data on the device, in its precision: aliases of tensors, and copies of arrays, in the arena of the data. */
export function createTensors(
  engine: Engine,
  data: BatchData,
  beside: Tensor | undefined,
): Readonly<Record<DatumName, Tensor>> {
  const tensorOf = (datum: Datum<unknown>): Tensor => {
    if (datum.tensor) return engine.alias(datum.tensor, datum.tensor.shape);
    const shape = [...(datum.batch === undefined ? [] : [datum.batch]), ...datum.extents];
    const numbers = finiteRows(datum);
    return beside ? engine.upload(numbers, shape, beside) : engine.tensor(numbers, shape);
  };
  const entries = DATA_NAMES.map((name) => [name, tensorOf(data[name] as Datum<unknown>)]);
  return Object.fromEntries(entries) as Record<DatumName, Tensor>;
}

/** The most multiplications that a preparation may take, since it does not yield. */
const LARGEST_PREPARATION = 2 ** 24;

/**
 * What the host prepares in float64 where all programs share a P and an A that were given as arrays, as were the bounds;
 * undefined elsewhere. Where q is a tensor, its size is not known yet, and the objective is scaled by P alone.
 */
function prepare(engine: Engine, data: BatchData, beside: Tensor | undefined): PreparedTensors | undefined {
  const { n, m, batch, P, q, A, l, u } = data;
  const isShared = [P, A].every((datum) => datum.each && datum.batch === undefined);
  if (!isShared || !l.each || !u.each || (n + m) ** 2 * n > LARGEST_PREPARATION) return undefined;
  const none = new Float64Array(n);
  const at = (datum: Datum<Float64Array>, sample: number): Float64Array =>
    datum.each?.[datum.batch === undefined ? 0 : sample] ?? none;
  const programs = Array.from({ length: batch }, (_, sample): ProgramData => {
    const [quadratic, rows] = [P.each?.[0], A.each?.[0]] as [SparseMatrix, SparseMatrix];
    return { n, m, P: quadratic, q: at(q, sample), A: rows, l: at(l, sample), u: at(u, sample) };
  });
  const { d, e, cost, weights, matrix } = runUninterrupted(prepareSplitting(programs));
  const tensor = (numbers: ArrayLike<number>, shape: readonly number[]): Tensor =>
    beside ? engine.upload(numbers, shape, beside) : engine.tensor(numbers, shape);
  return {
    d: tensor(d, [n]),
    e: tensor(e, [m]),
    c: tensor([cost], [1, 1]),
    weights: tensor(weights, [m]),
    matrix: tensor(matrix, [n + m, n + m]),
  };
}

export interface EnqueuedSplitting {
  /** x, y and z side by side, [batch, n + 2m]. */
  readonly rows: Tensor;
  readonly summary: Tensor;
  readonly figures: Tensor;
}

/** Enqueues the solve. */
export function enqueueSplitting(
  { engine, data, settings, initial }: CheckedPrograms,
  tensors: Readonly<Record<DatumName, Tensor>>,
  beside: Tensor | undefined,
  run: LimitedRun,
): EnqueuedSplitting {
  const { n, m, batch } = data;
  const prepared = prepare(engine, data, beside);
  const parts = prepared ? PREPARED.map((name) => prepared[name]) : [];
  const { absolute, relative, limit } = settings;
  const tolerance = statedTolerance(settings);
  const starts = (['x', 'y'] as const).flatMap((name) => {
    const given = initial[name];
    if (!given) return [];
    const numbers = isTensor(given) ? engine.keepAlias(given) : engine.runLasting(() => engine.tensor(given));
    return [{ name, tensor: numbers }];
  });
  const names = starts.map(({ name }) => name);
  const key = `splitting ${JSON.stringify([absolute, relative, limit, batch, names, parts.length])}`;
  const inputs = [...DATA_NAMES.map((name) => tensors[name]), ...starts.map(({ tensor }) => tensor), ...parts];
  const [rows, summary, figures] = engine.run(
    key,
    inputs,
    (traced, context) => {
      const given = programOf(traced);
      const start = Object.fromEntries(
        starts.map(({ name }, index) => {
          const numbers = traced[DATA_NAMES.length + index];
          const length = name === 'x' ? n : m;
          return [name, context.alias(numbers, numbers.size === length ? [length] : [batch, length])];
        }),
      );
      const made = traced.slice(DATA_NAMES.length + starts.length);
      const ready = prepared && (Object.fromEntries(PREPARED.map((name, index) => [name, made[index]])) as unknown);
      const tolerances = { absolute, relative, limit };
      const found = solveBySplitting(context, given, tolerances, start, ready as PreparedTensors | undefined);
      const objective = objectiveAt(given.P, given.q, found.x);
      return putOut(found, [found.x, found.y, found.z], objective, countNotFinite({ ...given }, batch), tolerance);
    },
    run,
  );
  for (const tensor of [...starts.map((each) => each.tensor), ...parts]) tensor.dispose();
  return { rows, summary, figures };
}

function programOf([P, q, A, l, u]: readonly Tensor[]): ProgramTensors {
  return { P, q, A, l, u };
}

/** The shares of weakly active rows: one number, which belongs to the key of a Program, or a tensor with one for each row. */
function sharesOf(
  engine: Engine,
  selection: RowSelection,
  beside: Tensor,
): { readonly key: number; readonly tensors: readonly Tensor[] } {
  const first = typeof selection === 'number' ? selection : (selection[0] ?? 0);
  if (typeof selection === 'number' || Array.from(selection).every((share) => share === first)) {
    return { key: first, tensors: [] };
  }
  return { key: -1, tensors: [engine.upload(selection, [selection.length], beside)] };
}

/** The gradients of the data that are wanted. */
export function pullBackBySplitting(
  { engine, data }: Pick<CheckedPrograms, 'engine' | 'data'>,
  tensors: Readonly<Record<DatumName, Tensor>>,
  rows: Tensor,
  cotangent: Tensor,
  wanted: readonly TensorDatum<DatumName>[],
  selection: RowSelection,
  run: LimitedRun,
): LinearResult {
  const { n, m, batch } = data;
  const names = wanted.map(({ name }) => name);
  const shares = sharesOf(engine, selection, cotangent);
  const [summary, ...gradients] = engine.run(
    `splitting adjoint ${JSON.stringify([names, batch, shares.key])}`,
    [...DATA_NAMES.map((name) => tensors[name]), rows, cotangent, ...shares.tensors],
    (traced, context) => {
      const [solution, v, share = shares.key] = traced.slice(DATA_NAMES.length);
      const settings = derivativeSettings(engine.epsilon, share);
      const cut = (from: Tensor, offset: number, length: number): Tensor => gatherAlong(from, 1, length, { offset });
      const found = differentiateBySplitting(
        context,
        programOf(traced),
        { x: cut(solution, 0, n), y: cut(solution, n, m) },
        { x: cut(v, 0, n), y: cut(v, n, m), z: cut(v, n + m, m) },
        settings,
      );
      return [summariseSystem(batch, found, reduceRows('countNotFinite', [v])), ...names.map((name) => found[name])];
    },
    run,
  );
  return { tensors: gradients, summary, marked: [] };
}

/** The tangent of (x, y, z), [batch, n + 2m]. */
export function pushForwardBySplitting(
  { engine, data }: Pick<CheckedPrograms, 'engine' | 'data'>,
  tensors: Readonly<Record<DatumName, Tensor>>,
  rows: Tensor,
  given: readonly (readonly [DatumName, Tensor])[],
  selection: RowSelection,
  run: LimitedRun,
): LinearResult {
  const { n, m, batch } = data;
  const names = given.map(([name]) => name);
  const shares = sharesOf(engine, selection, given[0][1]);
  const [summary, tangent] = engine.run(
    `splitting tangent ${JSON.stringify([names, batch, shares.key])}`,
    [...DATA_NAMES.map((name) => tensors[name]), rows, ...given.map(([, direction]) => direction), ...shares.tensors],
    (traced, context) => {
      const [solution, ...others] = traced.slice(DATA_NAMES.length);
      const directions = others.slice(0, names.length);
      const settings = derivativeSettings(engine.epsilon, others[names.length] ?? shares.key);
      const point = { x: gatherAlong(solution, 1, n, {}), y: gatherAlong(solution, 1, m, { offset: n }) };
      const direction = Object.fromEntries(names.map((name, index) => [name, directions[index]]));
      const found = tangentBySplitting(context, programOf(traced), point, direction, settings);
      const notFinite = countAll(directions, batch);
      return [summariseSystem(batch, found, notFinite), join(join(found.x, found.y), found.z)];
    },
    run,
  );
  return { tensors: [tangent], summary, marked: [] };
}
