// Projections onto the cones zero, free and nonneg, whose numbers do not depend on one another: 0, v or max(v, 0) in the
// columns start … stop − 1, and the numbers of `others` in the rest.
//
//   x, others  [rows, columns]
//   output     [columns, rows]
// CONE is the place of the type in CONE_TYPES.

function coneElements(x, others, columns, start, stop) {
  const row = this.thread.y + this.thread.z * this.output.y;
  const at = row * columns + this.thread.x;
  if (this.thread.x < start || this.thread.x >= stop) {
    return others[at];
  }
  const v = x[at];
  let value = Math.max(v, 0);
  if (this.constants.CONE === 0) {
    value = 0;
  }
  if (this.constants.CONE === 1) {
    value = v;
  }
  return unlessNaN(v, value);
}
