import type { ReduceCall } from '../kernels.ts';
import { activation } from './activations.ts';
import { isExact, lengthFrom, relativeTo } from './length.ts';

/** Reductions over the middle index; see REDUCTIONS for the formulas. */
export function reduce(call: ReduceCall, slots: readonly Float64Array[]): void {
  const { outer, middle, inner } = call;
  const x = slots[call.inputs[0]];
  const y = call.inputs.length > 1 ? slots[call.inputs[1]] : x;
  const out = slots[call.output];
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      out[o * inner + i] = reduceOne(call, x, y, o * middle * inner + i);
    }
  }
}

function reduceOne(call: ReduceCall, x: Float64Array, y: Float64Array, start: number): number {
  const end = start + call.middle * call.inner;
  const stride = call.inner;
  let sum = 0;
  switch (call.operation) {
    case 'sum':
      for (let at = start; at < end; at += stride) sum += x[at];
      return sum;
    case 'maximum': {
      let largest = Number.NEGATIVE_INFINITY;
      for (let at = start; at < end; at += stride) largest = Math.max(largest, x[at]);
      return largest;
    }
    case 'maximumAbsolute':
      for (let at = start; at < end; at += stride) sum = Math.max(sum, Math.abs(x[at]));
      return sum;
    case 'norm':
      return norm(x, start, end, stride);
    case 'dot':
      for (let at = start; at < end; at += stride) sum += x[at] * y[at];
      return sum;
    case 'anyZero':
      for (let at = start; at < end; at += stride) if (x[at] === 0) return 1;
      return 0;
    case 'countNotFinite':
      for (let at = start; at < end; at += stride) if (!Number.isFinite(x[at])) sum += 1;
      return sum;
    case 'fixedPointResidual': {
      const [p0, p1, epsilon] = call.parameters;
      const parameters = [p0, p1] as const;
      let size = 0;
      for (let at = start; at < end; at += stride) {
        sum += (x[at] - activation(call.activation, y[at], parameters)) ** 2;
        size += x[at] ** 2;
      }
      if (isExact(sum) && isExact(size)) return Math.sqrt(sum) / (epsilon + Math.sqrt(size));
      const sumScaled = (term: (at: number) => number) => (scale: number) => {
        let squares = 0;
        for (let at = start; at < end; at += stride) squares += (scale * term(at)) ** 2;
        return squares;
      };
      return relativeTo(
        lengthFrom(
          sum,
          sumScaled((at) => x[at] - activation(call.activation, y[at], parameters)),
        ),
        lengthFrom(
          size,
          sumScaled((at) => x[at]),
        ),
        epsilon,
      );
    }
  }
}

function norm(x: Float64Array, start: number, end: number, stride: number): number {
  let plain = 0;
  for (let at = start; at < end; at += stride) plain += x[at] ** 2;
  if (isExact(plain)) return Math.sqrt(plain);
  const { root, scale } = lengthFrom(plain, (by) => {
    let squares = 0;
    for (let at = start; at < end; at += stride) squares += (by * x[at]) ** 2;
    return squares;
  });
  return root / scale;
}
