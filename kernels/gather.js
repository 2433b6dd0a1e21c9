// result[o, j, i] is number i of row t of x[outer, extent, inner] followed by y along the axis of rows, and 0 where
// there is no such row. t is index[j] if INDEXED is 1, otherwise j + offset.
//
//   y       [outer, others, inner]
//   output  [inner, outer · length]

function gather(x, index, y, inner, extent, others, length, offset) {
  const row = this.thread.y + this.thread.z * this.output.y;
  const o = quotient(row, length);
  let t = row - o * length + offset;
  if (this.constants.INDEXED === 1) {
    t = nearestInteger(index[row - o * length]);
  }
  let value = 0;
  if (t >= 0 && t < extent) {
    value = x[(o * extent + t) * inner + this.thread.x];
  }
  if (t >= extent && t < extent + others) {
    value = y[(o * others + t - extent) * inner + this.thread.x];
  }
  return value;
}
