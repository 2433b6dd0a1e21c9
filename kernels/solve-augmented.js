// The augmented systems [G[s] | r[s]]. The output is [order + 1, order · batch].

function solveAugmented(g, r, order) {
  const row = this.thread.y + this.thread.z * this.output.y;
  const column = this.thread.x;
  if (column === order) {
    return r[row];
  }
  return g[row * order + column];
}
