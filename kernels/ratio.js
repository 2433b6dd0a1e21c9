// y ≠ 0 ? x / y : 0, for each sample; an operand whose stride is 0 has one number for all.

function ratio(x, y, xStride, yStride) {
  const sample = this.thread.x;
  return quotientOrZero(x[sample * xStride], y[sample * yStride]);
}
