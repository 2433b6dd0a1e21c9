/**
 * The linear systems of the interior point method, with the rows in the coordinates of the scaling:
 * [P, Ãᵀ; Ã, −D] with Ã = W⁻ᵀA and D = I, on the rows of zero cones Ã = A and D = 0.
 */
import type { ConeBlock } from '../../../backends/cone-kernels.ts';
import type { Interruptible } from '../../../backends/event-loop.ts';
import { KktSystem, type Pair, type Regularisation } from '../../programs/kkt.ts';
import type { SparseMatrix } from '../../programs/problem.ts';
import { sparseFromEntries } from '../../programs/sparse.ts';
import type { ConeForm } from './form.ts';
import type { ConeProduct } from './product.ts';

export class ConeSystem {
  private readonly form: ConeForm;
  private readonly product: ConeProduct;
  /** Ã; the block of a cone whose scaling mixes rows is full in every column that has an entry there. */
  private readonly scaledA: SparseMatrix;
  private readonly kkt: KktSystem;
  private readonly none: Float64Array;
  private readonly d: Float64Array;
  private readonly column: Float64Array;
  private readonly scaledColumn: Float64Array;
  /** For each column the numbers of the cones that have entries in it. */
  private readonly conesOfColumns: readonly (readonly number[])[];

  constructor(form: ConeForm, product: ConeProduct) {
    const { n, m, isEquality } = form;
    this.form = form;
    this.product = product;
    this.scaledA = patternOf(form);
    this.kkt = new KktSystem(form.P, this.scaledA);
    this.none = new Float64Array(n);
    this.d = Float64Array.from(isEquality, (flag) => 1 - flag);
    this.column = new Float64Array(m);
    this.scaledColumn = new Float64Array(m);
    const coneOfRow = new Int32Array(m).fill(-1);
    product.cones.forEach(({ start, rows }, cone) => {
      coneOfRow.fill(cone, start, start + rows);
    });
    this.conesOfColumns = Array.from({ length: n }, (_, j) => {
      const { starts, indices } = form.A;
      return [...new Set(indices.subarray(starts[j], starts[j + 1]))]
        .map((row) => coneOfRow[row])
        .filter((cone, k, all) => cone >= 0 && all.indexOf(cone) === k);
    });
  }

  /** @returns whether there are finite factors */
  *factorise(regularisation: Regularisation): Interruptible<boolean> {
    const { form, product, scaledA, column, scaledColumn } = this;
    const { A } = form;
    for (let j = 0; j < form.n; j++) {
      for (let k = A.starts[j]; k < A.starts[j + 1]; k++) {
        column[A.indices[k]] = A.values[k];
        scaledColumn[A.indices[k]] = A.values[k];
      }
      for (const cone of this.conesOfColumns[j]) product.cones[cone].scalePrimal(column, scaledColumn);
      for (let k = scaledA.starts[j]; k < scaledA.starts[j + 1]; k++) {
        scaledA.values[k] = scaledColumn[scaledA.indices[k]];
      }
      for (let k = A.starts[j]; k < A.starts[j + 1]; k++) column[A.indices[k]] = 0;
      yield;
    }
    this.kkt.takeRowValues();
    return yield* this.kkt.factorise(this.none, this.d, regularisation);
  }

  /** @returns how exactly the system was solved */
  *solve(right: Pair, solution: Pair): Interruptible<number> {
    return yield* this.kkt.solve(right, solution);
  }
}

function patternOf({ n, m, A, blocks }: ConeForm): SparseMatrix {
  const blockOfRow: ConeBlock[] = [];
  for (const block of blocks) for (let row = 0; row < block.rows; row++) blockOfRow.push(block);
  const rowOf: number[] = [];
  const columnOf: number[] = [];
  for (let j = 0; j < n; j++) {
    let filled: ConeBlock | undefined;
    for (let k = A.starts[j]; k < A.starts[j + 1]; k++) {
      const block = blockOfRow[A.indices[k]];
      const isMixed = block.type === 'soc' || block.type === 'psd';
      if (isMixed && block === filled) continue;
      filled = block;
      const [first, count] = isMixed ? [block.start, block.rows] : [A.indices[k], 1];
      for (let row = first; row < first + count; row++) {
        rowOf.push(row);
        columnOf.push(j);
      }
    }
  }
  return sparseFromEntries(rowOf, columnOf, new Float64Array(rowOf.length).fill(1), m, n);
}
