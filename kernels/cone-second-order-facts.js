// Of each block (t, u) of a second-order cone: the largest size of its numbers, which is NaN if one of them is NaN or
// infinite; ‖u‖ divided by it; and wᵀh with w = u/‖u‖, NaN likewise, where there is an h.
//
//   x, h    [rows, columns]
//   output  [3, rows · count], for `count` blocks of `size` numbers from column `start` on in each row

function coneSecondOrderFacts(x, h, columns, start, size, count) {
  const block = this.thread.y + this.thread.z * this.output.y;
  const row = quotient(block, count);
  const first = row * columns + start + (block - row * count) * size;
  let largest = 0;
  let steepest = 0;
  for (let i = 0; i < size; i++) {
    largest = larger(largest, Math.abs(x[first + i]));
    if (this.constants.DIRECTION === 1) {
      steepest = larger(steepest, Math.abs(h[first + i]));
    }
  }
  if (isFinite32(largest) === 0) {
    return notANumber(largest);
  }
  if (this.thread.x === 0) {
    return largest;
  }
  if (isFinite32(steepest) === 0) {
    return notANumber(steepest);
  }
  let scale = largest;
  if (largest === 0) {
    scale = 1;
  }
  let squares = 0;
  let along = 0;
  for (let i = 1; i < size; i++) {
    const u = x[first + i] / scale;
    squares += u * u;
    if (this.constants.DIRECTION === 1) {
      along += u * h[first + i];
    }
  }
  const radius = Math.sqrt(squares);
  if (this.thread.x === 1) {
    return radius;
  }
  if (radius > 0) {
    along = along / radius;
  }
  return along;
}
