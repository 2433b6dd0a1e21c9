/** Kernels on a matrix for each sample of a batch. Nothing here is followed by a tape. */
import type { Bias } from '../backends/kernels.ts';
import { type ProductOptions, product } from './kernels.ts';
import { describe, type Shape } from './shape.ts';
import type { Tensor } from './tensor.ts';

/**
 * op(A[s])·op(B[s]) for each sample s, with the epilogue of a product: [batch, m, n]. One of A and B may be a matrix that all
 * samples share.
 * @param a [batch, m, k] or [m, k], with m and k exchanged where it is transposed
 * @param b [batch, k, n] or [k, n], likewise
 * @param options bias [n] or [batch, m, n], scale and prior [batch, m, n], step [1]
 * @throws RangeError where the shapes do not fit
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
      `${describe(shape)}${isTransposed ? ' transposed' : ''}`;
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
    // The samples are rows of one product.
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
      `batchedProduct: the shapes are ${describe(a.shape)} and ${describe(b.shape)}; they must be [batch, rows, columns], one of ` +
        'them may be [rows, columns]',
    );
  }
  return batches[0];
}
