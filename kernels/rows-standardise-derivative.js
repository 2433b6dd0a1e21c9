// The cotangent of x, r·(y − mean y − x̂·mean(y∘x̂)), where y is the cotangent of standardise, x̂ the standardised x,
// and r the scale.
//
//   x, y            [rows, columns]
//   moments, means  the outputs of rows-moments.js and rows-standardise-means.js
//   output          [columns, rows]

function rowsStandardiseDerivative(x, y, moments, means, columns) {
  const row = this.thread.y + this.thread.z * this.output.y;
  const at = row * columns + this.thread.x;
  const scale = moments[3 * row + 2];
  const entry = standardised(x[at], moments[3 * row], moments[3 * row + 1], scale);
  return scale * (y[at] - means[2 * row] - entry * means[2 * row + 1]);
}
