/**
 * Products of the matrices K̂(f) of kernels as kernels themselves: for kernels with few taps they cost much less than one
 * product of matrices for each frequency. No tape follows them.
 */
import { elementwiseLaidOut, product } from '../../../tensor/kernels.ts';
import { gatherAlong } from '../../../tensor/move-kernels.ts';
import type { LoopContext, Tensor } from '../../../tensor/tensor.ts';
import { constantTable, differenceTable } from './tables.ts';
import { frequencyCount, type Torus } from './torus.ts';

const alias = (x: Tensor, shape: readonly number[]): Tensor => x.context.alias(x, shape);

/** Whether all pairs of taps of a kernel with size² of them are no more than the numbers of a spectrum. */
export function hasFewTaps(size: number, torus: Torus): boolean {
  return size ** 4 <= 2 * frequencyCount(torus);
}

/** The kernel of K̂(f) + K̂(f)ᴴ or K̂(f) − K̂(f)ᴴ: K[o, c, t] ± K[c, o, −t], [c, c, k, k]. */
export function withAdjoint(operation: 'add' | 'subtract', kernel: Tensor): Tensor {
  const [channels, , size] = kernel.shape;
  const taps = size ** 2;
  const flat = alias(kernel, [channels ** 2, taps]);
  const last = Array.from({ length: taps }, (_, tap) => taps - 1 - tap);
  const indices = kernel.context.constant({ kind: 'values', values: last }, [taps]);
  const layouts = [
    { offset: 0, strides: [0, channels * taps, taps, 1] },
    { offset: 0, strides: [0, taps, channels * taps, 1] },
  ] as const;
  const operands = [flat, gatherAlong(flat, 1, taps, { indices })];
  return alias(elementwiseLaidOut(operation, operands, layouts, [channels, channels, taps]), kernel.shape);
}

/** The kernel of K̂(f)ᴴK̂(f), Σₒ,ₜ K[o, c, t]·K[o, c′, t + d], [c, c, 2k − 1, 2k − 1]. @param kernel K, [c, c, k, k] */
export function autocorrelation(tracing: LoopContext, kernel: Tensor): Tensor {
  const [channels, , size] = kernel.shape;
  const taps = size ** 2;
  const rows = alias(kernel, [channels, channels * taps]);
  const pairs = exchangeAxes(product(rows, rows, { transposeA: true }), [channels, taps, channels, taps]);
  const bothChannels = alias(pairs, [channels ** 2, taps ** 2]);
  const wide = 2 * size - 1;
  return alias(product(bothChannels, constantTable(tracing, differenceTable(size))), [channels, channels, wide, wide]);
}

/**
 * The taps of K̂(f)Ĥ(f) that K has, Σ_{c′, t′} K[o, c′, t′]·H[c′, c, t − t′], [c, c, k, k].
 * @param H [c, c, 2k − 1, 2k − 1]
 */
export function correlateTaps(tracing: LoopContext, kernel: Tensor, H: Tensor): Tensor {
  const [channels, , size] = kernel.shape;
  const taps = size ** 2;
  const flat = alias(H, [channels ** 2, (2 * size - 1) ** 2]);
  const pairs = product(flat, constantTable(tracing, differenceTable(size)), { transposeB: true });
  const matrix = alias(exchangeAxes(pairs, [channels, channels, taps, taps]), [channels * taps, channels * taps]);
  return alias(product(alias(kernel, [channels, channels * taps]), matrix), kernel.shape);
}

/** The size × size taps in the middle of a kernel. */
export function middleTaps(kernel: Tensor, size: number): Tensor {
  const [outputs, inputs, wide] = kernel.shape;
  const margin = (wide - size) / 2;
  const places = Array.from(
    { length: size ** 2 },
    (_, tap) => (margin + Math.floor(tap / size)) * wide + margin + (tap % size),
  );
  const indices = kernel.context.constant({ kind: 'values', values: places }, [places.length]);
  const taken = gatherAlong(alias(kernel, [outputs * inputs, wide ** 2]), 1, places.length, { indices });
  return alias(taken, [outputs, inputs, size, size]);
}

/** Exchanges the two axes in the middle. */
function exchangeAxes(x: Tensor, [a, b, c, d]: readonly [number, number, number, number]): Tensor {
  const layout = { offset: 0, strides: [b * c * d, d, c * d, 1] as const };
  return elementwiseLaidOut('copy', [x], [layout], [a, c, b, d]);
}
