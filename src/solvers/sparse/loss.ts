/** The losses of sparse models, as functions of the margins m = Xβ + β₀ of one row. */

/** The losses of sparse models by name. */
export type LossName = 'square' | 'logistic' | 'multinomial';

/** A loss, for rows whose margins lie `rows` numbers apart: output k of row i is at `k·rows + i`. */
export interface Loss {
  /**
   * A bound c of the curvature: ℓ″ ⪯ c·I for all margins, which makes the steps of proximal methods safe.
   */
  readonly curvatureBound: number;
  /** ℓ(m, y) of one row. */
  value(margins: Float64Array, targets: Float64Array, row: number, rows: number, outputs: number): number;
  /**
   * Writes ℓ′, one number for each output, and ℓ″, a matrix outputs × outputs whose entry (k, l) is at `(k·outputs +
   * l)·rows + row`, both multiplied by the weight of the row.
   */
  derive(
    margins: Float64Array,
    targets: Float64Array,
    row: number,
    rows: number,
    outputs: number,
    weight: number,
    slopes: Float64Array,
    curvatures: Float64Array | undefined,
  ): void;
}

/** ½ Σₖ (yₖ − mₖ)² */
const square: Loss = {
  curvatureBound: 1,
  value(margins, targets, row, rows, outputs) {
    let sum = 0;
    for (let at = row, k = 0; k < outputs; k++, at += rows) sum += (margins[at] - targets[at]) ** 2;
    return sum / 2;
  },
  derive(margins, targets, row, rows, outputs, weight, slopes, curvatures) {
    for (let at = row, k = 0; k < outputs; k++, at += rows) slopes[at] = weight * (margins[at] - targets[at]);
    if (!curvatures) return;
    for (let k = 0; k < outputs; k++) {
      for (let l = 0; l < outputs; l++) curvatures[(k * outputs + l) * rows + row] = k === l ? weight : 0;
    }
  },
};

/** log(1 + e^(−ym)) with y = ±1. The exponential is of −|m|, so that nothing overflows and ℓ″ does not round to 0 early. */
const logistic: Loss = {
  curvatureBound: 0.25,
  value(margins, targets, row) {
    const agreement = targets[row] * margins[row];
    return Math.log1p(Math.exp(-Math.abs(agreement))) + Math.max(-agreement, 0);
  },
  derive(margins, targets, row, _rows, _outputs, weight, slopes, curvatures) {
    const agreement = targets[row] * margins[row];
    const e = Math.exp(-Math.abs(agreement));
    slopes[row] = (-targets[row] * weight * (agreement > 0 ? e : 1)) / (1 + e);
    if (curvatures) curvatures[row] = (weight * e) / (1 + e) ** 2;
  },
};

/** log Σₖ e^(mₖ) − m_y, y the number of the class: ℓ′ = p − e_y, ℓ″ = diag p − ppᵀ. */
const multinomial: Loss = {
  curvatureBound: 0.5,
  value(margins, targets, row, rows, outputs) {
    let greatest = Number.NEGATIVE_INFINITY;
    for (let at = row, k = 0; k < outputs; k++, at += rows) greatest = Math.max(greatest, margins[at]);
    let sum = 0;
    for (let at = row, k = 0; k < outputs; k++, at += rows) sum += Math.exp(margins[at] - greatest);
    return Math.log(sum) + greatest - margins[targets[row] * rows + row];
  },
  derive(margins, targets, row, rows, outputs, weight, slopes, curvatures) {
    let greatest = Number.NEGATIVE_INFINITY;
    for (let at = row, k = 0; k < outputs; k++, at += rows) greatest = Math.max(greatest, margins[at]);
    let sum = 0;
    for (let at = row, k = 0; k < outputs; k++, at += rows) {
      slopes[at] = Math.exp(margins[at] - greatest);
      sum += slopes[at];
    }
    for (let at = row, k = 0; k < outputs; k++, at += rows) slopes[at] /= sum;
    for (let k = 0; curvatures && k < outputs; k++) {
      const p = slopes[k * rows + row];
      // 1 − p as the sum of the others: near p = 1 the difference would be rounding.
      let others = 0;
      for (let l = 0; l < outputs; l++) {
        if (l === k) continue;
        const q = slopes[l * rows + row];
        others += q;
        curvatures[(k * outputs + l) * rows + row] = -weight * p * q;
      }
      curvatures[(k * outputs + k) * rows + row] = weight * p * others;
    }
    for (let k = 0; k < outputs; k++) {
      slopes[k * rows + row] = weight * (slopes[k * rows + row] - (targets[row] === k ? 1 : 0));
    }
  },
};

export const LOSSES: Readonly<Record<LossName, Loss>> = { square, logistic, multinomial };
