// Σ e^(xᵢ − largest) for each row of x [rows, columns].
//
//   largest  [rows]
//   output   [rows]

function rowsExponentials(x, largest, columns) {
  const start = this.thread.x * columns;
  const top = largest[this.thread.x];
  let total = 0;
  for (let i = 0; i < columns; i++) {
    total += exponential(x[start + i] - top);
  }
  return total;
}
