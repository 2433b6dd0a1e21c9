// C = epilogue(op(A)·op(B)), where op(A) is m × k and op(B) is k × n, all row-major. Each thread computes one element.
// ProductCall in src/backends/product-kernels.ts has the formula of the epilogue.
//
//   a, b         op(A)[i, l] = a[i·aRow + l·aColumn], op(B)[l, j] = b[l·bRow + j·bColumn]; if BATCHED is 1, the
//                matrices of sample s begin at s·aStep and s·bStep
//   bias         [n], one row for all rows, if BIAS is 1; of the shape of the result if BIAS is 2
//   scale, prior of the shape of the result
//   step         [1], the step size α
//   whole        the largest multiple of 4 that is at most k
//   output       [n, m], or [n, batch·m]
// `activation` and `proximal` are bound to the functions that the call names.

function product(a, b, bias, scale, prior, step, m, n, k, whole, aStep, bStep, aRow, aColumn, bRow, bColumn, a0, a1) {
  const row = this.thread.y + this.thread.z * this.output.y;
  const column = this.thread.x;
  let aAt = row * aRow;
  let bAt = column * bColumn;
  if (this.constants.BATCHED === 1) {
    const sample = quotient(row, m);
    aAt = sample * aStep + (row - sample * m) * aRow;
    bAt += sample * bStep;
  }
  let t = 0;
  for (let l = 0; l < whole; l += 4) {
    const aNext = aAt + 2 * aColumn;
    const bNext = bAt + 2 * bRow;
    t +=
      a[aAt] * b[bAt] + a[aAt + aColumn] * b[bAt + bRow] + (a[aNext] * b[bNext] + a[aNext + aColumn] * b[bNext + bRow]);
    aAt += 4 * aColumn;
    bAt += 4 * bRow;
  }
  for (let left = whole; left < k; left++) {
    t += a[aAt] * b[bAt];
    aAt += aColumn;
    bAt += bRow;
  }

  const at = row * n + column;
  if (this.constants.BIAS === 1) {
    t += bias[column];
  }
  if (this.constants.BIAS === 2) {
    t += bias[at];
  }
  if (this.constants.PROXIMAL === 1) {
    const alpha = step[0];
    t = proximal((1 - alpha) * prior[at] + alpha * t, alpha, a0, a1);
  } else {
    t = activation(t, a0, a1);
  }
  if (this.constants.SCALED === 1) {
    t *= scale[at];
  }
  if (this.constants.RESIDUAL === 1) {
    t = prior[at] - t;
  }
  return t;
}
