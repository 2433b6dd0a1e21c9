/**
 * Scaling of the rows, variables and objective of a cone program that makes the entries of [P Aᵀ; A 0] of one size
 * (Ruiz, "A scaling algorithm to equilibrate both rows and columns norms in matrices", 2001). Factors are powers of
 * two, so that they add no rounding, and are equal within a block whose cone other factors would change.
 */
import { largestMagnitude } from '../programs/residuals.ts';
import type { ConeData, ConePoint } from './problem.ts';

const SWEEPS = 15;

/** A program with scaled data, and the way back. */
export interface ScaledProgram {
  readonly data: ConeData;
  /** n; x = variables ∘ (x scaled). */
  readonly variables: Float64Array;
  /** m; (A scaled) = rows ∘ A ∘ variables, s = (s scaled) / rows. */
  readonly rows: Float64Array;
  /** (P scaled) = cost · variables ∘ P ∘ variables, y = rows ∘ (y scaled) / cost. */
  readonly cost: number;
}

export function scaleProgram(given: ConeData): ScaledProgram {
  const { n, m, P, c, A, b } = given;
  const { variables, rows } = factorsOf(given);
  const scaledP = P.values.slice();
  const scaledA = A.values.slice();
  const scaledC = c.map((value, j) => value * variables[j]);
  let quadratic = 0;
  for (let j = 0; j < n; j++) {
    let norm = 0;
    for (let k = P.starts[j]; k < P.starts[j + 1]; k++) {
      scaledP[k] *= variables[P.indices[k]] * variables[j];
      norm = Math.max(norm, Math.abs(scaledP[k]));
    }
    quadratic += norm / n;
    for (let k = A.starts[j]; k < A.starts[j + 1]; k++) scaledA[k] *= rows[A.indices[k]] * variables[j];
  }
  const size = Math.max(largestMagnitude(scaledC), quadratic);
  const cost = size > 0 ? powerOfTwo(1 / size) : 1;
  const data: ConeData = {
    n,
    m,
    P: { ...P, values: scaledP },
    c: scaledC,
    A: { ...A, values: scaledA },
    b: b.map((value, i) => value * rows[i]),
    blocks: given.blocks,
  };
  return { data: withCost(data, cost), variables, rows, cost };
}

/** The program with another unit of the objective: its x and s are the same, its y is `factor` times as large. */
export function withCost(data: ConeData, factor: number): ConeData {
  const times = (values: Float64Array): Float64Array => values.map((value) => value * factor);
  return { ...data, P: { ...data.P, values: times(data.P.values) }, c: times(data.c) };
}

export function scalePoint({ variables, rows, cost }: ScaledProgram, { x, y, s }: ConePoint): ConePoint {
  return {
    x: x.map((value, j) => value / variables[j]),
    y: y.map((value, i) => (value / rows[i]) * cost),
    s: s.map((value, i) => value * rows[i]),
  };
}

export function unscalePoint({ variables, rows, cost }: ScaledProgram, { x, y, s }: ConePoint): ConePoint {
  return {
    x: x.map((value, j) => value * variables[j]),
    y: y.map((value, i) => (value * rows[i]) / cost),
    s: s.map((value, i) => value / rows[i]),
  };
}

function factorsOf({ n, m, P, A, blocks }: ConeData): Pick<ScaledProgram, 'variables' | 'rows'> {
  const variables = new Float64Array(n).fill(1);
  const rows = new Float64Array(m).fill(1);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const columnNorms = new Float64Array(n);
    const rowNorms = new Float64Array(m);
    for (let j = 0; j < n; j++) {
      let norm = 0;
      for (let k = P.starts[j]; k < P.starts[j + 1]; k++) {
        norm = Math.max(norm, Math.abs(P.values[k]) * variables[P.indices[k]] * variables[j]);
      }
      for (let k = A.starts[j]; k < A.starts[j + 1]; k++) {
        const i = A.indices[k];
        const size = Math.abs(A.values[k]) * rows[i] * variables[j];
        norm = Math.max(norm, size);
        rowNorms[i] = Math.max(rowNorms[i], size);
      }
      columnNorms[j] = norm;
    }
    for (const { type, start, rows: count } of blocks) {
      if (type === 'zero' || type === 'free' || type === 'nonneg') continue;
      rowNorms.fill(largestMagnitude(rowNorms.subarray(start, start + count)), start, start + count);
    }
    for (let j = 0; j < n; j++) if (columnNorms[j] > 0) variables[j] /= Math.sqrt(columnNorms[j]);
    for (let i = 0; i < m; i++) if (rowNorms[i] > 0) rows[i] /= Math.sqrt(rowNorms[i]);
  }
  return { variables: variables.map(powerOfTwo), rows: rows.map(powerOfTwo) };
}

/** The nearest power of two on a logarithmic scale, within the range in which products of three do not overflow. */
export function powerOfTwo(value: number): number {
  return 2 ** Math.max(-300, Math.min(300, Math.round(Math.log2(value))));
}
