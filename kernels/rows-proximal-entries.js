// The second part of prox_{αf} for softmax = prox_f: e^wᵢ for the ω of each row, which is in `peaks`; see
// rows-proximal-peak.js.
//
//   x               [rows, columns]
//   largest, peaks  [rows]
//   alpha           [1]
//   output          [columns, rows]

function rowsProximalEntries(x, largest, peaks, alpha, columns) {
  const row = this.thread.y + this.thread.z * this.output.y;
  const a = alpha[0];
  const peak = peaks[row];
  const difference = x[row * columns + this.thread.x] - largest[row];
  const level = a * peak + (1 - a) * exponentialMinusOne(peak);
  return exponential(logarithmOfEntry(peak + difference, level + difference, a));
}
