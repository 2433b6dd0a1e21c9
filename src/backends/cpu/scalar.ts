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
  const [staleLimit, mayGiveUp] = call.parameters;
  const rule = { tolerance: operand(2, sample), floor: operand(3, sample), staleLimit, giveUp: mayGiveUp !== 0 };
  observe(out, at, operand(1, sample), rule);
}

/** When a sample stops. */
export interface Rule {
  readonly tolerance: number;
  readonly floor: number;
  readonly staleLimit: number;
  readonly giveUp: boolean;
}

/** The rule of `monitor` for a running sample. @param at where `state` holds a row of it */
export function observe(state: Float64Array, at: (row: number) => number, residual: number, rule: Rule): void {
  const best = state[at(STATE_ROWS.best)];
  const stale = residual < 0.9 * best ? 0 : state[at(STATE_ROWS.stale)] + 1;
  state[at(STATE_ROWS.iterations)] += 1;
  state[at(STATE_ROWS.residual)] = residual;
  state[at(STATE_ROWS.stale)] = stale;
  state[at(STATE_ROWS.best)] = Math.min(best, residual);
  state[at(STATE_ROWS.status)] = statusAfter(residual, stale, rule);
}

function statusAfter(residual: number, stale: number, { tolerance, floor, staleLimit, giveUp }: Rule): number {
  if (!(residual <= 1e30)) return STATUS.diverged; // also when it is NaN
  if (residual <= tolerance) return STATUS.converged;
  if (stale < staleLimit) return STATUS.running;
  if (residual <= 4 * floor) return STATUS.stalled;
  return giveUp ? STATUS.gaveUp : STATUS.running;
}
