/** How near to singular a small matrix is. */

/** The least pivot of Gaussian elimination with full pivoting, relative to the largest. */
export function leastPivotOf(matrix: number[][]): number {
  const left = matrix.map((row) => [...row]);
  let [largest, least] = [0, Number.POSITIVE_INFINITY];
  while (left.length > 0) {
    let [row, column] = [0, 0];
    for (const [i, values] of left.entries()) {
      for (const [j, value] of values.entries()) {
        if (Math.abs(value) > Math.abs(left[row][column])) [row, column] = [i, j];
      }
    }
    const [pivot] = left.splice(row, 1);
    largest = Math.max(largest, Math.abs(pivot[column]));
    least = Math.min(least, Math.abs(pivot[column]));
    for (const values of left) {
      const factor = pivot[column] === 0 ? 0 : values[column] / pivot[column];
      for (const j of values.keys()) values[j] -= factor * pivot[j];
      values.splice(column, 1);
    }
  }
  return least / largest;
}
