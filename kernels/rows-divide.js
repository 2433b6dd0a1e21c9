// x[row, column] / total[row]. The output is [columns, rows].

function rowsDivide(x, total, columns) {
  const row = this.thread.y + this.thread.z * this.output.y;
  return x[row * columns + this.thread.x] / total[row];
}
