import { STATE_ROWS, STATUS } from '../kernels.ts';
import { OVER_RELAXATION, type SplittingCall } from '../splitting-kernels.ts';
import { lengthOfRow, relativeTo } from './length.ts';
import { observe } from './monitor.ts';

/** A whole loop of the splitting for quadratic programs, sample by sample; see SplittingCall. */
export function splitting(call: SplittingCall, slots: readonly Float64Array[]): void {
  const { batch, groups, n, stride, accelerated } = call;
  const [carried, matrix, shift, low, high, tolerances, floors] = call.inputs.map((slot) => slots[slot]);
  const out = slots[call.output];
  out.set(carried);
  const alpha = accelerated ? OVER_RELAXATION : 1;
  for (let sample = 0; sample < batch; sample++) {
    const s = out.subarray(sample * n, (sample + 1) * n);
    const first = Math.floor(sample / (batch / groups)) * n;
    const rule = { ...call, tolerance: tolerances[sample], floor: floors[sample] };
    const at = (row: number): number => batch * n + row * batch + sample;
    for (let iteration = 0; iteration < call.limit && out[at(STATE_ROWS.status)] === STATUS.running; iteration++) {
      const p = s.map((value, j) => Math.min(Math.max(value, low[sample * n + j]), high[sample * n + j]));
      const moved = p.map((value, j) => {
        let product = 0;
        for (let k = 0; k < n; k++) product += (2 * p[k] - s[k]) * matrix[(first + k) * stride + j];
        return product + shift[sample * n + j] - value;
      });
      for (let j = 0; j < n; j++) s[j] += alpha * moved[j];
      const size = lengthOfRow(s);
      const residual = size.root === 0 ? 0 : relativeTo(lengthOfRow(moved), size, 0);
      observe(out, at, residual, rule);
    }
  }
}
