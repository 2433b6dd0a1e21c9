/** What is known of the hypothesis of the implicit function theorem at a solution. */

export interface Kink {
  readonly sample: number;
  /** Coordinate of the layer. */
  readonly index: number;
  /** Of the pre-activation from the kink. */
  readonly distance: number;
}

export interface Certificate {
  /** certified: every element of the conservative Jacobian I − JW is invertible. */
  readonly status: 'certified';
  /** margin: I − (W + Wᵀ)/2 ⪰ m·I with m > 0, which is enough for every 0 ⪯ J ⪯ I. */
  readonly argument: 'margin';
  readonly margin: number;
  /** Coordinates within the kink tolerance, where the selection applies. */
  readonly kinks: readonly Kink[];
  /** The tolerance, for each sample. */
  readonly kinkTolerance: readonly number[];
}

/**
 * @param preActivation Wz + b, batch × n
 * @param units tolerance in units of ε·max|Wz + b| of the sample
 */
export function kinksOf(
  preActivation: ArrayLike<number>,
  batch: number,
  positions: readonly number[],
  units: number,
  epsilon: number,
): { kinks: Kink[]; kinkTolerance: number[] } {
  const n = preActivation.length / batch;
  const kinks: Kink[] = [];
  const kinkTolerance: number[] = [];
  for (let sample = 0; sample < batch; sample++) {
    const row = Array.from({ length: n }, (_, index) => preActivation[sample * n + index]);
    const tolerance = units * epsilon * row.reduce((largest, p) => Math.max(largest, Math.abs(p)), 0);
    kinkTolerance.push(tolerance);
    for (const [index, p] of row.entries()) {
      const distance = Math.min(...positions.map((kink) => Math.abs(p - kink)));
      if (distance <= tolerance) kinks.push({ sample, index, distance });
    }
  }
  return { kinks, kinkTolerance };
}
