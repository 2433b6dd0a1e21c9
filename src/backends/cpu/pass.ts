import { ABSENT, type PassCall, passLayout, STATE_ROWS, STATUS } from '../kernels.ts';
import { advance, factorOf, residualOf, type SampleIteration } from './iteration.ts';
import { observe } from './monitor.ts';

/** One pass of a wide iteration, sample by sample; see PassCall. */
export function pass(call: PassCall, slots: readonly Float64Array[]): void {
  const { batch, n, inputs, shared } = call;
  const { kept, state, lost } = passLayout(batch, n);
  const out = slots[call.output];
  out.set(slots[inputs[0]]);
  for (let sample = 0; sample < batch; sample++) {
    const at = (stateRow: number): number => state + stateRow * batch + sample;
    if (out[at(STATE_ROWS.status)] !== STATUS.running) continue;
    const row = (slot: number, part = 0): Float64Array =>
      slots[slot].subarray(part + sample * n, part + (sample + 1) * n);
    const iterating: SampleIteration = {
      call,
      b: row(inputs[2]),
      alpha: inputs[3] === ABSENT ? Number.NaN : slots[inputs[3]][0],
      slope: inputs[6] === ABSENT ? undefined : row(inputs[6]),
    };
    const factor = row(inputs[0]);
    const { next, missed, size } = advance(
      iterating,
      factor,
      multiplyRow(call, slots[inputs[1]], factor),
      row(call.output, lost),
    );
    row(call.output).set(factorOf(iterating, next));
    row(call.output, kept).set(call.iteration === 'peacemanRachford' ? next : factor);
    observe(out, at, residualOf(missed, size, call.epsilon, !iterating.slope), {
      tolerance: slots[inputs[4]][shared.tolerance ? 0 : sample],
      floor: slots[inputs[5]][shared.floor ? 0 : sample],
      ...call,
    });
  }
}

/** x·M or x·Mᵀ */
function multiplyRow({ n, transposed }: PassCall, M: Float64Array, x: Float64Array): Float64Array {
  const result = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    for (let k = 0; k < n; k++) result[j] += x[k] * (transposed ? M[j * n + k] : M[k * n + j]);
  }
  return result;
}
