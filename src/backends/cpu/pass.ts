import { ABSENT, layoutOfPass, type ObserveCall, type PassCall, STATE_SIZE, STATUS } from '../kernels.ts';
import { advance, factorOf, type Iterating, residualOf } from './iteration.ts';
import { observe } from './scalar.ts';

/** Row by row; see PassCall. The sums are over all columns, in the first tile. */
export function pass(call: PassCall, slots: readonly Float64Array[]): void {
  const { batch, n, inputs } = call;
  const { kept, lost, sums } = layoutOfPass(call);
  const carried = slots[inputs[0]];
  const state = slots[inputs[5]];
  const out = slots[call.output];
  out.set(carried);
  for (let sample = 0; sample < batch; sample++) {
    if (state[sample] !== STATUS.running) continue;
    const row = (values: Float64Array, part = 0): Float64Array => {
      return values.subarray(part + sample * n, part + (sample + 1) * n);
    };
    const iterating: Iterating = {
      call,
      b: row(slots[inputs[2]]),
      alpha: inputs[3] === ABSENT ? Number.NaN : slots[inputs[3]][0],
      slope: inputs[4] === ABSENT ? undefined : row(slots[inputs[4]]),
    };
    const factor = row(carried);
    const { next, missed, size } = advance(iterating, factor, times(call, slots[inputs[1]], factor), row(out, lost));
    row(out, kept).set(call.iteration === 'peacemanRachford' ? next : factor);
    row(out).set(factorOf(iterating, next));
    out[sums + sample] = missed;
    out[sums + batch * Math.ceil(n / 8) + sample] = size;
  }
}

/** x·M or x·Mᵀ */
function times({ n, transposed }: PassCall, M: Float64Array, x: Float64Array): Float64Array {
  const result = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    for (let k = 0; k < n; k++) result[j] += x[k] * (transposed ? M[j * n + k] : M[k * n + j]);
  }
  return result;
}

/** Sample by sample; see ObserveCall. */
export function observePass(call: ObserveCall, slots: readonly Float64Array[]): void {
  const { batch, n, inputs, shared } = call;
  const [state, carried, tolerance, floor] = inputs.map((slot) => slots[slot]);
  const { sums } = layoutOfPass(call);
  const out = slots[call.output];
  out.set(state.subarray(0, STATE_SIZE * batch));
  for (let sample = 0; sample < batch; sample++) {
    if (state[sample] !== STATUS.running) continue;
    const missed = carried[sums + sample];
    const size = carried[sums + batch * Math.ceil(n / 8) + sample];
    observe(out, (row) => row * batch + sample, residualOf(missed, size, call.epsilon, call.relative), {
      tolerance: tolerance[shared.tolerance ? 0 : sample],
      floor: floor[shared.floor ? 0 : sample],
      ...call,
    });
  }
}
