/** The transform as a kernel: spectra are one tensor, [F, 2, batch, channels], with real parts before imaginary ones. */
import { elementwiseLaidOut } from '../../../tensor/kernels.ts';
import { complexProduct, fourier } from '../../../tensor/spectra.ts';
import type { LoopContext, Tensor } from '../../../tensor/tensor.ts';
import type { Transform } from './fourier.ts';
import { constantTable, rootsTable } from './tables.ts';
import { frequencyCount, type Torus } from './torus.ts';

/** The kernel keeps sixteen lines in the workspace of a thread: images up to this many numbers, and their margins. */
const MOST_NUMBERS = 4000;

export function fitsKernel({ rows, columns }: Torus): boolean {
  return (rows + 16) * (columns + 18) <= MOST_NUMBERS;
}

export function kernelTransform(tracing: LoopContext, torus: Torus): Transform {
  const { rows, columns } = torus;
  const count = frequencyCount(torus);
  const roots = (): Tensor => constantTable(tracing, rootsTable(torus));
  return {
    forward(images, channels) {
      const lines = images.size / (rows * columns);
      const spectrum = fourier(images, roots(), { lines, rows, columns });
      return [spectrum.context.alias(spectrum, [count, 2, lines / channels, channels])];
    },
    inverse([spectrum]) {
      const [, , batch, channels] = spectrum.shape;
      const images = fourier(spectrum, roots(), { lines: batch * channels, rows, columns }, true);
      return images.context.alias(images, [batch, channels * rows * columns]);
    },
    // Samples are rows: y ↦ y·Xᵀ, and y·X̄ for the adjoint.
    multiply: ([y], blocks, adjoint = false) => [
      complexProduct(y, blocks, { transposeB: !adjoint, conjugate: adjoint }),
    ],
    outerProducts([y], [z]) {
      const both = complexProduct(y, z, { transposeA: true, conjugate: true });
      const [, , rows, columns] = both.shape;
      const part = (index: number): Tensor => {
        const size = rows * columns;
        const layout = { offset: index * size, strides: [0, 0, 2 * size, 1] as const };
        const taken = elementwiseLaidOut('copy', [both], [layout], [count, size]);
        return taken.context.alias(taken, [count, rows, columns]);
      };
      return { re: part(0), im: part(1) };
    },
  };
}
