import { type ProximalGradientCall, STATE_ROWS, STATE_SIZE, STATUS } from '../kernels.ts';
import { lengthOfRow, relativeTo } from './length.ts';
import { observe } from './monitor.ts';

/** A whole loop of proximal gradient steps, sample by sample; see ProximalGradientCall. */
export function proximalGradient(call: ProximalGradientCall, slots: readonly Float64Array[]): void {
  const { batch, groups, n } = call;
  const [carried, , , , , tolerances, floors] = call.inputs.map((slot) => slots[slot]);
  const out = slots[call.output];
  out.set(carried);
  const state = out.subarray(batch * n, batch * (n + STATE_SIZE));
  const ws = out.subarray(batch * (n + STATE_SIZE));
  const thetas = ws.subarray(batch * n);
  for (let sample = 0; sample < batch; sample++) {
    const row = (rows: Float64Array): Float64Array => rows.subarray(sample * n, (sample + 1) * n);
    const [beta, w] = [row(out), row(ws)];
    w.set(beta);
    thetas[sample] = 1;
    const group = Math.floor(sample / (batch / groups));
    const rule = { ...call, tolerance: tolerances[sample], floor: floors[sample] };
    const at = (stateRow: number): number => stateRow * batch + sample;
    for (let iteration = 0; iteration < call.limit && state[at(STATE_ROWS.status)] === STATUS.running; iteration++) {
      const next = takeStep(call, slots, sample, group, w);
      const missed = w.map((value, j) => value - next[j]);
      const moved = next.map((value, j) => value - beta[j]);
      const residual = relativeTo(lengthOfRow(missed), lengthOfRow(next), scalarOf(call, slots, 3, sample));
      observe(state, at, scalarOf(call, slots, 2, sample) * residual, rule);
      const momentum = call.accelerated ? updateMomentum(thetas, sample, dot(missed, moved) > 0) : 0;
      for (let j = 0; j < n; j++) w[j] = next[j] + momentum * moved[j];
      beta.set(next);
    }
  }
}

/** β⁺ = softThreshold(w + s((c − Gw) − ρw), t) */
function takeStep(
  call: ProximalGradientCall,
  slots: readonly Float64Array[],
  sample: number,
  group: number,
  w: Float64Array,
): Float64Array {
  const { n, stride } = call;
  const [, gram, moment, threshold] = call.inputs.map((slot) => slots[slot]);
  const [step, ridge] = [0, 1].map((index) => scalarOf(call, slots, index, sample));
  return w.map((value, j) => {
    let product = 0;
    for (let k = 0; k < n; k++) product += gram[(group * n + j) * stride + k] * w[k];
    const at = sample * n + j;
    const p = value + step * (moment[at] - product - ridge * value);
    return Math.sign(p) * Math.max(Math.abs(p) - threshold[at], 0);
  });
}

function scalarOf(call: ProximalGradientCall, slots: readonly Float64Array[], index: number, sample: number): number {
  return slots[call.inputs[4]][index * call.batch + sample];
}

/** Replaces θ by θ⁺. @returns the momentum (θ − 1)/θ⁺ */
function updateMomentum(thetas: Float64Array, sample: number, restarts: boolean): number {
  const theta = restarts ? 1 : thetas[sample];
  thetas[sample] = (1 + Math.sqrt(1 + 4 * theta ** 2)) / 2;
  return (theta - 1) / thetas[sample];
}

function dot(x: Float64Array, y: Float64Array): number {
  return x.reduce((sum, value, index) => sum + value * y[index], 0);
}
