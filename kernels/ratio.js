// x / y, 0 where y is 0, for each sample; an operand whose stride is 0 has one number for all.

function ratio(x, y, xStride, yStride) {
  const sample = this.thread.x;
  return ratioOf(x[sample * xStride], y[sample * yStride]);
}
