/** Kernels that do the same with a matrix of each sample of a batch; kernels.ts lists them with the others. */
import type { ProductCall } from './kernels.ts';

/**
 * C[s] = epilogue(op(A[s])·op(B[s])) for each sample s: op(A[s]) m × k, op(B[s]) k × n. Operands as those of a product, but of
 * [batch, …] where they are not shared by all samples: A and B may be, the row of a bias and the step are.
 */
export interface BatchedProductCall extends Omit<ProductCall, 'kernel'> {
  readonly kernel: 'batchedProduct';
  readonly batch: number;
  readonly sharedA: boolean;
  readonly sharedB: boolean;
}

/** What factorisations take: `order` rows and columns for each sample. */
interface BatchedMatrixCall {
  readonly inputs: readonly number[];
  readonly output: number;
  readonly batch: number;
  readonly order: number;
}

/**
 * A[s] = L[s]·L[s]ᵀ, where the lower triangle of A[s] is read; L has zeros above its diagonal. A pivot, what is left of Aⱼⱼ when its turn
 * comes, has to be greater than order·ε·Aⱼⱼ: else the sample is singular or indefinite as far as rounding can tell, and all of its
 * L is NaN. Operand [A], [batch, order, order]. Result: L, and behind it for each sample 0, or the place of the pivot that failed,
 * counted from 1.
 */
export interface CholeskyCall extends BatchedMatrixCall {
  readonly kernel: 'cholesky';
  readonly epsilon: number;
}

/** op(L[s])·X[s] = B[s] for triangular L[s] of which what is above the diagonal is not read. Operands [L, B], B and X [batch, order, columns]. */
export interface TriangularSolveCall extends BatchedMatrixCall {
  readonly kernel: 'triangularSolve';
  readonly columns: number;
  readonly transposed: boolean;
}

/**
 * A[s]⁻¹ by Gauss-Jordan elimination without exchange of rows, for A[s] + A[s]ᵀ positive definite: its pivots are positive then. Operand
 * and result as of `cholesky`, and likewise what is told of a sample with a pivot that is not. Offered by the backends of
 * SEQUENTIAL_BACKENDS alone.
 */
export interface BatchedInvertCall extends BatchedMatrixCall {
  readonly kernel: 'batchedInvert';
  readonly epsilon: number;
}
