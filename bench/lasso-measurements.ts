/** Measures the Lasso where a backend is: a path of λ, and the same over all folds at once. */
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
  /** Of the relative proximal residual. */
  readonly tolerance: number;
  /** λ solved at once, each chunk started from the last. Default: as many as the library takes. */
  readonly chunk?: number;
  readonly repetitions: number;
  /** Seconds; when another repetition would go beyond it, there are fewer. */
  readonly limit: number;
}

export interface LassoFinding {
  /** Milliseconds of each repetition, β read. */
  readonly all: readonly number[];
  /** The worst duality gap relative to ½‖y‖², of all problems, computed in float64 from what was read. */
  readonly gap: number;
  /** Problems it does not. */
  readonly failed: number;
  /** Of all problems: passes over the coordinates or proximal steps, and conjugate gradients. */
  readonly iterations: number;
}

/** e^λ at the end of a path, relative to where it starts. */
export const SMALLEST_RATIO = 1e-3;

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
  const run = folds === 1 ? pathOnce : foldsOnce;
  const all: number[] = [];
  let found: Found;
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

interface Found {
  readonly reports: readonly LassoReport[];
  /** [folds · lambdas, features] */
  readonly beta: Float32Array | Float64Array;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

/** From λ_max, which is found on the host so that every contestant has the same. */
function logLambdasOf(X: Numbers, y: Numbers, { samples, features, lambdas }: LassoAssignment): number[] {
  const moments = new Float64Array(features);
  for (let row = 0; row < samples; row++) {
    for (let feature = 0; feature < features; feature++) moments[feature] += X[row * features + feature] * y[row];
  }
  const largest = Math.log(moments.reduce((most, value) => Math.max(most, Math.abs(value)), 0));
  return Array.from({ length: lambdas }, (_, at) => largest + (Math.log(SMALLEST_RATIO) * at) / (lambdas - 1));
}

type Tensors = Readonly<Record<'X' | 'y', ReturnType<Engine['tensor']>>>;

async function pathOnce(
  { X, y }: Tensors,
  logLambda: readonly number[],
  { tolerance, chunk }: LassoAssignment,
): Promise<Found> {
  const path = await lassoPath({ X, y, logLambda, tolerance, chunk, onFailure: 'report' });
  const [reports, beta] = await Promise.all([Promise.all(path.reports), path.beta.data()]);
  path.beta.dispose();
  path.intercept.dispose();
  return { reports, beta };
}

async function foldsOnce(
  { X, y }: Tensors,
  logLambda: readonly number[],
  { samples, folds, tolerance }: LassoAssignment,
): Promise<Found> {
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
