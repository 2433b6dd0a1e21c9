import { type ScalarCall, STATE_ROWS, STATUS } from '../kernels.ts';
import { observe } from './monitor.ts';

/** Formulas over a few numbers per sample; see SCALARS and STATE_ROWS. */
export function scalar(call: ScalarCall, slots: readonly Float64Array[]): void {
  const { batch } = call;
  const out = slots[call.output];
  const operand = (index: number, sample: number): number => slots[call.inputs[index]][call.shared[index] ? 0 : sample];
  for (let sample = 0; sample < batch; sample++) {
    switch (call.operation) {
      case 'ratio': {
        out[sample] = ratio(operand(0, sample), operand(1, sample));
        break;
      }
      case 'ratioProduct': {
        out[sample] = ratio(operand(0, sample), operand(1, sample)) * ratio(operand(2, sample), operand(3, sample));
        break;
      }
      case 'monitor':
        monitor(call, slots[call.inputs[0]], out, sample, operand);
        break;
    }
  }
}

function ratio(x: number, y: number): number {
  if (Number.isNaN(x) || !Number.isFinite(y)) return Number.NaN;
  return y !== 0 ? x / y : 0;
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
