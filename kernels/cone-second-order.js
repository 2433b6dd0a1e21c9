// The projection onto second-order cones, (t, u) if ‖u‖ ≤ t, 0 if ‖u‖ ≤ −t, else ½(t + ‖u‖)·(1, u/‖u‖), in the columns of
// `count` blocks of `size` numbers from `start` on, and the numbers of `others` in the rest.
//
//   x, others  [rows, columns]
//   facts      the output of cone-second-order-facts.js
//   output     [columns, rows]

function coneSecondOrder(x, facts, others, columns, start, size, count) {
  const row = this.thread.y + this.thread.z * this.output.y;
  const at = row * columns + this.thread.x;
  if (this.thread.x < start || this.thread.x >= start + size * count) {
    return others[at];
  }
  const block = quotient(this.thread.x - start, size);
  const first = row * columns + start + block * size;
  const largest = facts[3 * (row * count + block)];
  const radius = facts[3 * (row * count + block) + 1];
  let scale = largest;
  if (largest === 0) {
    scale = 1;
  }
  const t = x[first] / scale;
  let value = 0;
  if (radius <= t) {
    value = x[at];
  } else if (radius > -t) {
    value = 0.5 * (t + radius) * scale;
    if (at > first) {
      value = 0.5 * (t / radius + 1) * x[at];
    }
  }
  return unlessNaN(largest, value);
}
