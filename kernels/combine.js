// Linear combination with one coefficient a row (a sample): Σₜ factorₜ · cₜ[i] · xₜ[i, j], t < 3.
//
//   x0 … x2  [rows, columns]
//   c0 … c2  [rows]
//   output   [columns, rows]
// TERM_t is 1 where xₜ is there, COEFFICIENT_t where cₜ is (an absent c is 1). A term whose coefficient is 0 is left out,
// whatever x holds.

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
