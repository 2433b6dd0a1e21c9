import { ABSENT, type IterateCall, STATE_ROWS, STATE_SIZE, STATUS } from '../kernels.ts';
import { activation, proximal } from './activations.ts';
import { observe } from './scalar.ts';

/** Row by row, the loops written out; see ITERATIONS and IterateCall. */
export function iterate(call: IterateCall, slots: readonly Float64Array[]): void {
  const { batch, n, inputs, shared } = call;
  const out = slots[call.output];
  out.set(slots[inputs[0]]);
  const state = out.subarray(batch * n, batch * (n + STATE_SIZE));
  for (let sample = 0; sample < batch; sample++) {
    const x = out.subarray(sample * n, (sample + 1) * n);
    const lost = new Float64Array(n);
    const tolerance = slots[inputs[4]][shared.tolerance ? 0 : sample];
    const floor = slots[inputs[5]][shared.floor ? 0 : sample];
    const isRunning = (): boolean => state[STATE_ROWS.status * batch + sample] === STATUS.running;
    for (let trip = 0; trip < call.limit && isRunning(); trip++) {
      const { next, residual } = step(call, slots, sample, x, lost);
      observe(state, batch, sample, residual, { ...call, tolerance, floor });
      if (call.iteration === 'peacemanRachford' || isRunning()) x.set(next);
    }
  }
}

function step(
  call: IterateCall,
  slots: readonly Float64Array[],
  sample: number,
  x: Float64Array,
  lost: Float64Array,
): { next: Float64Array; residual: number } {
  const { n, iteration } = call;
  const b = slots[call.inputs[2]].subarray(sample * n, (sample + 1) * n);
  if (iteration === 'picard') {
    const p = times(call, slots, x).map((value, index) => value + b[index]);
    return {
      next: p.map((value, index) => sigma(call, slots, sample, index, value)),
      residual: rho(call, slots, sample, x, p),
    };
  }
  const alpha = slots[call.inputs[3]][0];
  if (iteration === 'forwardBackward') {
    const p = times(call, slots, x).map((value, index) => value + b[index]);
    const y = p.map((value, index) => alpha * (value - x[index]) + lost[index]);
    const w = y.map((value, index) => x[index] + value);
    for (const [index, value] of w.entries()) lost[index] = y[index] - (value - x[index]);
    return {
      next: w.map((value, index) => prox(call, slots, sample, index, value, alpha)),
      residual: rho(call, slots, sample, x, p),
    };
  }
  const q = x.map((value, index) => 2 * prox(call, slots, sample, index, value, alpha) - value + alpha * b[index]);
  const h = times(call, slots, q);
  const p = h.map((value, index) => (1 + 1 / alpha) * value - q[index] / alpha + b[index]);
  return {
    next: h.map((value, index) => 2 * value - q[index] + alpha * b[index]),
    residual: rho(call, slots, sample, h, p),
  };
}

/** x·M */
function times({ n, stride, inputs }: IterateCall, slots: readonly Float64Array[], x: Float64Array): Float64Array {
  const M = slots[inputs[1]];
  const result = new Float64Array(n);
  for (let k = 0; k < n; k++) for (let j = 0; j < n; j++) result[j] += x[k] * M[k * stride + j];
  return result;
}

function slopeAt({ n, inputs }: IterateCall, slots: readonly Float64Array[], sample: number, index: number): number {
  return slots[inputs[6]][sample * n + index];
}

function sigma(call: IterateCall, slots: readonly Float64Array[], sample: number, index: number, p: number): number {
  if (call.inputs[6] !== ABSENT) return slopeAt(call, slots, sample, index) * p;
  return activation(call.activation, p, call.activationParameters);
}

function prox(
  call: IterateCall,
  slots: readonly Float64Array[],
  sample: number,
  index: number,
  x: number,
  alpha: number,
): number {
  if (call.inputs[6] === ABSENT) return proximal(call.activation, x, alpha, call.activationParameters);
  const d = slopeAt(call, slots, sample, index);
  return (d / (d + alpha * (1 - d))) * x;
}

function rho(
  call: IterateCall,
  slots: readonly Float64Array[],
  sample: number,
  z: Float64Array,
  p: Float64Array,
): number {
  let [missed, size] = [0, 0];
  for (let index = 0; index < z.length; index++) {
    missed += (z[index] - sigma(call, slots, sample, index, p[index])) ** 2;
    size += z[index] ** 2;
  }
  return call.inputs[6] === ABSENT ? Math.sqrt(missed) / (call.epsilon + Math.sqrt(size)) : Math.sqrt(missed);
}
