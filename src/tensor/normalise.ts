/** Differentiable operations that keep the numbers of a network in range: dropout and layer normalisation. */
import { createArgumentError, createNumberCheck, POSITIVE } from '../arguments/check.ts';
import { readOptions } from '../arguments/options.ts';
import { elementwiseLaidOut, rowwise } from './kernels.ts';
import { add, multiply, recordOperation } from './operations.ts';
import { broadcastLayout, formatShape } from './shape.ts';
import type { Tensor } from './tensor.ts';

/** Options of `Tensor.dropout`. */
export interface DropoutOptions {
  /** An integer from 0 to 2⁴⁸ − 1. The same seed drops the same numbers on every backend. */
  seed: number;
}

const HALF = 2 ** 24;

const RATE = /* @__PURE__ */ createNumberCheck('a number from 0 to below 1', (rate) => rate >= 0 && rate < 1);

export function checkRate(name: string, rate: number): number {
  RATE(`${name}: rate`, rate);
  return rate;
}

export function dropout(x: Tensor, rate: number, options: DropoutOptions): Tensor {
  const { seed } = readOptions('dropout', options, { seed: 0 });
  checkRate('dropout', rate);
  if (!Number.isInteger(seed) || seed < 0 || seed >= HALF * HALF) {
    throw createArgumentError('dropout: seed', seed, 'an integer from 0 to 2⁴⁸ − 1');
  }
  if (rate === 0) return recordOperation('dropout', [x], x.context.alias(x, x.shape), { rate, seed });
  return recordOperation('dropout', [x], dropNumbers(x, rate, seed), { rate, seed });
}

/** Sets numbers to 0 with probability `rate`, and divides the others by 1 − rate. */
function dropNumbers(x: Tensor, rate: number, seed: number): Tensor {
  const halves = x.context.upload([seed % HALF, Math.floor(seed / HALF)], [2], x);
  const half = (offset: number) => ({ offset, strides: [0, 0, 0, 0] as const });
  const layouts = [broadcastLayout(x.shape, x.shape), half(0), half(1)];
  const output = elementwiseLaidOut('dropout', [x, halves, halves], layouts, x.shape, [rate * HALF, 1 / (1 - rate)]);
  halves.dispose();
  return output;
}

/** Options of `Tensor.layerNorm`. */
export interface LayerNormOptions {
  /** [n], multiplies each row. Default: ones. */
  gain?: Tensor;
  /** [n], is added to each row. Default: zeros. */
  bias?: Tensor;
  /** Is added to the variance; > 0. Default 1e-5. */
  epsilon?: number;
}

export function layerNorm(x: Tensor, { gain, bias, epsilon = 1e-5 }: LayerNormOptions): Tensor {
  if (x.shape.length === 0) throw new RangeError('layerNorm: x is a scalar; it needs at least one axis');
  POSITIVE('layerNorm: epsilon', epsilon);
  const n = x.shape[x.shape.length - 1];
  for (const [name, given] of Object.entries({ gain, bias })) {
    if (!given || (given.shape.length === 1 && given.shape[0] === n)) continue;
    throw new RangeError(
      `layerNorm: ${name} has shape ${formatShape(given.shape)}; x of shape ${formatShape(x.shape)} needs [${n}]`,
    );
  }
  let output = recordOperation('standardise', [x], rowwise('standardise', x, undefined, [epsilon]), { epsilon });
  const followedBy = (next: Tensor): void => {
    output.dispose();
    output = next;
  };
  if (gain) followedBy(multiply(output, gain));
  if (bias) followedBy(add(output, bias));
  return output;
}
