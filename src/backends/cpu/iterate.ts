import { ABSENT, type IterateCall, STATE_ROWS, STATUS } from '../kernels.ts';
import { activation, proximal } from './activations.ts';
import { statusAfter } from './scalar.ts';

/** Row by row, the loops written out; see ITERATIONS and IterateCall. */
export function iterate(call: IterateCall, slots: readonly Float64Array[]): void {
  const { batch, n } = call;
  const out = slots[call.output];
  out.set(slots[call.inputs[0]]);
  for (let sample = 0; sample < batch; sample++) {
    const x = out.subarray(sample * n, (sample + 1) * n);
    const lost = new Float64Array(n);
    const state = (row: number): number => batch * n + row * batch + sample;
    for (let trip = 0; trip < call.limit && out[state(STATE_ROWS.status)] === STATUS.running; trip++) {
      const { next, residual } = step(call, slots, sample, x, lost);
      observe(call, slots, sample, residual, out, state);
      const stopped = out[state(STATE_ROWS.status)] !== STATUS.running;
      if (call.iteration === 'peacemanRachford' || !stopped) x.set(next);
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

function observe(
  { inputs, shared, staleLimit, giveUp }: IterateCall,
  slots: readonly Float64Array[],
  sample: number,
  residual: number,
  out: Float64Array,
  state: (row: number) => number,
): void {
  const tolerance = slots[inputs[4]][shared.tolerance ? 0 : sample];
  const floor = slots[inputs[5]][shared.floor ? 0 : sample];
  const best = out[state(STATE_ROWS.best)];
  const stale = residual < 0.9 * best ? 0 : out[state(STATE_ROWS.stale)] + 1;
  out[state(STATE_ROWS.iterations)] += 1;
  out[state(STATE_ROWS.residual)] = residual;
  out[state(STATE_ROWS.stale)] = stale;
  out[state(STATE_ROWS.best)] = Math.min(best, residual);
  out[state(STATE_ROWS.status)] = statusAfter(residual, tolerance, floor, stale, staleLimit, giveUp);
}
