import { type ScalarCall, STATE_ROWS, STATUS } from '../kernels.ts';
import { observe } from './monitor.ts';

/** Formulas on a few numbers per sample; see SCALARS and STATE_ROWS. */
export function scalar(call: ScalarCall, slots: readonly Float64Array[]): void {
  const { batch } = call;
  const out = slots[call.output];
  const operand = (index: number, sample: number): number => slots[call.inputs[index]][call.shared[index] ? 0 : sample];
  for (let sample = 0; sample < batch; sample++) {
    switch (call.operation) {
      case 'ratio': {
        const y = operand(1, sample);
        out[sample] = y !== 0 ? operand(0, sample) / y : 0;
        break;
      }
      case 'ratioProduct': {
        const y = operand(1, sample);
        const w = operand(3, sample);
        out[sample] = y !== 0 && w !== 0 ? (operand(0, sample) / y) * (operand(2, sample) / w) : 0;
        break;
      }
      case 'monitor':
        monitor(call, slots[call.inputs[0]], out, sample, operand);
        break;
    }
  }
}

function monitor(
  call: ScalarCall,
  state: Float64Array,
  out: Float64Array,
  sample: number,
  operand: (index: number, sample: number) => number,
): void {
  const { batch } = call;
  const at = (row: number): number => row * batch + sample;
  for (const row of Object.values(STATE_ROWS)) out[at(row)] = state[at(row)];
  if (state[at(STATE_ROWS.status)] !== STATUS.running) return;
  const [staleLimit, mayGiveUp, count] = call.parameters;
  const [tolerance, floor] = [operand(2, sample), operand(3, sample)];
  const rule = { tolerance, floor, staleLimit, giveUp: mayGiveUp !== 0, count };
  observe(out, at, operand(1, sample), rule);
}
