// result[o, j, i] = row t of x and y put one after the other along the axis of x[outer, extent, inner]; t = index[j] if
// INDEXED, else j + offset; 0 where there is no such row.
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
