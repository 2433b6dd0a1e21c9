// The solutions of diagonal systems [batch, order, order + 1]; 0 where the pivot is 0.
//
//   output  [order, batch]

function solveSolution(systems, order) {
  const row = this.thread.y + this.thread.z * this.output.y;
  const i = this.thread.x;
  const start = (row * order + i) * (order + 1);
  return quotientOrZero(systems[start + order], systems[start + i]);
}
