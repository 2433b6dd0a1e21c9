// The entries of softmax, e^(x − largest) / total, or their logarithms if LOGARITHM is 1. largest and total are [rows].
//
//   x       [rows, columns]
//   output  [columns, rows]

function rowsSoftmax(x, largest, total, columns) {
  const row = this.thread.y + this.thread.z * this.output.y;
  const difference = x[row * columns + this.thread.x] - largest[row];
  if (this.constants.LOGARITHM === 1) {
    return difference - logarithm(total[row]);
  }
  return exponential(difference) / total[row];
}
