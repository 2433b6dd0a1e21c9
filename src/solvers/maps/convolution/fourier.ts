/**
 * The discrete Fourier transform of small real images, x̂(f) = Σₚ x[p]·e^{−2πi(f₁p₁/rows + f₂p₂/columns)}, at the
 * frequencies of the half spectrum, and what convolutions do to spectra.
 */
import { product } from '../../../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../../../tensor/tensor.ts';
import type { Complex } from './blocks.ts';
import { fitsKernel, kernelTransform } from './kernel-transform.ts';
import { productTransform } from './product-transform.ts';
import { averagedKernelTable, constantTable, kernelTable, type Phase } from './tables.ts';
import { frequencyCount, type Torus } from './torus.ts';

/** A spectrum in the layout of the transform that made it. */
export type Spectrum = readonly Tensor[];

/** How images become spectra, and what is done with these. */
export interface Transform {
  /** The spectrum of images, [batch, channels·rows·columns]. */
  forward(images: Tensor, channels: number): Spectrum;
  /** The images, [batch, channels·rows·columns], of a spectrum. */
  inverse(spectrum: Spectrum): Tensor;
  /**
   * X(f)y for each sample y of a spectrum, or X(f)ᴴy.
   * @param blocks X, [F, channels afterwards, channels before]
   */
  multiply(spectrum: Spectrum, blocks: Complex, adjoint?: boolean): Spectrum;
  /** Σ ŷ(f)ẑ(f)ᴴ over the samples of two spectra, [F, channels of y, channels of z]. */
  outerProducts(y: Spectrum, z: Spectrum): Complex;
}

/** The transforms on one torus, inside a Program. */
export interface Fourier extends Transform {
  /**
   * K̂(f) = Σₜ K[·, ·, t]·e^{2πi f·(t − r)}, [F, outputs, inputs]: the periodic correlation with K multiplies spectra by
   * it.
   * @param kernel [outputs, inputs, k, k]
   */
  ofKernel(kernel: Tensor): Complex;
  /** The gradient of Σ_f Re tr(Ĝᴴ K̂) over all frequencies, divided by their number, [outputs, inputs, k, k]. */
  toKernel(gradient: Complex, size: number): Tensor;
}

export function fourierOn(tracing: LoopContext, torus: Torus): Fourier {
  const count = frequencyCount(torus);
  const transform =
    tracing.runsOnHost && fitsKernel(torus) ? kernelTransform(tracing, torus) : productTransform(tracing, torus);
  const alias = (x: Tensor, shape: readonly number[]): Tensor => x.context.alias(x, shape);
  return {
    ...transform,
    ofKernel(kernel) {
      const [outputs, inputs, size] = kernel.shape;
      const flat = alias(kernel, [outputs * inputs, size * size]);
      const part = (phase: Phase): Tensor => {
        const table = constantTable(tracing, kernelTable(torus, size, phase));
        return alias(product(table, flat, { transposeB: true }), [count, outputs, inputs]);
      };
      return { re: part(Math.cos), im: part(Math.sin) };
    },
    toKernel({ re, im }, size) {
      const [, outputs, inputs] = re.shape;
      const part = (gradient: Tensor, phase: Phase, bias?: Tensor): Tensor => {
        const table = constantTable(tracing, averagedKernelTable(torus, size, phase));
        return product(alias(gradient, [count, outputs * inputs]), table, { transposeA: true, bias });
      };
      return alias(part(im, Math.sin, part(re, Math.cos)), [outputs, inputs, size, size]);
    },
  };
}
