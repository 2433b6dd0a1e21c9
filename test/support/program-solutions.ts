/** Solves programs with the float64 core, and judges what it returns without its code. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { measureResiduals, type ProgramFile, type Triplets } from '../../bench/program-residuals.ts';
import { runUninterrupted } from '../../src/backends/event-loop.ts';
import { solveProgram } from '../../src/solvers/programs/interior-point.ts';
import type {
  PrimalDual,
  ProgramData,
  ProgramResult,
  ProgramSettings,
  SparseMatrix,
} from '../../src/solvers/programs/problem.ts';
import { sparseFromEntries } from '../../src/solvers/programs/sparse.ts';

export const SETTINGS: ProgramSettings = { absolute: 1e-9, relative: 1e-9, limit: 200 };

export function solve(data: ProgramData, settings: Partial<ProgramSettings> = {}): ProgramResult {
  return runUninterrupted(solveProgram(data, { ...SETTINGS, ...settings }));
}

/** A problem of test/fixtures/programs with its optimum. */
export interface PublicProgram extends ProgramFile {
  readonly objective: number;
}

export function loadPublicPrograms(): readonly PublicProgram[] {
  const file = readFileSync(new URL('../fixtures/programs/programs.json.gz', import.meta.url));
  return JSON.parse(gunzipSync(file).toString()) as PublicProgram[];
}

export function dataOf({ n, m, P, q, A, l, u }: ProgramFile): ProgramData {
  return {
    n,
    m,
    P: sparseFromEntries(...P, n, n),
    q: Float64Array.from(q),
    A: sparseFromEntries(...A, m, n),
    l: Float64Array.from(l, (value) => value ?? Number.NEGATIVE_INFINITY),
    u: Float64Array.from(u, (value) => value ?? Number.POSITIVE_INFINITY),
  };
}

export function tripletsOf({ columns, starts, indices, values }: SparseMatrix): Triplets {
  const columnOf = Array.from({ length: columns }, (_, j) => new Array<number>(starts[j + 1] - starts[j]).fill(j));
  return [[...indices], columnOf.flat(), [...values]];
}

/** The largest residual in plain float64, relative to 1 + Σ|terms|. */
export function errorOf(data: ProgramData, { x, y }: PrimalDual): number {
  const finite = (bounds: Float64Array): (number | null)[] => [...bounds].map((v) => (Number.isFinite(v) ? v : null));
  const { primal, dual, gap } = measureResiduals(
    {
      name: '',
      n: data.n,
      m: data.m,
      P: tripletsOf(data.P),
      q: [...data.q],
      A: tripletsOf(data.A),
      l: finite(data.l),
      u: finite(data.u),
    },
    x,
    y,
  );
  return Math.max(...[primal, dual, gap].map(({ value, terms }) => value / (1 + terms)));
}

/** How far a certificate is from its conditions, relative to 1 + its size; infinite where there is none. */
export function certificateError(data: ProgramData, { status, certificate }: ProgramResult): number {
  if (!certificate) return Number.POSITIVE_INFINITY;
  const size = 1 + Math.max(...certificate.map(Math.abs));
  return (
    (status === 'infeasible' ? infeasibilityError(data, certificate) : unboundednessError(data, certificate)) / size
  );
}

function infeasibilityError({ n, m, A, l, u }: ProgramData, delta: Float64Array): number {
  let support = 0;
  let error = 0;
  for (let i = 0; i < m; i++) {
    const bound = delta[i] > 0 ? u[i] : l[i];
    if (Number.isFinite(bound)) support += bound * delta[i];
    else error = Math.max(error, Math.abs(delta[i]));
  }
  for (let j = 0; j < n; j++) {
    let sum = 0;
    for (let k = A.starts[j]; k < A.starts[j + 1]; k++) sum += A.values[k] * delta[A.indices[k]];
    error = Math.max(error, Math.abs(sum));
  }
  return Math.max(error, Math.abs(support + 1));
}

function unboundednessError({ n, m, P, q, A, l, u }: ProgramData, delta: Float64Array): number {
  const [Pd, Ad] = [new Float64Array(n), new Float64Array(m)];
  let slope = 0;
  for (let j = 0; j < n; j++) {
    slope += q[j] * delta[j];
    for (let k = P.starts[j]; k < P.starts[j + 1]; k++) Pd[P.indices[k]] += P.values[k] * delta[j];
    for (let k = A.starts[j]; k < A.starts[j + 1]; k++) Ad[A.indices[k]] += A.values[k] * delta[j];
  }
  let error = Math.max(Math.abs(slope + 1), ...Pd.map(Math.abs));
  for (let i = 0; i < m; i++) {
    if (u[i] < Number.POSITIVE_INFINITY) error = Math.max(error, Ad[i]);
    if (l[i] > Number.NEGATIVE_INFINITY) error = Math.max(error, -Ad[i]);
  }
  return error;
}
