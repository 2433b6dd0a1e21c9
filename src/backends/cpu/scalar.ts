import { type ScalarCall, STATE_ROWS, STATUS } from '../kernels.ts';

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
  const residual = operand(1, sample);
  const tolerance = operand(2, sample);
  const floor = operand(3, sample);
  const [staleLimit, mayGiveUp] = call.parameters;
  const best = state[at(STATE_ROWS.best)];
  const stale = residual < 0.9 * best ? 0 : state[at(STATE_ROWS.stale)] + 1;
  out[at(STATE_ROWS.iterations)] += 1;
  out[at(STATE_ROWS.residual)] = residual;
  out[at(STATE_ROWS.stale)] = stale;
  out[at(STATE_ROWS.best)] = Math.min(best, residual);
  out[at(STATE_ROWS.status)] = statusAfter(residual, tolerance, floor, stale, staleLimit, mayGiveUp !== 0);
}

/** The rule of `monitor`. */
export function statusAfter(
  residual: number,
  tolerance: number,
  floor: number,
  stale: number,
  staleLimit: number,
  mayGiveUp: boolean,
): number {
  if (!(residual <= 1e30)) return STATUS.diverged; // also when it is NaN
  if (residual <= tolerance) return STATUS.converged;
  if (stale < staleLimit) return STATUS.running;
  if (residual <= 4 * floor) return STATUS.stalled;
  return mayGiveUp ? STATUS.gaveUp : STATUS.running;
}
