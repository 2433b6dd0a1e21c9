/** Kernels on batches with one matrix for each sample. No tape follows them. */
import type { Bias } from '../backends/kernels.ts';
import { type ProductOptions, product } from './kernels.ts';
import { takePart } from './move-kernels.ts';
import { formatShape, type Shape, sameShape } from './shape.ts';
import type { Tensor } from './tensor.ts';

/**
 * Computes op(A[s])·op(B[s]) for each sample s, with the epilogue of a product: [batch, m, n]. Either A or B may be a
 * single matrix that all samples share.
 * @param a [batch, m, k] or [m, k]; [batch, k, m] or [k, m] if it is transposed
 * @param b [batch, k, n] or [k, n]; [batch, n, k] or [n, k] if it is transposed
 * @param options bias [n] or [batch, m, n], scale and prior [batch, m, n], step [1]
 * @throws RangeError if the shapes do not fit
 */
export function batchedProduct(a: Tensor, b: Tensor, options: ProductOptions = {}): Tensor {
  const { transposeA = false, transposeB = false } = options;
  const batch = batchOf(a, b);
  const [rowsA, columnsA] = a.shape.slice(-2);
  const [rowsB, columnsB] = b.shape.slice(-2);
  const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [inner, n] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
  if (k !== inner) {
    const shown = (shape: Shape, isTransposed: boolean): string =>
      `${formatShape(shape)}${isTransposed ? ' transposed' : ''}`;
    throw new RangeError(
      `batchedProduct: ${shown(a.shape, transposeA)} and ${shown(b.shape, transposeB)} do not chain (${k} and ${inner})`,
    );
  }
  const [sharedA, sharedB] = [a.shape.length === 2, b.shape.length === 2];
  const flat = (x: Tensor | undefined): Tensor | undefined =>
    x && (x.shape.length === 3 ? x.context.alias(x, [batch * m, n]) : x);
  const {
    bias,
    scale,
    prior,
    step,
    activation = 'identity',
    activationParameters = [0, 0],
    residual = false,
  } = options;
  if (sharedB && !transposeA) {
    // The samples are then rows of a single product.
    const rows = { ...options, bias: flat(bias), scale: flat(scale), prior: flat(prior) };
    const result = product(a.context.alias(a, [batch * m, k]), b, rows);
    return result.context.alias(result, [batch, m, n]);
  }
  const added: Bias = bias === undefined ? 'none' : bias.shape.length === 1 ? 'row' : 'full';
  const call = {
    kernel: 'batchedProduct' as const,
    ...{ batch, m, n, k, transposeA, transposeB, sharedA, sharedB },
    bias: added,
    ...{ activation, activationParameters, proximal: step !== undefined, residual },
  };
  return a.context.call(call, [a, b, bias, scale, prior, step], [batch, m, n]);
}

function batchOf(a: Tensor, b: Tensor): number {
  const batches = [a, b].filter(({ shape }) => shape.length === 3).map(({ shape }) => shape[0]);
  const fits = [a, b].every(({ shape }) => shape.length === 2 || shape.length === 3);
  if (!fits || batches.length === 0 || batches.some((each) => each !== batches[0])) {
    throw new RangeError(
      `batchedProduct: the shapes are ${formatShape(a.shape)} and ${formatShape(b.shape)}; they must be [batch, rows, columns], one of ` +
        'them may be [rows, columns]',
    );
  }
  return batches[0];
}

/** The factors of a batch, and which samples failed. */
interface Factored {
  /** [batch, order, order]; NaN for a sample that has failed. */
  readonly factor: Tensor;
  /** [batch]: 0 for success, else the place of the pivot that failed, counted from 1. */
  readonly failed: Tensor;
}

/**
 * Computes L with A[s] = L[s]·L[s]ᵀ for symmetric positive definite A[s]; see `CholeskyCall`.
 * @param a [batch, order, order]; only the lower triangles are read
 * @param epsilon a pivot fails where it is at most order·epsilon of its diagonal entry. Default: that of the backend
 * @throws RangeError if the shape is not [batch, order, order]
 */
export function cholesky(a: Tensor, epsilon?: number): Factored {
  return factorise('cholesky', a, epsilon);
}

/**
 * Computes A[s]⁻¹ if A[s] + A[s]ᵀ is positive definite; host backends only. See `BatchedInvertCall`.
 * @param a [batch, order, order]
 * @param epsilon as for `cholesky`
 */
export function invertBatch(a: Tensor, epsilon?: number): Factored {
  return factorise('batchedInvert', a, epsilon);
}

function factorise(kernel: 'cholesky' | 'batchedInvert', a: Tensor, epsilon = a.context.epsilon): Factored {
  const [batch, order] = a.shape;
  if (a.shape.length !== 3 || a.shape[2] !== order) {
    throw new RangeError(`${kernel}: the matrices are ${formatShape(a.shape)}; they must be [batch, order, order]`);
  }
  const call = { kernel, batch, order, epsilon };
  const whole = a.context.call(call, [a], [a.size + batch]);
  return { factor: takePart(whole, 0, a.shape), failed: takePart(whole, a.size, [batch]) };
}

/**
 * Computes X with op(L[s])·X[s] = B[s].
 * @param l [batch, order, order]; only the lower triangles are read
 * @param b [batch, order, columns]
 * @param transposed true: solve with Lᵀ in place of L. Default false
 * @throws RangeError if the shapes do not fit
 */
export function triangularSolve(l: Tensor, b: Tensor, transposed = false): Tensor {
  const [batch, order, columns] = b.shape;
  if (b.shape.length !== 3 || !sameShape(l.shape, [batch, order, order])) {
    throw new RangeError(
      `triangularSolve: L is ${formatShape(l.shape)} and B ${formatShape(b.shape)}; they must be [batch, order, order] and ` +
        '[batch, order, columns]',
    );
  }
  return l.context.call({ kernel: 'triangularSolve', batch, order, columns, transposed }, [l, b], b.shape);
}

/**
 * Solves A[s]·X[s] = B[s] from the Cholesky factor of A; a sample whose factorisation failed becomes NaN.
 * @param b [batch, order, columns]
 */
export function choleskySolve({ factor }: Pick<Factored, 'factor'>, b: Tensor): Tensor {
  return triangularSolve(factor, triangularSolve(factor, b), true);
}
