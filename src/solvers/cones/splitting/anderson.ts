/**
 * Anderson acceleration of a fixed-point iteration u ← T(u) of plain numbers (Walker, Ni, "Anderson acceleration for
 * fixed-point iterations", 2011), type II: with f = T(u) − u, γ minimises ‖f − ΔF γ‖, and the next point is
 * T(u) − ΔT γ, where ΔF and ΔT hold the last differences of f and of T(u).
 */

/** Differences that are kept. */
const MEMORY = 10;
/** Regularisation of the least squares problem, relative to the trace of its matrix. */
const REGULARISATION = 1e-12;

export class AndersonMemory {
  private readonly changesOfF: Float64Array[] = [];
  private readonly changesOfT: Float64Array[] = [];
  private last: { readonly f: Float64Array; readonly t: Float64Array } | undefined;
  private oldest = 0;

  /** @param weights of the entries in the norm that is minimised */
  constructor(private readonly weights: Float64Array) {}

  clear(): void {
    this.changesOfF.length = 0;
    this.changesOfT.length = 0;
    this.last = undefined;
    this.oldest = 0;
  }

  /** Learns T(u) = t with t − u = f. */
  note(f: Float64Array, t: Float64Array): void {
    const { last, changesOfF, changesOfT } = this;
    if (last) {
      const place = changesOfF.length < MEMORY ? changesOfF.length : this.oldest++ % MEMORY;
      changesOfF[place] = f.map((value, i) => value - last.f[i]);
      changesOfT[place] = t.map((value, i) => value - last.t[i]);
    }
    this.last = { f, t };
  }

  /** The accelerated point; undefined before there are differences, or where they say nothing. */
  propose(): Float64Array | undefined {
    const { last, changesOfF, changesOfT } = this;
    const count = changesOfF.length;
    if (!last || count === 0) return undefined;
    const gram = Array.from({ length: count }, (_, a) =>
      Float64Array.from({ length: count }, (_, b) => this.product(changesOfF[a], changesOfF[b])),
    );
    const right = Float64Array.from(changesOfF, (change) => this.product(change, last.f));
    const trace = gram.reduce((sum, row, a) => sum + row[a], 0);
    for (let a = 0; a < count; a++) gram[a][a] += REGULARISATION * trace;
    if (!(trace > 0) || !solveDefinite(gram, right)) return undefined;
    const result = last.t.slice();
    for (let a = 0; a < count; a++) {
      for (let i = 0; i < result.length; i++) result[i] -= right[a] * changesOfT[a][i];
    }
    return result;
  }

  private product(first: Float64Array, second: Float64Array): number {
    let sum = 0;
    for (let i = 0; i < first.length; i++) sum += this.weights[i] * first[i] * second[i];
    return sum;
  }
}

/** Solves a symmetric positive definite system in place. @returns whether it is one */
function solveDefinite(matrix: readonly Float64Array[], x: Float64Array): boolean {
  const n = x.length;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i][j];
      for (let k = 0; k < j; k++) sum -= matrix[i][k] * matrix[j][k];
      if (j < i) matrix[i][j] = sum / matrix[j][j];
      else if (!(sum > 0)) return false;
      else matrix[i][j] = Math.sqrt(sum);
    }
    for (let k = 0; k < i; k++) x[i] -= matrix[i][k] * x[k];
    x[i] /= matrix[i][i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i] -= matrix[k][i] * x[k];
    x[i] /= matrix[i][i];
  }
  return true;
}
