/**
 * Solves and differentiates a batch of cone programs on the device, in its own precision, by operator splitting: nothing
 * is read back but the report.
 */
import type { ConeBlock } from '../../backends/cone-kernels.ts';
import {
  differentiateConesBySplitting,
  tangentOfConesBySplitting,
} from '../../solvers/programs/splitting/cone-derivative.ts';
import type { ConeTensors } from '../../solvers/programs/splitting/cone-set.ts';
import { solveConesBySplitting } from '../../solvers/programs/splitting/cones.ts';
import type { SplittingSettings } from '../../solvers/programs/splitting/solve.ts';
import type { Engine } from '../../tensor/engine.ts';
import { reduceRows } from '../../tensor/kernels.ts';
import { gatherAlong } from '../../tensor/move-kernels.ts';
import type { LoopContext, Tensor } from '../../tensor/tensor.ts';
import {
  countAll,
  countNotFinite,
  derivativeSettings,
  join,
  objectiveAt,
  putOut,
  summariseSystem,
} from '../programs/splitting-outputs.ts';
import type { LinearResult } from '../reporting.ts';
import type { LimitedRun } from '../run-limits.ts';
import { type ConeDatumName, DATA_NAMES } from './data.ts';

/** A batch of cone programs on the device. */
export interface DeviceCones {
  readonly engine: Engine;
  readonly batch: number;
  readonly n: number;
  readonly m: number;
  /** K, m rows together. */
  readonly blocks: readonly ConeBlock[];
  /** The data: each may lack the axis `batch`, and P may be absent, which is 0. */
  readonly tensors: Readonly<Record<Exclude<ConeDatumName, 'P'>, Tensor>> & { readonly P?: Tensor };
}

/** Where to start; any may be absent: [batch, n], [batch, m] and [batch, m], or without the axis `batch`. */
export type ConeStartTensors = Partial<Readonly<Record<'x' | 'y' | 's', Tensor>>>;

export interface EnqueuedConeSplitting {
  /** x, y and s side by side, [batch, n + 2m]. */
  readonly rows: Tensor;
  readonly summary: Tensor;
  /** See FIGURES, [5·batch]. */
  readonly figures: Tensor;
}

/** The data that are given, in the order in which Programs take them. */
function givenNames({ tensors }: DeviceCones): readonly ConeDatumName[] {
  return DATA_NAMES.filter((name) => tensors[name] !== undefined);
}

function inputsOf(of: DeviceCones): Tensor[] {
  return givenNames(of).map((name) => of.tensors[name] as Tensor);
}

/** The data of a Program that is traced, and the inputs after them. */
function readInputs(
  context: LoopContext,
  of: DeviceCones,
  traced: readonly Tensor[],
): { readonly given: ConeTensors; readonly others: readonly Tensor[] } {
  const names = givenNames(of);
  const { n } = of;
  const found = Object.fromEntries(names.map((name, index) => [name, traced[index]]));
  const P = found.P ?? context.constant({ kind: 'fill', value: 0 }, [n, n]);
  return { given: { P, A: found.A, b: found.b, c: found.c }, others: traced.slice(names.length) };
}

/** What tells Programs of different batches apart, besides the shapes of their inputs. */
function keyOf(of: DeviceCones, ...others: unknown[]): string {
  const cones = of.blocks.map(({ type, dim, alpha }) => [type, dim, alpha]);
  return JSON.stringify([cones, givenNames(of), of.batch, ...others]);
}

/**
 * Enqueues the solve.
 * @param tolerance that reports state: the residual is the ratio to it, times it
 */
