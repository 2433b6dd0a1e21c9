import { ABSENT, type CombineCall } from '../kernels.ts';

const TERMS = 3;

/** out[i, j] = Σₜ factorₜ·cₜ[i]·xₜ[i, j]. A term whose coefficient is 0 is left out, even where x is not finite. */
export function combine(call: CombineCall, slots: readonly Float64Array[]): void {
  const { rows, columns, inputs, factors } = call;
  const out = slots[call.output];
  out.fill(0);
  for (let term = 0; term < TERMS; term++) {
    const x = inputs[term];
    const c = inputs[TERMS + term];
    if (x === ABSENT) continue;
    for (let row = 0; row < rows; row++) {
      const coefficient = factors[term] * (c === ABSENT ? 1 : slots[c][row]);
      addRow(out, slots[x], coefficient, row * columns, columns);
    }
  }
}

function addRow(out: Float64Array, x: Float64Array, coefficient: number, start: number, columns: number): void {
  if (coefficient === 0) return;
  for (let at = start; at < start + columns; at++) out[at] += coefficient * x[at];
}
