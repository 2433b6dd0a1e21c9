// The moments of each row of x [rows, columns]: its rounded mean, the exact mean minus the rounded one, and
// 1/√(variance + ε). The mean is subtracted before squaring: E[x²] − E[x]² would cancel where numbers are large and
// alike.
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
    return notANumber(squares); // 1/√∞ would be 0, as if the row had a finite variance
  }
  return 1 / Math.sqrt(Math.max(squares / columns - correction * correction, 0) + epsilon);
}
