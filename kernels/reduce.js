// Reduces stretches of the middle index of x[outer, middle, inner], and of y of the same shape. Each thread reduces one
// stretch.
//
//   x, y    the operands
//   output  [inner, outer · segments]; stretch s has the middle indices s · segmentLength … (s + 1) · segmentLength − 1
// `single` is bound to a function that computes the value of one element, `join` to one that combines two values.

function reduce(x, y, middle, inner, segments, segmentLength, start) {
  const row = this.thread.y + this.thread.z * this.output.y;
  const o = quotient(row, segments);
  let t = (row - o * segments) * segmentLength;
  let end = t + segmentLength;
  if (end > middle) {
    end = middle;
  }
  let at = (o * middle + t) * inner + this.thread.x;
  let value = start;
  for (; t + 3 < end; t += 4) {
    const next = at + 2 * inner;
    const p = join(single(x[at], y[at]), single(x[at + inner], y[at + inner]));
    const q = join(single(x[next], y[next]), single(x[next + inner], y[next + inner]));
    value = join(value, join(p, q));
    at += 4 * inner;
  }
  for (; t < end; t++) {
    value = join(value, single(x[at], y[at]));
    at += inner;
  }
  return value;
}
