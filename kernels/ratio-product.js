// The product of two ratios, x / y and v / w, each 0 where its divisor is 0, for each sample; an operand whose stride is 0 has one number for all.

function ratioProduct(x, y, v, w, xStride, yStride, vStride, wStride) {
  const sample = this.thread.x;
  const left = ratioOf(x[sample * xStride], y[sample * yStride]);
  return left * ratioOf(v[sample * vStride], w[sample * wStride]);
}
