/**
 * Measures the Lasso inside the process that has the backend: a path of λ, and the same path over all folds at once.
 */
import { foldMasks } from '../src/data/index.ts';
import {
  type AdapterDescription,
  type BackendName,
  type Engine,
  type LassoReport,
  lasso,
  lassoPath,
  open,
} from '../src/index.ts';
import { isSolved } from '../src/solvers/report.ts';
import { type LassoSize, lassoProblem } from './lasso.ts';
import { worstGap } from './lasso-gap.ts';
import type { Numbers } from './problems.ts';

export interface LassoAssignment extends LassoSize {
  readonly lambdas: number;
  readonly folds: number;
  /** Tolerance of the relative proximal residual. */
  readonly tolerance: number;
  /**
   * How many λ are solved at once; each chunk starts from the last solution of the one before it. Default: the
   * library's own choice.
   */
  readonly chunk?: number;
  readonly repetitions: number;
  /** Seconds. Repetitions end when another one would exceed them. */
  readonly limit: number;
}

export interface LassoFinding {
  /** Milliseconds of each repetition, the reading of β included. */
  readonly all: readonly number[];
  /** The worst duality gap over all problems, relative to ½‖y‖², computed in float64 from the β that was read. */
  readonly gap: number;
  /** The number of problems that were not solved. */
  readonly failed: number;
  /** Sums over all problems: passes over the coordinates or proximal steps, and iterations of conjugate gradients. */
  readonly iterations: number;
}

/** λ at the end of a path, as a fraction of λ at its beginning. */
const SMALLEST_RATIO = 1e-3;

let engine: Engine;

export async function openBackend(backend: BackendName): Promise<AdapterDescription> {
  engine = await open({ backend });
  return engine.adapter;
}

export async function measureLasso(assignment: LassoAssignment): Promise<LassoFinding> {
  const { samples, features, repetitions, folds, limit } = assignment;
  const { X, y } = lassoProblem(assignment);
  const tensors = { X: engine.tensor(X, [samples, features]), y: engine.tensor(y) };
  const logLambda = logLambdasOf(X, y, assignment);
  const run = folds === 1 ? solvePath : solveFolds;
  const all: number[] = [];
  let found: Solved;
  do {
    const started = performance.now();
    found = await run(tensors, logLambda, assignment);
    all.push(performance.now() - started);
  } while (all.length < repetitions && sum(all) + Math.max(...all) < 1e3 * limit);
  for (const tensor of Object.values(tensors)) tensor.dispose();
  const masks = folds === 1 ? undefined : foldMasks(samples, { folds }).training;
  const gap = worstGap({ X, y, samples, features, masks }, logLambda, found.beta);
  return { all, gap, ...summaryOf(found.reports) };
}

interface Solved {
  readonly reports: readonly LassoReport[];
  /** [folds · lambdas, features] */
  readonly beta: Float32Array | Float64Array;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

/** A path that starts from λ_max. It is computed on the host, so that every contestant has the same one. */
function logLambdasOf(X: Numbers, y: Numbers, { samples, features, lambdas }: LassoAssignment): number[] {
  const moments = new Float64Array(features);
  for (let row = 0; row < samples; row++) {
    for (let feature = 0; feature < features; feature++) moments[feature] += X[row * features + feature] * y[row];
  }
  const largest = Math.log(moments.reduce((most, value) => Math.max(most, Math.abs(value)), 0));
  return Array.from({ length: lambdas }, (_, at) => largest + (Math.log(SMALLEST_RATIO) * at) / (lambdas - 1));
}

type Tensors = Readonly<Record<'X' | 'y', ReturnType<Engine['tensor']>>>;

async function solvePath(
  { X, y }: Tensors,
  logLambda: readonly number[],
  { tolerance, chunk }: LassoAssignment,
): Promise<Solved> {
  const path = await lassoPath({ X, y, logLambda, tolerance, chunk, onFailure: 'report' });
  const [reports, beta] = await Promise.all([Promise.all(path.reports), path.beta.data()]);
  path.beta.dispose();
  path.intercept.dispose();
  return { reports, beta };
}

async function solveFolds(
  { X, y }: Tensors,
  logLambda: readonly number[],
  { samples, folds, tolerance }: LassoAssignment,
): Promise<Solved> {
  const masks = engine.tensor(foldMasks(samples, { folds }).training, [folds, samples]);
  const every = Array.from({ length: folds }, () => logLambda).flat();
  const solution = lasso({ X, y, masks, logLambda: every, tolerance, onFailure: 'report' });
  const [report, beta] = await Promise.all([solution.report, solution.beta.data()]);
  solution.dispose();
  masks.dispose();
  return { reports: [report], beta };
}

function summaryOf(reports: readonly LassoReport[]): Pick<LassoFinding, 'failed' | 'iterations'> {
  const samples = reports.flatMap((report) => report.samples);
  return {
    failed: samples.filter((sample) => !isSolved(sample)).length,
    iterations: sum(samples.map(({ iterations }) => iterations)),
  };
}
