/** Lowers transforms of images and products of complex matrices, which are in a module of their own. */
import type { ComplexProductCall, FourierCall, KernelCall } from '../kernels.ts';
import { Extra } from './extra-instructions.ts';
import { Instruction } from './instruction.ts';
import { Code } from './instructions.ts';
import { ComplexProduct, Fourier, LANES, SpectrumOperation } from './spectrum-instructions.ts';

/** The number of multiplications between two looks at the clock: about two milliseconds on two threads. */
const AT_ONCE = 2 ** 26;

export type SpectrumCall = FourierCall | ComplexProductCall;

export function isSpectrumCall(call: KernelCall): call is SpectrumCall {
  return call.kernel in SpectrumOperation;
}

export function lowerSpectrum(call: SpectrumCall, operands: readonly number[], out: number): Instruction {
  if (call.kernel === 'fourier') {
    const { lines, rows, columns, inverse } = call;
    const [x, roots] = operands;
    const work = (LANES * rows * columns * (rows + columns)) / 4;
    return createSpectrum(call.kernel, Fourier.end, Math.ceil(lines / LANES), work).set(
      Fourier.out,
      ...[out, x, roots, lines, rows, columns, Number(inverse)],
    );
  }
  const { batch, m, n, k, transposeA, transposeB, conjugate } = call;
  const [a, b, imaginary = 0] = operands;
  return createSpectrum(call.kernel, ComplexProduct.end, batch, 3 * m * n * k)
    .set(ComplexProduct.out, out, a, b, imaginary, m, n, k)
    .set(ComplexProduct.transposeA, Number(transposeA), Number(transposeB), Number(conjugate));
}

/** @param work multiplications in a unit */
function createSpectrum(kernel: SpectrumCall['kernel'], length: number, units: number, work: number): Instruction {
  const parts = Math.ceil((units * work) / AT_ONCE);
  const atOnce = Math.ceil(units / Math.min(parts, units));
  return new Instruction(Code.extra, length)
    .set(Extra.operation, SpectrumOperation[kernel], units, 1, atOnce)
    .setReals(Extra.work, work);
}
