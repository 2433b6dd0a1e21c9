import { ABSENT, type IterateCall, STATE_ROWS, STATUS } from '../kernels.ts';
import { Acceleration } from './anderson.ts';
import { advance, factorOf, residualOf, type SampleIteration } from './iteration.ts';
import { observe } from './monitor.ts';

/** A whole loop, sample by sample; see ITERATIONS and IterateCall. */
export function iterate(call: IterateCall, slots: readonly Float64Array[]): void {
  const { batch, n, inputs, shared } = call;
  const out = slots[call.output];
  out.set(slots[inputs[0]]);
  for (let sample = 0; sample < batch; sample++) {
    const row = (slot: number): Float64Array => slots[slot].subarray(sample * n, (sample + 1) * n);
    const iterating: SampleIteration = {
      call,
      b: row(inputs[2]),
      alpha: inputs[3] === ABSENT ? Number.NaN : slots[inputs[3]][0],
      slope: inputs[6] === ABSENT ? undefined : row(inputs[6]),
    };
    const rule = {
      tolerance: slots[inputs[4]][shared.tolerance ? 0 : sample],
      floor: slots[inputs[5]][shared.floor ? 0 : sample],
      ...call,
    };
    const x = row(call.output);
    const lost = new Float64Array(n);
    const acceleration = new Acceleration(n, call.epsilon);
    const at = (stateRow: number): number => batch * n + stateRow * batch + sample;
    for (let iteration = 0; iteration < call.limit && out[at(STATE_ROWS.status)] === STATUS.running; iteration++) {
      const factor = factorOf(iterating, x);
      if (call.accelerated) lost.fill(0);
      const { next, missed, size } = advance(iterating, factor, multiplyRow(call, slots[inputs[1]], factor), lost);
      const following = call.accelerated ? acceleration.next(x, next) : next;
      observe(out, at, residualOf(missed, size, call.epsilon, !iterating.slope), rule);
      const stopped = out[at(STATE_ROWS.status)] !== STATUS.running;
      if (!stopped) x.set(following);
      else if (call.iteration === 'peacemanRachford') x.set(next);
    }
  }
}

/** x·M */
function multiplyRow({ n, stride }: IterateCall, M: Float64Array, x: Float64Array): Float64Array {
  const result = new Float64Array(n);
  for (let k = 0; k < n; k++) for (let j = 0; j < n; j++) result[j] += x[k] * M[k * stride + j];
  return result;
}
