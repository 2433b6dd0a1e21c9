// A linear combination with one coefficient per row (sample): Σₜ factorₜ · cₜ[i] · xₜ[i, j] for t < 3.
//
//   x0 … x2  [rows, columns]
//   c0 … c2  [rows]
//   output   [columns, rows]
// TERM_t is 1 if xₜ is present, COEFFICIENT_t is 1 if cₜ is present (an absent c counts as 1). A term whose coefficient
// is 0 is left out, even where x is not finite.

function combine(x0, x1, x2, c0, c1, c2, columns, factor0, factor1, factor2) {
  const row = this.thread.y + this.thread.z * this.output.y;
  const at = row * columns + this.thread.x;
  let sum = 0;
  if (this.constants.TERM_0 === 1) {
    let coefficient = factor0;
    if (this.constants.COEFFICIENT_0 === 1) {
      coefficient *= c0[row];
    }
    if (coefficient !== 0) {
      sum += coefficient * x0[at];
    }
  }
  if (this.constants.TERM_1 === 1) {
    let coefficient = factor1;
    if (this.constants.COEFFICIENT_1 === 1) {
      coefficient *= c1[row];
    }
    if (coefficient !== 0) {
      sum += coefficient * x1[at];
    }
  }
  if (this.constants.TERM_2 === 1) {
    let coefficient = factor2;
    if (this.constants.COEFFICIENT_2 === 1) {
      coefficient *= c2[row];
    }
    if (coefficient !== 0) {
      sum += coefficient * x2[at];
    }
  }
  return sum;
}
