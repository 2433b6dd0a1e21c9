/** One small complex matrix for each frequency: their products, adjoints and inverses. No tape follows them. */
import { batchedProduct, invertBatch } from '../../../tensor/batched.ts';
import { elementwise, elementwiseLaidOut } from '../../../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../../../tensor/tensor.ts';
import { batchedInverse } from '../../batched-inverse.ts';

/** Matrices X(f) = re + i·im, each [F, rows, columns]. */
export interface Complex {
  readonly re: Tensor;
  readonly im: Tensor;
}

/**
 * X(f)y for each sample y of a spectrum, [F, 2·batch, columns] → [F, 2·batch, rows]; or X(f)ᴴy.
 * @param adjoint Xᴴ in place of X
 */
export function multiplySpectrum(spectrum: Tensor, { re, im }: Complex, adjoint = false): Tensor {
  // Samples are rows: y ↦ y·Xᵀ, and y·X̄ for the adjoint.
  const turned = { transposeB: !adjoint };
  return batchedProduct(quarterTurn(spectrum, adjoint), im, {
    ...turned,
    bias: batchedProduct(spectrum, re, turned),
  });
}

/** i·y of a spectrum: (re, im) becomes (−im, re); or −i·y. */
export function quarterTurn(spectrum: Tensor, backwards = false): Tensor {
  const [count, doubled, channels] = spectrum.shape;
  const { context } = spectrum;
  const half = (doubled / 2) * channels;
  const signs = context.constant({ kind: 'values', values: backwards ? [1, -1] : [-1, 1] }, [2]);
  const layouts = [
    { offset: half, strides: [2 * half, -half, channels, 1] as const },
    { offset: 0, strides: [0, 1, 0, 0] as const },
  ];
  const turned = elementwiseLaidOut('multiply', [spectrum, signs], layouts, [count, 2, doubled / 2, channels]);
  return context.alias(turned, spectrum.shape);
}

/** Σ ŷ(f)ẑ(f)ᴴ over the samples of two spectra, [F, channels of y, channels of z]. */
export function outerProducts(y: Tensor, z: Tensor): Complex {
  return {
    re: batchedProduct(y, z, { transposeA: true }),
    im: batchedProduct(y, quarterTurn(z), { transposeA: true }),
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

/** X − Xᴴ. */
export function minusAdjoint({ re, im }: Complex): Complex {
  return { re: withTransposed('subtract', re), im: withTransposed('add', im) };
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
