/**
 * The linear systems of the interior point method, [P, Aᵀ; A, −WᵀW], with rows rotated so that the scaling is diagonal:
 * [P, Ãᵀ; Ã, −D] with Ã = UᵀA and WᵀW = UDUᵀ, on the rows of zero cones Ã = A and D = 0.
 */
import type { ConeBlock } from '../../../backends/cone-kernels.ts';
import type { Interruptible } from '../../../backends/event-loop.ts';
import { KktSystem, type Pair, type Regularisation } from '../../programs/kkt.ts';
import type { SparseMatrix } from '../../programs/problem.ts';
import { assembleSparse } from '../../programs/sparse.ts';
import type { ConeForm } from './form.ts';
import type { ConeProduct } from './product.ts';

/** Columns after which the assembly may be interrupted. */
const COLUMNS_PER_TURN = 16;

export class ConeSystem {
  /** The residual of a solution, relative to its right-hand side, at which it is exact enough. */
  enough = 1e-12;
  private readonly form: ConeForm;
  private readonly product: ConeProduct;
  /** Ã; the block of a cone whose rotation mixes rows is full in every column that has an entry there. */
  private readonly rotatedA: SparseMatrix;
  private readonly kkt: KktSystem;
  private readonly none: Float64Array;
  /** D, m. */
  readonly d: Float64Array;
  private readonly column: Float64Array;
  private readonly rotatedColumn: Float64Array;
  /** For each column the numbers of the cones that have entries in it. */
  private readonly conesOfColumns: readonly (readonly number[])[];

  private constructor(form: ConeForm, product: ConeProduct, rotatedA: SparseMatrix, kkt: KktSystem) {
    const { n, m } = form;
    this.form = form;
    this.product = product;
    this.rotatedA = rotatedA;
    this.kkt = kkt;
    this.none = new Float64Array(n);
    this.d = new Float64Array(m);
    this.column = new Float64Array(m);
    this.rotatedColumn = new Float64Array(m);
    const coneOfRow = new Int32Array(m).fill(-1);
    product.cones.forEach(({ start, rows }, cone) => {
      coneOfRow.fill(cone, start, start + rows);
    });
    this.conesOfColumns = Array.from({ length: n }, (_, j) => {
      const { starts, indices } = form.A;
      const cones = new Set<number>();
      for (const row of indices.subarray(starts[j], starts[j + 1])) if (coneOfRow[row] >= 0) cones.add(coneOfRow[row]);
      return [...cones];
    });
  }

  static *of(form: ConeForm, product: ConeProduct): Interruptible<ConeSystem> {
    const rotatedA = yield* patternOf(form);
    const kkt = yield* KktSystem.of(form.P, rotatedA);
    yield;
    return new ConeSystem(form, product, rotatedA, kkt);
  }

  /** @returns whether there are finite factors */
  *factorise(regularisation: Regularisation): Interruptible<boolean> {
    const { form, product, rotatedA, column, rotatedColumn } = this;
    const { A } = form;
    product.decompose(this.d);
    yield;
    for (let i = 0; i < form.m; i++) if (form.isEquality[i]) this.d[i] = regularisation.rows;
    for (let j = 0; j < form.n; j++) {
      for (let k = A.starts[j]; k < A.starts[j + 1]; k++) {
        column[A.indices[k]] = A.values[k];
        rotatedColumn[A.indices[k]] = A.values[k];
      }
      for (const cone of this.conesOfColumns[j]) product.cones[cone].rotate(column, rotatedColumn);
      for (let k = rotatedA.starts[j]; k < rotatedA.starts[j + 1]; k++) {
        rotatedA.values[k] = rotatedColumn[rotatedA.indices[k]];
      }
      for (let k = A.starts[j]; k < A.starts[j + 1]; k++) column[A.indices[k]] = 0;
      yield;
    }
    this.kkt.takeRowValues();
    return yield* this.kkt.factorise(this.none, this.d, { ...regularisation, rows: 0 });
  }

  /** Solves for Δx and UᵀΔz. @returns how exactly the system was solved */
  *solve(right: Pair, solution: Pair): Interruptible<number> {
    return yield* this.kkt.solve(right, solution, this.enough);
  }
}

function* patternOf({ n, m, A, blocks }: ConeForm): Interruptible<SparseMatrix> {
  const blockOfRow: ConeBlock[] = [];
  for (const block of blocks) for (let row = 0; row < block.rows; row++) blockOfRow.push(block);
  const rowOf: number[] = [];
  const columnOf: number[] = [];
  for (let j = 0; j < n; j++) {
    let filled: ConeBlock | undefined;
    for (let k = A.starts[j]; k < A.starts[j + 1]; k++) {
      const block = blockOfRow[A.indices[k]];
      const isRotated = block.type === 'soc' || block.type === 'psd';
      if (isRotated && block === filled) continue;
      filled = block;
      const [first, count] = isRotated ? [block.start, block.rows] : [A.indices[k], 1];
      for (let row = first; row < first + count; row++) {
        rowOf.push(row);
        columnOf.push(j);
      }
    }
    if (j % COLUMNS_PER_TURN === 0) yield;
  }
  yield;
  return yield* assembleSparse(rowOf, columnOf, new Float64Array(rowOf.length).fill(1), m, n);
}