export function enqueueConeSplitting(
  of: DeviceCones,
  settings: SplittingSettings,
  tolerance: number,
  initial: ConeStartTensors,
  run: LimitedRun,
): EnqueuedConeSplitting {
  const { engine, blocks, batch } = of;
  const { absolute, relative, limit } = settings;
  const names = (['x', 'y', 's'] as const).filter((name) => initial[name] !== undefined);
  const [rows, summary, figures] = engine.run(
    `cone splitting ${keyOf(of, absolute, relative, limit, tolerance, names)}`,
    [...inputsOf(of), ...names.map((name) => initial[name] as Tensor)],
    (traced, context) => {
      const { given, others } = readInputs(context, of, traced);
      const start: ConeStartTensors = Object.fromEntries(names.map((name, index) => [name, others[index]]));
      const found = solveConesBySplitting(context, given, blocks, { absolute, relative, limit }, start);
      const objective = objectiveAt(given.P, given.c, found.x);
      return putOut(found, [found.x, found.y, found.s], objective, countNotFinite({ ...given }, batch), tolerance);
    },
    run,
  );
  return { rows, summary, figures };
}

/** q: one number, which belongs to the key of a Program, or a tensor with one for each row. */
function readSelection(selection: number | Tensor): { readonly key: number; readonly tensors: readonly Tensor[] } {
  return typeof selection === 'number' ? { key: selection, tensors: [] } : { key: -1, tensors: [selection] };
}

/** A solution as `enqueueConeSplitting` returns it, in parts. */
function solutionIn(rows: Tensor, { n, m }: DeviceCones): Record<'x' | 'y' | 's', Tensor> {
  const cut = (offset: number, length: number): Tensor => gatherAlong(rows, 1, length, { offset });
  return { x: cut(0, n), y: cut(n, m), s: cut(n + m, m) };
}

/**
 * The gradients of the data that are wanted, each of the shape of the data.
 * @param rows, cotangent x, y and s side by side, [batch, n + 2m]
 * @param selection q at kinks; a tensor has one for each row, [m] or [batch, m]
 */
export function pullBackByConeSplitting(
  of: DeviceCones,
  rows: Tensor,
  cotangent: Tensor,
  wanted: readonly ConeDatumName[],
  selection: number | Tensor,
  run: LimitedRun,
): LinearResult {
  const { engine, batch, blocks } = of;
  const shares = readSelection(selection);
  const [summary, ...gradients] = engine.run(
    `cone splitting adjoint ${keyOf(of, wanted, shares.key)}`,
    [...inputsOf(of), rows, cotangent, ...shares.tensors],
    (traced, context) => {
      const { given, others } = readInputs(context, of, traced);
      const [solution, v, share = shares.key] = others;
      const settings = derivativeSettings(engine.epsilon, share);
      const along = solutionIn(v, of);
      const found = differentiateConesBySplitting(context, given, blocks, solutionIn(solution, of), along, settings);
      const notFinite = reduceRows('countNotFinite', [v]);
      return [summariseSystem(batch, found, notFinite), ...wanted.map((name) => found[name])];
    },
    run,
  );
  return { tensors: gradients, summary, marked: [] };
}

/**
 * The tangent of (x, y, s), [batch, n + 2m].
 * @param directions of the data, at least one, each of one of the shapes that the data may have
 */
export function pushForwardByConeSplitting(
  of: DeviceCones,
  rows: Tensor,
  directions: readonly (readonly [ConeDatumName, Tensor])[],
  selection: number | Tensor,
  run: LimitedRun,
): LinearResult {
  const { engine, batch, blocks } = of;
  const names = directions.map(([name]) => name);
  const shares = readSelection(selection);
  const [summary, tangent] = engine.run(
    `cone splitting tangent ${keyOf(of, names, shares.key)}`,
    [...inputsOf(of), rows, ...directions.map(([, direction]) => direction), ...shares.tensors],
    (traced, context) => {
      const { given, others } = readInputs(context, of, traced);
      const [solution, ...moved] = others;
      const settings = derivativeSettings(engine.epsilon, moved[names.length] ?? shares.key);
      const along = Object.fromEntries(names.map((name, index) => [name, moved[index]]));
      const found = tangentOfConesBySplitting(context, given, blocks, solutionIn(solution, of), along, settings);
      const notFinite = countAll(moved.slice(0, names.length), batch);
      return [summariseSystem(batch, found, notFinite), join(join(found.x, found.y), found.s)];
    },
    run,
  );
  return { tensors: [tangent], summary, marked: [] };
}
