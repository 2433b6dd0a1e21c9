import type { ElementwiseCall, ElementwiseOperation } from '../kernels.ts';
import { proximal, sigmoid, softThreshold } from './activations.ts';

type Formula = (x: number, y: number, c: number, p0: number, p1: number) => number;

/** (1 − q)·low + q·high within the tolerance of the kink, else the derivative on the side where x lies. */
function atKink(x: number, kink: number, tolerance: number, low: number, high: number, q: number): number {
  if (Math.abs(x - kink) <= tolerance) return (1 - q) * low + q * high;
  return x > kink ? high : low;
}

/** The formulas of ELEMENTWISE, with operands in order (x, y, c). */
const FORMULAS: Record<ElementwiseOperation, Formula> = {
  copy: (x) => x,
  negate: (x) => -x,
  exp: (x) => Math.exp(x),
  log: (x) => Math.log(x),
  abs: (x) => Math.abs(x),
  sign: (x) => Math.sign(x),
  sqrt: (x) => Math.sqrt(x),
  square: (x) => x * x,
  reciprocal: (x) => 1 / x,
  relu: (x) => Math.max(x, 0),
  tanh: (x) => Math.tanh(x),
  sigmoid: (x) => sigmoid(x),
  softThreshold: (x, _y, _c, p0) => softThreshold(x, p0),
  scale: (x, _y, _c, p0, p1) => p0 * x + p1,
  add: (x, y) => x + y,
  subtract: (x, y) => x - y,
  multiply: (x, y) => x * y,
  divide: (x, y) => x / y,
  maximum: (x, y) => Math.max(x, y),
  minimum: (x, y) => Math.min(x, y),
  greater: (x, y) => (x > y ? 1 : 0),
  reluDerivative: (x, y, _c, p0) => atKink(x, 0, y, 0, 1, p0),
  absDerivative: (x, y, _c, p0) => atKink(x, 0, y, -1, 1, p0),
  softThresholdDerivative: (x, y, _c, p0, p1) =>
    // σ' is 1 outside [−τ, τ] and 0 inside: the kinks lie at |x| = τ.
    atKink(Math.abs(x), p1, y, 0, 1, p0),
  tanhDerivative: (x) => 1 - Math.tanh(x) ** 2,
  sigmoidDerivative: (x) => sigmoid(x) * (1 - sigmoid(x)),
  proximalIdentity: (x) => x,
  proximalRelu: (x, y) => proximal('relu', x, y, 0),
  proximalTanh: (x, y) => proximal('tanh', x, y, 0),
  proximalSigmoid: (x, y) => proximal('sigmoid', x, y, 0),
  proximalSoftThreshold: (x, y, _c, p0) => proximal('softThreshold', x, y, p0),
  select: (condition, x, y) => (condition !== 0 ? x : y),
};

const NONE = new Float64Array(1);
const NOTHING = { offset: 0, strides: [0, 0, 0, 0] } as const;

export function elementwise(call: ElementwiseCall, slots: readonly Float64Array[]): void {
  const formula = FORMULAS[call.operation];
  const out = slots[call.output];
  const [p0 = 0, p1 = 0] = call.parameters;
  const [x, y = NONE, c = NONE] = call.inputs.map((slot) => slots[slot]);
  const [xLayout, yLayout = NOTHING, cLayout = NOTHING] = call.layouts;
  const [d0, d1, d2, d3] = call.shape;
  const [x0, x1, x2, x3] = xLayout.strides;
  const [y0, y1, y2, y3] = yLayout.strides;
  const [c0, c1, c2, c3] = cLayout.strides;
  let index = 0;
  for (let i0 = 0; i0 < d0; i0++) {
    for (let i1 = 0; i1 < d1; i1++) {
      for (let i2 = 0; i2 < d2; i2++) {
        let xi = xLayout.offset + i0 * x0 + i1 * x1 + i2 * x2;
        let yi = yLayout.offset + i0 * y0 + i1 * y1 + i2 * y2;
        let ci = cLayout.offset + i0 * c0 + i1 * c1 + i2 * c2;
        for (let i3 = 0; i3 < d3; i3++) {
          out[index++] = formula(x[xi], y[yi], c[ci], p0, p1);
          xi += x3;
          yi += y3;
          ci += c3;
        }
      }
    }
  }
}
