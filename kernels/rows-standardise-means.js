// mean y and mean(y∘x̂) of each row, where x̂ is the standardised x.
//
//   x, y     [rows, columns]
//   moments  [3, rows], see rows-moments.js
//   output   [2, rows]

function rowsStandardiseMeans(x, y, moments, columns) {
  const row = this.thread.y + this.thread.z * this.output.y;
  const start = row * columns;
  let total = 0;
  for (let i = 0; i < columns; i++) {
    let factor = 1;
    if (this.thread.x === 1) {
      factor = standardised(x[start + i], moments[3 * row], moments[3 * row + 1], moments[3 * row + 2]);
    }
    total += y[start + i] * factor;
  }
  return total / columns;
}
