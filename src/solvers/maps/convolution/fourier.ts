/**
 * The discrete Fourier transform of small real images, as products with matrices of cosines and sines:
 * x̂(f) = Σₚ x[p]·e^{−2πi(f₁p₁/rows + f₂p₂/columns)}, at the frequencies of the half spectrum.
 *
 * A spectrum is [F, 2·batch, channels]: for each frequency the real parts of all samples, then their imaginary parts,
 * so that one real matrix multiplies both.
 */
import { batchedProduct } from '../../../tensor/batched.ts';
import { product } from '../../../tensor/kernels.ts';
import { transpose } from '../../../tensor/operations.ts';
import type { LoopContext, Tensor } from '../../../tensor/tensor.ts';
import type { Complex } from './blocks.ts';
import { frequencyCount, halfRows, type Torus, weightOf } from './torus.ts';

/** The transforms on one torus, inside a Program. */
export interface Fourier {
  /** The spectrum, [F, 2·batch, channels], of images [batch, channels·rows·columns]. */
  forward(images: Tensor, channels: number): Tensor;
  /** The images, [batch, channels·rows·columns], of a spectrum. */
  inverse(spectrum: Tensor): Tensor;
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
  const [half, count, pixels] = [halfRows(torus), frequencyCount(torus), rows * columns];
  const alias = (x: Tensor, shape: readonly number[]): Tensor => x.context.alias(x, shape);
  const constant = (table: Table): Tensor => {
    return tracing.constant({ kind: 'values', values: table.values }, [table.rows, table.columns]);
  };
  return {
    forward(images, channels) {
      const lines = images.size / pixels; // batch·channels
      const turned = transpose(alias(images, [lines, pixels]));
      const ofColumns = product(constant(forwardRows(torus)), alias(turned, [rows, columns * lines]));
      const each = alias(ofColumns, [half, 2 * columns, lines]); // (f₁), (re | im, p₂), lines
      return alias(batchedProduct(constant(complexColumns(torus)), each), [count, (2 * lines) / channels, channels]);
    },
    inverse(spectrum) {
      const [, doubled, channels] = spectrum.shape;
      const lines = (doubled / 2) * channels;
      const each = alias(spectrum, [half, 2 * columns, lines]);
      const ofColumns = batchedProduct(constant(complexColumns(torus)), each, { transposeA: true });
      const turned = product(constant(inverseRows(torus)), alias(ofColumns, [2 * half, columns * lines]));
      return alias(transpose(alias(turned, [pixels, lines])), [doubled / 2, channels * pixels]);
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
      const part = (gradient: Tensor, phase: Phase, bias?: Tensor): Tensor =>
        product(alias(gradient, [count, outputs * inputs]), constant(kernelTable(torus, size, phase, true)), {
          transposeA: true,
          bias,
        });
      return alias(part(im, Math.sin, part(re, Math.cos)), [outputs, inputs, size, size]);
    },
  };
}

/** The numbers of a matrix, row by row. */
interface Table {
  readonly rows: number;
  readonly columns: number;
  readonly values: readonly number[];
}

function tableOf(rows: number, columns: number, entry: (row: number, column: number) => number): Table {
  const values: number[] = [];
  for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) values.push(entry(row, column));
  return { rows, columns, values };
}

/** The angle 2πk/period. The integer k is reduced first, so that large products lose no digits. */
const angle = (k: number, period: number): number => (2 * Math.PI * (((k % period) + period) % period)) / period;

/** From rows p₁ to (f₁, re | im): e^{−iθ} = cos θ − i·sin θ. */
function forwardRows(torus: Torus): Table {
  const { rows } = torus;
  return tableOf(2 * halfRows(torus), rows, (at, p) => {
    const theta = angle((at >> 1) * p, rows);
    return at % 2 === 0 ? Math.cos(theta) : -Math.sin(theta);
  });
}

/** Back from (f₁, re | im) to rows p₁: Re(w·e^{iθ}·y)/(rows·columns), with the weight w of the half spectrum. */
function inverseRows(torus: Torus): Table {
  const { rows, columns } = torus;
  return tableOf(rows, 2 * halfRows(torus), (p, at) => {
    const theta = angle((at >> 1) * p, rows);
    const weight = weightOf(at >> 1, torus) / (rows * columns);
    return weight * (at % 2 === 0 ? Math.cos(theta) : -Math.sin(theta));
  });
}

/**
 * From (re | im, p₂) to (f₂, re | im): multiplication by e^{−iθ} of complex numbers. Its transpose multiplies by e^{iθ},
 * and leads back.
 */
function complexColumns({ columns }: Torus): Table {
  return tableOf(2 * columns, 2 * columns, (to, from) => {
    const theta = angle((to >> 1) * (from % columns), columns);
    const isSame = (to % 2 === 1) === from >= columns;
    if (isSame) return Math.cos(theta);
    return to % 2 === 0 ? Math.sin(theta) : -Math.sin(theta);
  });
}

type Phase = (angle: number) => number;

/**
 * cos or sin of 2πf·(t − r) for each frequency and each of the size² taps t, r = (size − 1)/2.
 * @param isAverage each frequency has its weight, divided by the number of all frequencies
 */
function kernelTable(torus: Torus, size: number, phase: Phase, isAverage = false): Table {
  const { rows, columns } = torus;
  const r = (size - 1) / 2;
  return tableOf(frequencyCount(torus), size * size, (f, tap) => {
    const f1 = Math.floor(f / columns);
    const theta = angle(f1 * (Math.floor(tap / size) - r), rows) + angle((f % columns) * ((tap % size) - r), columns);
    return phase(theta) * (isAverage ? weightOf(f1, torus) / (rows * columns) : 1);
  });
}
