// x[outer, extent, inner], in which row sources[t] of y[outer, others, inner] replaces row t where sources[t] ≥ 0.
//
//   output  [inner, outer · extent]

function scatter(x, sources, y, inner, extent, others) {
  const row = this.thread.y + this.thread.z * this.output.y;
  const o = quotient(row, extent);
  const source = nearestInteger(sources[row - o * extent]);
  let value = x[row * inner + this.thread.x];
  if (source >= 0) {
    value = y[(o * others + source) * inner + this.thread.x];
  }
  return value;
}
