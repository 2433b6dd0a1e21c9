import type { ElementwiseCall, OperandLayout } from '../kernels.ts';
import { clip, elu, proximal, sigmoid, softplus, softsign, softThreshold } from './activations.ts';

/** An operand: its numbers, and the layout through which they are read. */
interface Operand {
  readonly values: Float64Array;
  readonly layout: OperandLayout;
}

const ABSENT: Operand = { values: new Float64Array(1), layout: { offset: 0, strides: [0, 0, 0, 0] } };

export function elementwise(call: ElementwiseCall, slots: readonly Float64Array[]): void {
  const operand = (index: number): Operand =>
    index < call.inputs.length ? { values: slots[call.inputs[index]], layout: call.layouts[index] } : ABSENT;
  const [x, y, z] = [operand(0), operand(1), operand(2)];
  const [d0, d1, d2, d3] = call.shape;
  const pair = [call.parameters[0] ?? 0, call.parameters[1] ?? 1] as const;
  let at = 0;
  for (let i0 = 0; i0 < d0; i0++) {
    for (let i1 = 0; i1 < d1; i1++) {
      for (let i2 = 0; i2 < d2; i2++) {
        const [startX, startY, startZ] = [startOf(x, i0, i1, i2), startOf(y, i0, i1, i2), startOf(z, i0, i1, i2)];
        evaluateRow(call, slots[call.output], at, at + d3, x, startX, y, startY, z, startZ, pair);
        at += d3;
      }
    }
  }
}

function startOf({ layout: { offset, strides } }: Operand, i0: number, i1: number, i2: number): number {
  return offset + i0 * strides[0] + i1 * strides[1] + i2 * strides[2];
}

/**
 * The formulas of ELEMENTWISE along one row. Each has a loop of its own: calling a formula for each element would box
 * its numbers, which is ten times slower.
 */
