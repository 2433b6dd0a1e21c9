/**
 * The discrete Fourier transform of small real images, as products with matrices of cosines and sines:
 * x̂(f) = Σₚ x[p]·e^{−2πi(f₁p₁/rows + f₂p₂/columns)}, at the frequencies of the half spectrum.
 *
 * Images are treated in blocks of lines, one for each sample and channel, whose numbers fit into a cache. Within a block
 * a transform along columns is followed by one along rows; what comes out of all blocks is put in the order of
 * frequencies, so that one matrix multiplies all samples of a frequency.
 */
import { batchedProduct } from '../../../tensor/batched.ts';
import { elementwiseLaidOut, product } from '../../../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../../../tensor/tensor.ts';
import type { Complex } from './blocks.ts';
import {
  averagedKernelTable,
  columnTable,
  inverseColumnTable,
  kernelTable,
  type Phase,
  rowTable,
  type Table,
} from './tables.ts';
import { frequencyCount, halfColumns, type Torus } from './torus.ts';

/** The transforms on one torus, inside a Program. */
export interface Fourier {
  /** The spectrum, [F, batch, channels], of images [batch, channels·rows·columns]. */
  forward(images: Tensor, channels: number): Complex;
  /** The images, [batch, channels·rows·columns], of a spectrum. */
  inverse(spectrum: Complex): Tensor;
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
  const { rows, columns } = torus;
  const [half, count] = [halfColumns(torus), frequencyCount(torus)];
  const alias = (x: Tensor, shape: readonly number[]): Tensor => x.context.alias(x, shape);
  const constant = (table: Table): Tensor =>
    tracing.constant({ kind: 'values', values: table.values }, [table.rows, table.columns]);
  return {
    forward(images, channels) {
      const lines = images.size / (rows * columns);
      const width = blockOf(lines);
      const blocks = lines / width;
      // (f₂, re | im) × (line, p₁), then (cos | sin, f₁) × line for each block, f₂, and re | im.
      const image = alias(images, [blocks, width * rows, columns]);
      const ofColumns = batchedProduct(constant(columnTable(torus)), image, { transposeB: true });
      const turned = batchedProduct(constant(rowTable(torus)), alias(ofColumns, [blocks * half * 2, width, rows]), {
        transposeB: true,
      });
      const part = (isImaginary: boolean, isSine: boolean) => ({
        offset: ((isImaginary ? 2 : 0) + (isSine ? 1 : 0)) * rows * width,
        strides: [4 * rows * width, width, 4 * half * rows * width, 1] as const,
      });
      const combine = (operation: 'add' | 'subtract', isImaginary: boolean): Tensor => {
        const layouts = [part(isImaginary, false), part(!isImaginary, true)];
        const ordered = elementwiseLaidOut(operation, [turned, turned], layouts, [half, rows, blocks, width]);
        return alias(ordered, [count, lines / channels, channels]);
      };
      // (re + i·im)(cos − i·sin)
      return { re: combine('add', false), im: combine('subtract', true) };
    },
    inverse({ re, im }) {
      const [, batch, channels] = re.shape;
      const lines = batch * channels;
      const width = blockOf(lines);
      const blocks = lines / width;
      const inBlocks = (part: Tensor): Tensor => {
        const layout = { offset: 0, strides: [width, rows * lines, lines, 1] as const };
        const ordered = elementwiseLaidOut('copy', [part], [layout], [blocks, half, rows, width]);
        return alias(ordered, [blocks * half, rows, width]);
      };
      const [real, imaginary] = [inBlocks(re), inBlocks(im)];
      const [cosines, sines] = [0, 1].map((at) => constant(rowTable(torus, at)));
      const left = { transposeA: true };
      // (re + i·im)(cos + i·sin), line × p₁ for each block and f₂.
      const first = batchedProduct(imaginary, sines, left);
      const turned = [
        batchedProduct(real, cosines, { ...left, prior: first, residual: true }), // im·sin − re·cos
        batchedProduct(real, sines, { ...left, bias: batchedProduct(imaginary, cosines, left) }),
      ];
      const [before, after] = turned.map((part, at) => {
        const block = alias(part, [blocks, half, width * rows]);
        return { block, table: constant(inverseColumnTable(torus, at === 1)) };
      });
      const started = batchedProduct(before.block, before.table, left);
      const images = batchedProduct(after.block, after.table, { ...left, bias: started });
      return alias(images, [batch, channels * rows * columns]);
    },
    ofKernel(kernel) {
      const [outputs, inputs, size] = kernel.shape;
      const flat = alias(kernel, [outputs * inputs, size * size]);
      const part = (phase: Phase): Tensor =>
        alias(product(constant(kernelTable(torus, size, phase)), flat, { transposeB: true }), [count, outputs, inputs]);
      return { re: part(Math.cos), im: part(Math.sin) };
    },
    toKernel({ re, im }, size) {
      const [, outputs, inputs] = re.shape;
      const part = (gradient: Tensor, phase: Phase, bias?: Tensor): Tensor => {
        const table = constant(averagedKernelTable(torus, size, phase));
        return product(alias(gradient, [count, outputs * inputs]), table, { transposeA: true, bias });
      };
      return alias(part(im, Math.sin, part(re, Math.cos)), [outputs, inputs, size, size]);
    },
  };
}

/** A block has at most this many lines; with fewer than the least, blocks cost more than they save. */
const [MOST_LINES, LEAST_LINES] = [128, 8];

/** The largest width of blocks that divides the number of lines; that number itself where it has no such divisor. */
function blockOf(lines: number): number {
  for (let width = Math.min(MOST_LINES, lines); width >= LEAST_LINES; width--) if (lines % width === 0) return width;
  return lines;
}
