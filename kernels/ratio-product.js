// The product of the ratios x / y and v / w for each sample. A ratio is 0 where its divisor is 0. An operand whose
// stride is 0 is one number for all samples.

function ratioProduct(x, y, v, w, xStride, yStride, vStride, wStride) {
  const sample = this.thread.x;
  const left = ratioOf(x[sample * xStride], y[sample * yStride]);
  return left * ratioOf(v[sample * vStride], w[sample * wStride]);
}
