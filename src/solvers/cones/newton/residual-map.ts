/**
 * The residual map of a cone program, whose zeros are the solutions: with z = (x, v), y = Π(v) and s = y − v, where Π
 * is the projection onto K*,
 *   N(z) = (Px + Aᵀy + c, −Ax + b − s),
 * and for J in the generalised Jacobian of Π at v an element of its own generalised Jacobian is
 *   M(J) = [P, AᵀJ; −A, I − J]
 * (Busseti, Moursi, Boyd, "Solution refinement at regular points of conic problems", 2019; here with a quadratic term).
 * At a zero y ∈ K*, s ∈ K and sᵀy = 0 hold by the projection (Moreau).
 */
import type { ConeBlock } from '../../../backends/cone-kernels.ts';
import type { Interruptible } from '../../../backends/event-loop.ts';
import { Sums } from '../../programs/compensated.ts';
import { largestMagnitude } from '../../programs/residuals.ts';
import { denseOf } from '../../programs/sparse.ts';
import { dualOf } from '../cone.ts';
import type { ConeData } from '../problem.ts';
import type { Projection } from '../projection.ts';
import { projectOntoCones } from '../projections/project.ts';
import { jacobianColumns } from './jacobian.ts';

/** N at a point. */
export interface ResidualValue {
  /** n */
  readonly x: Float64Array;
  /** m */
  readonly v: Float64Array;
  /** Π(v) with its Jacobian. */
  readonly projection: Projection;
  /** y − v */
  readonly s: Float64Array;
  /** −Ax + b − s, then Px + Aᵀy + c: in the order in which the linear systems have their rows. */
  readonly residual: Float64Array;
  /** ‖N‖₂ */
  readonly size: number;
  /** The largest of the terms of N. */
  readonly terms: number;
}

/** Multiplications after which the assembly of a matrix may be interrupted: some milliseconds. */
const WORK_PER_TURN = 1e6;

/** Rows after which it may be as well. */
const ROWS_PER_TURN = 64;

/** A kink is one only where v is at it exactly: elsewhere J is the derivative. */
const exactly = (): number => 0;

export class ResidualMap {
  readonly data: ConeData;
  private readonly dualBlocks: readonly ConeBlock[];
  /** A and P row by row. */
  private readonly denseA: Float64Array;
  private readonly denseP: Float64Array;
  private readonly negativeB: Float64Array;
  private readonly sums: { readonly rows: Sums; readonly columns: Sums };

  constructor(data: ConeData) {
    const { n, m, A, P, b, blocks } = data;
    this.data = data;
    this.dualBlocks = blocks.map(dualOf);
    this.denseA = denseOf(A);
    this.denseP = denseOf(P);
    this.negativeB = b.map((value) => -value);
    this.sums = { rows: new Sums(m), columns: new Sums(n) };
  }

  evaluate(x: Float64Array, v: Float64Array): ResidualValue {
    const { n, m, A, P, c } = this.data;
    const projection = projectOntoCones(this.dualBlocks, v, exactly);
    const y = projection.value;
    const s = y.map((value, i) => value - v[i]);
    const { rows, columns } = this.sums;
    const residual = new Float64Array(m + n);
    const primal = rows.clear().addProduct(A, x).add(this.negativeB).add(s).round();
    for (let i = 0; i < m; i++) residual[i] = -primal[i];
    const Px = columns.clear().addProduct(P, x).round();
    columns.addTransposedProduct(A, y).add(c).round(residual.subarray(m));
    let square = 0;
    for (let i = 0; i < m + n; i++) square += residual[i] ** 2;
    const terms = Math.max(...[this.data.b, c, s, y, Px].map(largestMagnitude));
    return { x, v, projection, s, residual, size: Math.sqrt(square), terms };
  }

  /**
   * [I − (1 − ε)J, −A; AᵀJ, P + εI], the Jacobian of N(z) + ε(x − x₀, y − y₀): a step with it is a step of Newton's
   * method on the proximal point iteration. It is invertible for every ε > 0, also where M(J) is not.
   */
  *matrixAt({ projection }: ResidualValue, epsilon: number): Interruptible<Float64Array> {
    const { n, m } = this.data;
    const { denseA, denseP } = this;
    const size = n + m;
    const matrix = new Float64Array(size * size);
    for (let i = 0; i < m; i++) {
      matrix[i * size + i] = 1;
      for (let j = 0; j < n; j++) matrix[i * size + m + j] = -denseA[i * n + j];
      if (i % ROWS_PER_TURN === 0) yield;
    }
    for (let j = 0; j < n; j++) {
      matrix.set(denseP.subarray(j * n, j * n + n), (m + j) * size + m);
      matrix[(m + j) * size + m + j] += epsilon;
    }
    yield;
    let spent = 0;
    const pulled = new Float64Array(n); // a column of AᵀJ, which is written to the matrix in one go
    for (const { row, column, rows, values } of jacobianColumns(this.dualBlocks, projection)) {
      for (let k = 0; k < rows; k++) {
        const value = values[row + k];
        if (value === 0) continue;
        matrix[(row + k) * size + column] -= (1 - epsilon) * value;
        for (let j = 0; j < n; j++) pulled[j] += denseA[(row + k) * n + j] * value;
        spent += n;
      }
      for (let j = 0; j < n; j++) matrix[(m + j) * size + column] = pulled[j];
      pulled.fill(0);
      // A column of the Jacobian of a semidefinite cone takes four products of matrices of order √(2 rows).
      spent += 4 * n + 12 * rows ** 1.5;
      if (spent > WORK_PER_TURN) {
        spent = 0;
        yield;
      }
    }
    return matrix;
  }
}
