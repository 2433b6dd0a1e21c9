// result[o, r, i] = Σ x[o, index[t], i] over ends[r] ≤ t < ends[r + 1].
//
//   x       [outer, extent, inner]
//   ends    [length + 1]
//   output  [inner, outer · length]

function segmentSum(x, index, ends, inner, extent, length) {
  const row = this.thread.y + this.thread.z * this.output.y;
  const o = quotient(row, length);
  const r = row - o * length;
  const begin = nearestInteger(ends[r]);
  const end = nearestInteger(ends[r + 1]);
  let sum = 0;
  for (let t = begin; t < end; t++) {
    sum += x[(o * extent + nearestInteger(index[t])) * inner + this.thread.x];
  }
  return sum;
}
