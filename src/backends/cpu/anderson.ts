import { ACCELERATION } from '../kernels.ts';
import { lengthOfRow } from './length.ts';
import { solveInPlace } from './solve.ts';

const { memory, growth, regularisation } = ACCELERATION;

/** Anderson acceleration of one sample, with its safeguard. The formulas are those of src/solvers/anderson.ts. */
export class Acceleration {
  private passes = 0;
  private f: Float64Array;
  private g: Float64Array;
  /** The columns of 𝓕 and 𝓖, each list a ring buffer. */
  private readonly columnsF: Float64Array[];
  private readonly columnsG: Float64Array[];
  private best = Number.POSITIVE_INFINITY;
  private bestG: Float64Array | undefined;
  private plainSteps = 0;

  constructor(
    n: number,
    private readonly epsilon: number,
  ) {
    const zeros = (): Float64Array => new Float64Array(n);
    this.f = zeros();
    this.g = zeros();
    this.columnsF = Array.from({ length: memory }, zeros);
    this.columnsG = Array.from({ length: memory }, zeros);
  }

  /**
   * @param g T(x)
   * @returns the next x
   */
  next(x: Float64Array, g: Float64Array): Float64Array {
    const f = g.map((value, index) => value - x[index]);
    this.rememberDifference(f, g);
    const size = norm(f);
    const hasGrown = size > growth * this.best;
    if (this.best > size) {
      this.best = size;
      this.bestG = g;
    }
    this.plainSteps = hasGrown ? memory : this.plainSteps - 1;
    if (hasGrown) return this.bestG ?? x;
    if (this.plainSteps > 0) return g;
    const solveWeights = this.weights(f);
    return g.map(
      (value, index) => value - this.columnsG.reduce((sum, column, j) => sum + solveWeights[j] * column[index], 0),
    );
  }

  /** Replaces the oldest difference by the newest one. In the first iteration there is none. */
  private rememberDifference(f: Float64Array, g: Float64Array): void {
    const change = f.map((value, index) => value - this.f[index]);
    const length = norm(change);
    const scale = this.passes > 0 && length > 0 ? 1 / length : 0;
    const slot = this.passes % memory;
    this.columnsF[slot] = change.map((value) => scale * value);
    this.columnsG[slot] = g.map((value, index) => scale * (value - this.g[index]));
    this.f = f;
    this.g = g;
    this.passes += 1;
  }

  /** γ = argmin ‖f − 𝓕γ‖ */
  private weights(f: Float64Array): Float64Array {
    const gram = this.columnsF.flatMap((one, row) =>
      this.columnsF.map((other, column) => dot(one, other) + (row === column ? regularisation * this.epsilon : 0)),
    );
    const right = Float64Array.from(this.columnsF, (column) => dot(column, f));
    solveInPlace(Float64Array.from(gram), right, memory);
    return right;
  }
}

function norm(x: Float64Array): number {
  const { root, scale } = lengthOfRow(x);
  return root / scale;
}

function dot(x: Float64Array, y: Float64Array): number {
  return x.reduce((sum, value, index) => sum + value * y[index], 0);
}