function evaluateRow(
  { operation, parameters: [p0 = 0, p1 = 1, p2 = 0] }: ElementwiseCall,
  out: Float64Array,
  begin: number,
  end: number,
  { values: x, layout: xLayout }: Operand,
  xStart: number,
  { values: y, layout: yLayout }: Operand,
  yStart: number,
  { values: z, layout: zLayout }: Operand,
  zStart: number,
  activationParameters: readonly [number, number],
): void {
  const dx = xLayout.strides[3];
  const dy = yLayout.strides[3];
  const dz = zLayout.strides[3];
  let at = begin;
  let i = xStart;
  let j = yStart;
  let k = zStart;
  switch (operation) {
    case 'copy':
    case 'proximalIdentity':
      for (; at < end; at++, i += dx) out[at] = x[i];
      break;
    case 'negate':
      for (; at < end; at++, i += dx) out[at] = -x[i];
      break;
    case 'exp':
      for (; at < end; at++, i += dx) out[at] = Math.exp(x[i]);
      break;
    case 'log':
      for (; at < end; at++, i += dx) out[at] = Math.log(x[i]);
      break;
    case 'abs':
      for (; at < end; at++, i += dx) out[at] = Math.abs(x[i]);
      break;
    case 'sign':
      for (; at < end; at++, i += dx) out[at] = Math.sign(x[i]);
      break;
    case 'sqrt':
      for (; at < end; at++, i += dx) out[at] = Math.sqrt(x[i]);
      break;
    case 'square':
      for (; at < end; at++, i += dx) out[at] = x[i] * x[i];
      break;
    case 'reciprocal':
      for (; at < end; at++, i += dx) out[at] = 1 / x[i];
      break;
    case 'relu':
    case 'proximalRelu':
      for (; at < end; at++, i += dx) out[at] = Math.max(x[i], 0);
      break;
    case 'tanh':
      for (; at < end; at++, i += dx) out[at] = Math.tanh(x[i]);
      break;
    case 'sigmoid':
      for (; at < end; at++, i += dx) out[at] = sigmoid(x[i]);
      break;
    case 'softThreshold':
      for (; at < end; at++, i += dx) out[at] = softThreshold(x[i], p0);
      break;
    case 'leakyRelu':
      for (; at < end; at++, i += dx) out[at] = x[i] >= 0 ? x[i] : p0 * x[i];
      break;
    case 'clip':
    case 'proximalClip':
      for (; at < end; at++, i += dx) out[at] = clip(x[i], p0, p1);
      break;
    case 'softplus':
      for (; at < end; at++, i += dx) out[at] = softplus(x[i]);
      break;
    case 'elu':
      for (; at < end; at++, i += dx) out[at] = elu(x[i], p0);
      break;
    case 'softsign':
      for (; at < end; at++, i += dx) out[at] = softsign(x[i]);
      break;
    case 'arctan':
      for (; at < end; at++, i += dx) out[at] = Math.atan(x[i]);
      break;
    case 'scale':
      for (; at < end; at++, i += dx) out[at] = p0 * x[i] + p1;
      break;
    case 'add':
      for (; at < end; at++, i += dx, j += dy) out[at] = x[i] + y[j];
      break;
    case 'subtract':
      for (; at < end; at++, i += dx, j += dy) out[at] = x[i] - y[j];
      break;
    case 'multiply':
      for (; at < end; at++, i += dx, j += dy) out[at] = x[i] * y[j];
      break;
    case 'divide':
      for (; at < end; at++, i += dx, j += dy) out[at] = x[i] / y[j];
      break;
    case 'maximum':
      for (; at < end; at++, i += dx, j += dy) out[at] = Math.max(x[i], y[j]);
      break;
    case 'minimum':
      for (; at < end; at++, i += dx, j += dy) out[at] = Math.min(x[i], y[j]);
      break;
    case 'greater':
      for (; at < end; at++, i += dx, j += dy) out[at] = x[i] > y[j] ? 1 : 0;
      break;
    case 'reluDerivative':
      for (; at < end; at++, i += dx, j += dy) out[at] = atKink(x[i], 0, y[j], 0, 1, p0);
      break;
    case 'absDerivative':
      for (; at < end; at++, i += dx, j += dy) out[at] = atKink(x[i], 0, y[j], -1, 1, p0);
      break;
    case 'softThresholdDerivative':
      // σ' is 1 outside [−τ, τ] and 0 inside: the kinks lie at |x| = τ.
      for (; at < end; at++, i += dx, j += dy) out[at] = atKink(Math.abs(x[i]), p1, y[j], 0, 1, p0);
      break;
    case 'leakyReluDerivative':
      for (; at < end; at++, i += dx, j += dy) out[at] = atKink(x[i], 0, y[j], p1, 1, p0);
      break;
    case 'clipDerivative':
      for (; at < end; at++, i += dx, j += dy) out[at] = clipDerivative(x[i], y[j], p1, p2, p0);
      break;
    case 'eluDerivative':
      for (; at < end; at++, i += dx, j += dy) out[at] = eluDerivative(x[i], y[j], p1, p0);
      break;
    case 'tanhDerivative':
      for (; at < end; at++, i += dx) out[at] = tanhDerivative(x[i]);
      break;
    case 'sigmoidDerivative':
      for (; at < end; at++, i += dx) out[at] = sigmoidDerivative(x[i]);
      break;
    case 'softsignDerivative':
      for (; at < end; at++, i += dx) out[at] = softsignDerivative(x[i]);
      break;
    case 'arctanDerivative':
      for (; at < end; at++, i += dx) out[at] = 1 / (1 + x[i] * x[i]);
      break;
    case 'proximalTanh':
      for (; at < end; at++, i += dx, j += dy) out[at] = proximal('tanh', x[i], y[j], activationParameters);
      break;
    case 'proximalSigmoid':
      for (; at < end; at++, i += dx, j += dy) out[at] = proximal('sigmoid', x[i], y[j], activationParameters);
      break;
    case 'proximalSoftThreshold':
      for (; at < end; at++, i += dx, j += dy) out[at] = softThreshold(x[i], y[j] * p0);
      break;
    case 'proximalLeakyRelu':
      for (; at < end; at++, i += dx, j += dy) out[at] = proximal('leakyRelu', x[i], y[j], activationParameters);
      break;
    case 'proximalSoftplus':
      for (; at < end; at++, i += dx, j += dy) out[at] = proximal('softplus', x[i], y[j], activationParameters);
      break;
    case 'proximalElu':
      for (; at < end; at++, i += dx, j += dy) out[at] = proximal('elu', x[i], y[j], activationParameters);
      break;
    case 'proximalSoftsign':
      for (; at < end; at++, i += dx, j += dy) out[at] = proximal('softsign', x[i], y[j], activationParameters);
      break;
    case 'proximalArctan':
      for (; at < end; at++, i += dx, j += dy) out[at] = proximal('arctan', x[i], y[j], activationParameters);
      break;
    case 'select':
      for (; at < end; at++, i += dx, j += dy, k += dz) out[at] = x[i] !== 0 ? y[j] : z[k];
      break;
    case 'dropout':
      for (; at < end; at++, i += dx, j += dy, k += dz) {
        out[at] = randomBits(at, y[j], z[k]) < p0 && !Number.isNaN(x[i]) ? 0 : p1 * x[i];
      }
      break;
  }
}

