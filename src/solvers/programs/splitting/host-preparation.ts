/**
 * What a splitting needs of P and A that all samples share, in float64 on the host: for programs given as arrays, whose
 * scaling and inverse then have the accuracy of float64 until they are rounded.
 */
import type { Interruptible } from '../../../backends/event-loop.ts';
import { equilibrate } from '../equilibration.ts';
import { LdlFactorisation } from '../ldl.ts';
import type { ProgramData, SparseMatrix } from '../problem.ts';
import { sparseFromTriples } from '../sparse.ts';
import { EQUALITY } from './constraint-set.ts';
import { PENALTY, SIGMA } from './round.ts';

/** Numbers of a splitting, row by row; `PreparedTensors` are tensors of them. */
export interface Preparation {
  /** The diagonal of D, n. */
  readonly d: Float64Array;
  /** The diagonal of E, m. */
  readonly e: Float64Array;
  /** c */
  readonly cost: number;
  /** Weights of the rows relative to the penalty, m. */
  readonly weights: Float64Array;
  /** M, (n + m)². */
  readonly matrix: Float64Array;
}

/**
 * Prepares the splitting of programs that share P and A.
 * @param programs at least one; P and A are those of the first one
 */
export function* prepareSplitting(programs: readonly ProgramData[]): Interruptible<Preparation> {
  const [{ n, m, P, A }] = programs;
  const { variables: d, rows: e, cost } = yield* equilibrate(P, typicalOf(programs), A, new Uint8Array(m).fill(1));
  const weights = Float64Array.from({ length: m }, (_, i) => {
    if (programs.every(({ l, u }) => l[i] === u[i])) return EQUALITY;
    const isFree = programs.every(({ l, u }) => l[i] === Number.NEGATIVE_INFINITY && u[i] === Number.POSITIVE_INFINITY);
    return isFree ? 1 / EQUALITY : 1;
  });
  // G = [√σ I; R^½EAD], of which the system is cDPD + GᵀG.
  const size = n + m;
  const G = new Float64Array(size * n);
  for (let j = 0; j < n; j++) {
    G[j * n + j] = Math.sqrt(SIGMA);
    for (let k = A.starts[j]; k < A.starts[j + 1]; k++) {
      const i = A.indices[k];
      G[(n + i) * n + j] = Math.sqrt(PENALTY * weights[i]) * e[i] * A.values[k] * d[j];
    }
  }
  const system = yield* LdlFactorisation.of(upperOf(P, d, cost, G, size));
  // No eigenvalue is below σ.
  yield* system.factorise(new Int8Array(n).fill(1), new Float64Array(n).fill(SIGMA));
  const matrix = new Float64Array(size * size);
  const column = new Float64Array(n);
  for (let row = 0; row < size; row++) {
    column.set(G.subarray(row * n, (row + 1) * n));
    system.solve(column);
    for (let other = 0; other < size; other++) {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += G[other * n + j] * column[j];
      matrix[row * size + other] = sum;
    }
    yield;
  }
  return { d, e, cost, weights, matrix };
}

/** The q of the program whose q has the median size. */
function typicalOf(programs: readonly ProgramData[]): Float64Array {
  const sizes = programs.map(({ q }) => q.reduce((size, value) => Math.max(size, Math.abs(value)), 0));
  const order = programs.map((_, sample) => sample).sort((one, other) => sizes[one] - sizes[other]);
  return programs[order[order.length >> 1]].q;
}

/** The upper triangle of cDPD + GᵀG. */
function upperOf(P: SparseMatrix, d: Float64Array, cost: number, G: Float64Array, size: number): SparseMatrix {
  const n = d.length;
  const triples: [number, number, number][] = [];
  for (let j = 0; j < n; j++) {
    for (let k = P.starts[j]; k < P.starts[j + 1]; k++) {
      const i = P.indices[k];
      if (i <= j) triples.push([i, j, cost * d[i] * P.values[k] * d[j]]);
    }
    for (let i = 0; i <= j; i++) {
      let sum = 0;
      for (let row = 0; row < size; row++) sum += G[row * n + i] * G[row * n + j];
      if (sum !== 0) triples.push([i, j, sum]);
    }
  }
  return sparseFromTriples(triples, n, n);
}
