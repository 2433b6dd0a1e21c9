// ((x − mean) − correction)·scale for the moments [3, rows] of rows-moments.js.
//
//   x       [rows, columns]
//   output  [columns, rows]

function rowsStandardise(x, moments, columns) {
  const row = this.thread.y + this.thread.z * this.output.y;
  const at = row * columns + this.thread.x;
  return standardised(x[at], moments[3 * row], moments[3 * row + 1], moments[3 * row + 2]);
}
