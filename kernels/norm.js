// √Σ x² over stretches of the middle index of x[outer, middle, inner]; each thread reduces one stretch. Where a square
// may have overflowed or underflowed, the numbers are multiplied by a power of two and summed again.
//
//   output  [inner, outer · segments]; stretch s has the middle indices s · segmentLength … (s + 1) · segmentLength − 1

function norm(x, middle, inner, segments, segmentLength) {
  const row = this.thread.y + this.thread.z * this.output.y;
  const o = quotient(row, segments);
  const begin = (row - o * segments) * segmentLength;
  let end = begin + segmentLength;
  if (end > middle) {
    end = middle;
  }
  let scale = 1;
  let sum = 0;
  for (let trip = 0; trip < 2; trip++) {
    sum = 0;
    let at = (o * middle + begin) * inner + this.thread.x;
    let t = begin;
    for (; t + 3 < end; t += 4) {
      const next = at + 2 * inner;
      const p = square(scale * x[at]) + square(scale * x[at + inner]);
      sum += p + (square(scale * x[next]) + square(scale * x[next + inner]));
      at += 4 * inner;
    }
    for (; t < end; t++) {
      sum += square(scale * x[at]);
      at += inner;
    }
    if (trip === 1 || scaleFor(sum) === 1) {
      break;
    }
    scale = scaleFor(sum);
  }
  return Math.sqrt(sum) / scale;
}
