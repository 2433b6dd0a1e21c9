/** One small complex matrix for each frequency: their products, adjoints and inverses. No tape follows them. */
import { batchedProduct, invertBatch } from '../../../tensor/batched.ts';
import { elementwise, elementwiseLaidOut, type ProductOptions } from '../../../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../../../tensor/tensor.ts';
import { batchedInverse } from '../../batched-inverse.ts';

/** Matrices X(f) = re + i·im, each [F, rows, columns]; or a spectrum, whose rows are samples. */
export interface Complex {
  readonly re: Tensor;
  readonly im: Tensor;
}

/**
 * X(f)y for each sample y of a spectrum, [F, batch, columns] → [F, batch, rows]; or X(f)ᴴy.
 * @param adjoint Xᴴ in place of X
 */
export function multiplySpectrum(y: Complex, { re, im }: Complex, adjoint = false): Complex {
  // Samples are rows: y ↦ y·Xᵀ, and y·X̄ for the adjoint.
  const turned = { transposeB: !adjoint };
  const times = (part: Tensor, by: Tensor, more: ProductOptions = {}): Tensor =>
    batchedProduct(part, by, { ...turned, ...more });
  const [less, more] = adjoint ? [y.re, y.im] : [y.im, y.re];
  const difference = { prior: times(adjoint ? y.im : y.re, re), residual: true };
  const sum = { bias: times(adjoint ? y.re : y.im, re) };
  const [minus, plus] = [times(less, im, difference), times(more, im, sum)];
  return adjoint ? { re: plus, im: minus } : { re: minus, im: plus };
}

/** Σ ŷ(f)ẑ(f)ᴴ over the samples of two spectra, [F, channels of y, channels of z]. */
export function outerProducts(y: Complex, z: Complex): Complex {
  const left = { transposeA: true };
  return {
    re: batchedProduct(y.im, z.im, { ...left, bias: batchedProduct(y.re, z.re, left) }),
    im: batchedProduct(y.re, z.im, { ...left, prior: batchedProduct(y.im, z.re, left), residual: true }),
  };
}

/** XᴴX. */
export function gram({ re, im }: Complex): Complex {
  const left = { transposeA: true };
  const mixed = batchedProduct(re, im, left);
  return {
    re: batchedProduct(im, im, { ...left, bias: batchedProduct(re, re, left) }),
    im: withTransposed('subtract', mixed),
  };
}

/** XY. */
export function multiplyBlocks(x: Complex, y: Complex): Complex {
  const first = batchedProduct(x.re, y.re);
  return {
    re: batchedProduct(x.im, y.im, { prior: first, residual: true }),
    im: batchedProduct(x.im, y.re, { bias: batchedProduct(x.re, y.im) }),
  };
}

/** XᴴY + YᴴX. */
export function symmetricProduct(x: Complex, y: Complex): Complex {
  const left = { transposeA: true };
  const re = batchedProduct(x.im, y.im, { ...left, bias: batchedProduct(x.re, y.re, left) });
  const im = batchedProduct(x.im, y.re, { ...left, prior: batchedProduct(x.re, y.im, left), residual: true });
  return plusAdjoint({ re, im });
}

/** X + Xᴴ. */
export function plusAdjoint({ re, im }: Complex): Complex {
  return { re: withTransposed('add', re), im: withTransposed('subtract', im) };
}

/** X + Xᵀ or X − Xᵀ of square matrices, [F, n, n]. */
function withTransposed(operation: 'add' | 'subtract', x: Tensor): Tensor {
  const [, n] = x.shape;
  const layout = (strides: readonly [number, number]) => ({ offset: 0, strides: [0, n * n, ...strides] as const });
  return elementwiseLaidOut(operation, [x, x], [layout([n, 1]), layout([1, n])], x.shape);
}

/** factor·X, with one factor for all, [1]. */
export function scaleBlocks({ re, im }: Complex, factor: Tensor): Complex {
  return { re: elementwise('multiply', [re, factor]), im: elementwise('multiply', [im, factor]) };
}

/** X + Y or X − Y. */
export function combineBlocks(operation: 'add' | 'subtract', x: Complex, y: Complex): Complex {
  return { re: elementwise(operation, [x.re, y.re]), im: elementwise(operation, [x.im, y.im]) };
}

/** X + factor·I for square matrices. @param factor [1] */
export function addIdentity(tracing: LoopContext, { re, im }: Complex, factor: Tensor): Complex {
  const [, n] = re.shape;
  const identity = tracing.constant({ kind: 'identity', order: n }, [n, n]);
  return { re: elementwise('add', [re, elementwise('multiply', [identity, factor])]), im };
}

/**
 * X⁻¹ for matrices with X + Xᴴ positive definite. With X = P + iQ, S = P + QP⁻¹Q is the Schur complement of its real
 * form, and X⁻¹ = S⁻¹ − i·P⁻¹QS⁻¹. P + Pᵀ is positive definite, as the real part of X + Xᴴ, and so is S + Sᵀ, because S⁻¹
 * is the real part of X⁻¹.
 */
export function invertBlocks(tracing: LoopContext, { re: P, im: Q }: Complex): Complex {
  const invert = (x: Tensor): Tensor =>
    tracing.runsOnHost ? invertBatch(x).factor : batchedInverse(tracing, x).inverse;
  const quotient = batchedProduct(invert(P), Q); // P⁻¹Q
  const re = invert(batchedProduct(Q, quotient, { bias: P }));
  return { re, im: elementwise('negate', [batchedProduct(quotient, re)]) };
}
