// The right-hand sides of the augmented systems [batch, order, order + 1]. The output is [order, batch].

function solveRight(systems, order) {
  const sample = this.thread.y + this.thread.z * this.output.y;
  return systems[(sample * order + this.thread.x) * (order + 1) + order];
}
