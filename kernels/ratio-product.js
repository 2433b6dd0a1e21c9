// y·w ≠ 0 ? (x / y)·(v / w) : 0, for each sample; an operand whose stride is 0 has one number for all.

function ratioProduct(x, y, v, w, xStride, yStride, vStride, wStride) {
  const sample = this.thread.x;
  const left = quotientOrZero(x[sample * xStride], y[sample * yStride]);
  return left * quotientOrZero(v[sample * vStride], w[sample * wStride]);
}
