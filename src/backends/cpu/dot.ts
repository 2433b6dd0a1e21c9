/** The product of `length` numbers of x from place i on and of y from place j on. */
export function dot(x: Float64Array, i: number, y: Float64Array, j: number, length: number): number {
  let sum = 0;
  for (let at = 0; at < length; at++) sum += x[i + at] * y[j + at];
  return sum;
}
