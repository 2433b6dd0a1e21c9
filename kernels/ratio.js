// x / y for each sample, 0 where y is 0. An operand whose stride is 0 is one number for all samples.

function ratio(x, y, xStride, yStride) {
  const sample = this.thread.x;
  return ratioOf(x[sample * xStride], y[sample * yStride]);
}
