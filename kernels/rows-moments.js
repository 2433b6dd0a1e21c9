// What standardising a row of x [rows, columns] needs: its mean, rounded, what the rounded mean lacks, and 1/√(variance + ε).
// By two passes: of large numbers that differ little the difference of squares would lose all.
//
//   output  [3, rows]

function rowsMoments(x, columns, epsilon) {
  const row = this.thread.y + this.thread.z * this.output.y;
  const start = row * columns;
  let total = 0;
  for (let i = 0; i < columns; i++) {
    total += x[start + i];
  }
  const mean = total / columns;
  if (this.thread.x === 0) {
    return mean;
  }
  let correction = 0;
  let squares = 0;
  for (let j = 0; j < columns; j++) {
    const difference = x[start + j] - mean;
    correction += difference;
    squares += difference * difference;
  }
  correction /= columns;
  if (this.thread.x === 1) {
    return correction;
  }
  if (isFinite32(squares) === 0) {
    return notANumber(squares); // not 0, as if the numbers were alike
  }
  return 1 / Math.sqrt(Math.max(squares / columns - correction * correction, 0) + epsilon);
}
