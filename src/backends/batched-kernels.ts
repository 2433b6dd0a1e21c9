/** Kernels that treat one matrix for each sample of a batch; kernels.ts lists them with the others. */
import type { ProductCall } from './product-kernels.ts';

/**
 * C[s] = epilogue(op(A[s])·op(B[s])) for each sample s: op(A[s]) is m × k, op(B[s]) is k × n. The operands are those of
 * `product` with a leading axis `batch`. A and B lack this axis if all samples share them; the row of a bias and the
 * step always lack it.
 */
export interface BatchedProductCall extends Omit<ProductCall, 'kernel'> {
  readonly kernel: 'batchedProduct';
  readonly batch: number;
  readonly sharedA: boolean;
  readonly sharedB: boolean;
}

/** The fields that kernels for square matrices [batch, order, order] have in common. */
interface BatchedMatrixCall {
  readonly inputs: readonly number[];
  readonly output: number;
  readonly batch: number;
  readonly order: number;
}

/**
 * The Cholesky factorisation A[s] = L[s]·L[s]ᵀ. It reads the lower triangle of A[s]; L has zeros above its diagonal.
 * Each pivot, which is the updated Aⱼⱼ, must be greater than order·ε·Aⱼⱼ. Otherwise the sample counts as singular or
 * indefinite, and all of its L is NaN. Operand [A], [batch, order, order]. Result: L, followed by one number for each
 * sample: 0, or the position of the pivot that failed, counted from 1.
 */
export interface CholeskyCall extends BatchedMatrixCall {
  readonly kernel: 'cholesky';
  readonly epsilon: number;
}

/**
 * Solves op(L[s])·X[s] = B[s] for lower triangular L[s]; what is above the diagonal is not read. op transposes if
 * `transposed`. Operands [L, B]: B, and the result X, are [batch, order, columns].
 */
export interface TriangularSolveCall extends BatchedMatrixCall {
  readonly kernel: 'triangularSolve';
  readonly columns: number;
  readonly transposed: boolean;
}

/**
 * A[s]⁻¹ by Gauss-Jordan elimination without exchanges of rows. A[s] + A[s]ᵀ must be positive definite: then all pivots
 * are positive. Operand and result have the shapes that they have for `cholesky`, with the inverse in the place of L;
 * a sample whose pivot is too small is treated as it is there. Only HOST_BACKENDS offer it.
 */
export interface BatchedInvertCall extends BatchedMatrixCall {
  readonly kernel: 'batchedInvert';
  readonly epsilon: number;
}
