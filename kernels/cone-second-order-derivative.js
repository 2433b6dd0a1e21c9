// Jh for second-order cones in the columns of `count` blocks of `size` numbers from `start` on, and the numbers of
// `others` in the rest. See cone-kernels.ts for the formulas.
//
//   x, h, others  [rows, columns]
//   facts         the output of cone-second-order-facts.js
//   tolerance     [rows], or [1] if toleranceStep is 0
//   shares        [rows, columns], read if SHARES is 1
//   output        [columns, rows]

function coneSecondOrderDerivative(
  x,
  h,
  facts,
  tolerance,
  shares,
  others,
  columns,
  start,
  size,
  count,
  toleranceStep,
  selection,
) {
  const row = this.thread.y + this.thread.z * this.output.y;
  const at = row * columns + this.thread.x;
  if (this.thread.x < start || this.thread.x >= start + size * count) {
    return others[at];
  }
  const block = quotient(this.thread.x - start, size);
  const first = row * columns + start + block * size;
  const largest = facts[3 * (row * count + block)];
  const radius = facts[3 * (row * count + block) + 1];
  const along = facts[3 * (row * count + block) + 2];
  let q = selection;
  if (this.constants.SHARES === 1) {
    q = shares[first];
  }
  let scale = largest;
  if (largest === 0) {
    scale = 1;
  }
  const given = tolerance[row * toleranceStep];
  const near = given / scale;
  const t = x[first] / scale;
  const head = h[first];
  // Jh = kept·h + (added, turned·w)
  let kept = 0;
  let added = 0;
  let turned = 0;
  if (Math.sqrt(t * t + radius * radius) <= near) {
    kept = q;
  } else if (radius > 0 && Math.abs(t - radius) <= 1.4142135623730951 * near) {
    kept = 1;
    added = 0.5 * (q - 1) * (head - along);
    turned = -added;
  } else if (radius > 0 && Math.abs(t + radius) <= 1.4142135623730951 * near) {
    added = 0.5 * q * (head + along);
    turned = added;
  } else if (radius <= t) {
    kept = 1;
  } else if (radius > -t) {
    const ratio = t / radius;
    kept = 0.5 * (1 + ratio);
    added = 0.5 * (head + along) - kept * head;
    turned = 0.5 * (head - ratio * along);
  }
  let value = kept * h[at];
  if (at === first) {
    value += added;
  } else if (radius > 0) {
    value += turned * (x[at] / scale / radius);
  }
  return unlessNaN(largest, unlessNaN(along, unlessNaN(given, value)));
}