/**
 * 24 bits of a hash: the finaliser of MurmurHash3 is applied to the index with the first half of the seed, and to the
 * result with the second half.
 */
function randomBits(index: number, seed: number, otherSeed: number): number {
  const word = mixBits(Math.imul(index + 1, 0x9e3779b9) + seed);
  return mixBits(word ^ Math.imul(otherSeed, 0x85ebca6b)) >>> 8;
}

function mixBits(value: number): number {
  let word = value | 0;
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return word ^ (word >>> 16);
}

/** (1 − q)·low + q·high within the tolerance of the kink; elsewhere the derivative on the side where x lies. */
function atKink(x: number, kink: number, tolerance: number, low: number, high: number, q: number): number {
  if (isEitherNaN(x, tolerance)) return Number.NaN;
  if (Math.abs(x - kink) <= tolerance) return (1 - q) * low + q * high;
  return x > kink ? high : low;
}

/** The derivatives ask this first, since every comparison with NaN is false, as if x lay on one side of the kink. */
function isEitherNaN(x: number, tolerance: number): boolean {
  return Number.isNaN(x) || Number.isNaN(tolerance);
}

/** There are kinks at both ends; between them the derivative is 1. */
function clipDerivative(x: number, tolerance: number, low: number, high: number, q: number): number {
  if (isEitherNaN(x, tolerance)) return Number.NaN;
  if (Math.abs(x - low) <= tolerance || Math.abs(x - high) <= tolerance) return q;
  return x > low && x < high ? 1 : 0;
}

/** At the kink the Clarke interval is [α, 1]. */
function eluDerivative(x: number, tolerance: number, alpha: number, q: number): number {
  if (isEitherNaN(x, tolerance)) return Number.NaN;
  if (Math.abs(x) <= tolerance) return (1 - q) * alpha + q;
  return x > 0 ? 1 : alpha * Math.exp(x);
}

function softsignDerivative(x: number): number {
  const r = 1 / (1 + Math.abs(x));
  return r * r;
}

// The two derivatives below are computed from e^(−2|x|) and e^(−|x|), because 1 − tanh² and 1 − s would cancel.
function tanhDerivative(x: number): number {
  const e = Math.exp(-2 * Math.abs(x));
  return (4 * e) / (1 + e) ** 2;
}

function sigmoidDerivative(x: number): number {
  const e = Math.exp(-Math.abs(x));
  return e / (1 + e) ** 2;
}
