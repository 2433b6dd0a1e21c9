// The second part of projectSimplex: max(u − τ, 0) with u = x − largest; see rows-simplex-threshold.js.
//
//   x                   [rows, columns]
//   largest, threshold  [rows]
//   output              [columns, rows]

function rowsSimplex(x, largest, threshold, columns) {
  const row = this.thread.y + this.thread.z * this.output.y;
  return larger(x[row * columns + this.thread.x] - largest[row] - threshold[row], 0);
}
