import { ABSENT, type CombineCall } from '../kernels.ts';

const NOTHING = new Float64Array(0);

/** out[i, j] = Σₜ factorₜ·cₜ[i]·xₜ[i, j]; a term whose coefficient is 0 is left out, even where x is not finite. */
export function combine(call: CombineCall, slots: readonly Float64Array[]): void {
  const { rows, columns } = call;
  const out = slots[call.output];
  const at = (index: number): Float64Array | undefined => {
    const slot = call.inputs[index] ?? ABSENT;
    return slot === ABSENT ? undefined : slots[slot];
  };
  const [x0, x1, x2, c0, c1, c2] = [at(0), at(1), at(2), at(3), at(4), at(5)];
  const coefficient = (t: number, x: Float64Array | undefined, c: Float64Array | undefined, row: number): number =>
    x ? call.factors[t] * (c ? c[row] : 1) : 0;
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    out.fill(0, start, start + columns);
    addRow(out, x0, coefficient(0, x0, c0, row), start, columns);
    addRow(out, x1, coefficient(1, x1, c1, row), start, columns);
    addRow(out, x2, coefficient(2, x2, c2, row), start, columns);
  }
}

function addRow(
  out: Float64Array,
  x: Float64Array = NOTHING,
  coefficient: number,
  start: number,
  columns: number,
): void {
  if (coefficient === 0) return;
  for (let at = start; at < start + columns; at++) out[at] += coefficient * x[at];
}
