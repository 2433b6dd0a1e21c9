// Jh for the cones of cone-elements.js in the columns start … stop − 1, and the numbers of `others` in the rest.
//
//   x, h, others  [rows, columns]
//   tolerance     [rows], or [1] if toleranceStep is 0
//   shares        [rows, columns], read if SHARES is 1
//   output        [columns, rows]

function coneElementsDerivative(x, h, tolerance, shares, others, columns, start, stop, toleranceStep, selection) {
  const row = this.thread.y + this.thread.z * this.output.y;
  const at = row * columns + this.thread.x;
  if (this.thread.x < start || this.thread.x >= stop) {
    return others[at];
  }
  let q = selection;
  if (this.constants.SHARES === 1) {
    q = shares[at];
  }
  const v = x[at];
  const near = tolerance[row * toleranceStep];
  const direction = h[at];
  let slope = atKink(v, 0, near, 0, 1, q);
  if (this.constants.CONE === 0) {
    slope = 0;
  }
  if (this.constants.CONE === 1) {
    slope = 1;
  }
  let value = 0;
  if (slope !== 0) {
    value = slope * direction;
  }
  return unlessNaN(v, unlessNaN(near, unlessNaN(direction, value)));
}
