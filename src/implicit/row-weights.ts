/** Weights of rows that the host reads. */

/** @throws RangeError that names the first weight that is negative */
export function refuseNegative(name: string, weights: Float64Array): void {
  const wrong = weights.findIndex((weight) => weight < 0);
  if (wrong >= 0) throw new RangeError(`${name}[${wrong}]: it is ${weights[wrong]}; it must be at least 0`);
}

/** @throws RangeError where all weights of a problem are 0 */
export function refuseNoRows(rowWeights: Float64Array, problem: number): void {
  if (rowWeights.some((weight) => weight > 0)) return;
  throw new RangeError(`rowWeights: of problem ${problem} all are 0; at least one row must count`);
}
