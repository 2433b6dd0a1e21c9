/**
 * The transform as products with matrices of cosines and sines: spectra are two tensors, the real and the imaginary
 * parts, [F, batch, channels] each.
 *
 * Images are treated in blocks of lines, one for each sample and channel, whose numbers fit into a cache. Within a block
 * a transform along columns is followed by one along rows; what comes out of all blocks is put in the order of
 * frequencies, so that one matrix multiplies all samples of a frequency.
 */
import { batchedProduct } from '../../../tensor/batched.ts';
import { elementwiseLaidOut } from '../../../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../../../tensor/tensor.ts';
import { multiplySpectrum, outerProducts } from './blocks.ts';
import type { Transform } from './fourier.ts';
import { columnTable, constantTable, inverseColumnTable, rowTable, type Table } from './tables.ts';
import { frequencyCount, halfColumns, type Torus } from './torus.ts';

export function productTransform(tracing: LoopContext, torus: Torus): Transform {
  const { rows, columns } = torus;
  const [half, count] = [halfColumns(torus), frequencyCount(torus)];
  const alias = (x: Tensor, shape: readonly number[]): Tensor => x.context.alias(x, shape);
  const constant = (table: Table): Tensor => constantTable(tracing, table);
  const [cosines, sines] = [Math.cos, Math.sin].map((phase) => rowTable(torus, phase));
  return {
    forward(images, channels) {
      const lines = images.size / (rows * columns);
      const width = blockOf(lines);
      const blocks = lines / width;
      // (f₂, re | im) × (line, p₁) for each block, then f₁ × line for each block, f₂, and re | im: by cosines and by sines
      // apart, so that no tensor is more than twice as large as the images.
      const image = alias(images, [blocks, width * rows, columns]);
      const ofColumns = batchedProduct(constant(columnTable(torus)), image, { transposeB: true });
      const byColumn = alias(ofColumns, [blocks * half * 2, width, rows]);
      const turned = [cosines, sines].map((table) => batchedProduct(constant(table), byColumn, { transposeB: true }));
      const part = (isImaginary: boolean) => ({
        offset: isImaginary ? rows * width : 0,
        strides: [2 * rows * width, width, 2 * half * rows * width, 1] as const,
      });
      const combine = (operation: 'add' | 'subtract', isImaginary: boolean): Tensor => {
        const layouts = [part(isImaginary), part(!isImaginary)];
        const ordered = elementwiseLaidOut(operation, turned, layouts, [half, rows, blocks, width]);
        return alias(ordered, [count, lines / channels, channels]);
      };
      // (re + i·im)(cos − i·sin)
      return [combine('add', false), combine('subtract', true)];
    },
    inverse([re, im]) {
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
      const left = { transposeA: true };
      // (re + i·im)(cos + i·sin), line × p₁ for each block and f₂.
      const first = batchedProduct(imaginary, constant(sines), left);
      const turned = [
        batchedProduct(real, constant(cosines), { ...left, prior: first, residual: true }), // im·sin − re·cos
        batchedProduct(real, constant(sines), { ...left, bias: batchedProduct(imaginary, constant(cosines), left) }),
      ];
      const [before, after] = turned.map((part, at) => {
        const block = alias(part, [blocks, half, width * rows]);
        return { block, table: constant(inverseColumnTable(torus, at === 1)) };
      });
      const started = batchedProduct(before.block, before.table, left);
      const images = batchedProduct(after.block, after.table, { ...left, bias: started });
      return alias(images, [batch, channels * rows * columns]);
    },
    multiply([re, im], blocks, adjoint) {
      const moved = multiplySpectrum({ re, im }, blocks, adjoint);
      return [moved.re, moved.im];
    },
    outerProducts: ([yRe, yIm], [zRe, zIm]) => outerProducts({ re: yRe, im: yIm }, { re: zRe, im: zIm }),
  };
}

/** A block has at most this many lines; with fewer than the least, blocks cost more than they save. */
const [MOST_LINES, LEAST_LINES] = [128, 8];

/** The largest width of blocks that divides the number of lines; that number itself where it has no such divisor. */
function blockOf(lines: number): number {
  for (let width = Math.min(MOST_LINES, lines); width >= LEAST_LINES; width--) if (lines % width === 0) return width;
  return lines;
}
