/** All principal minors of a matrix, their signs decided by interval arithmetic. */
import type { Vertex } from './family.ts';
import type { Enclosure } from './reduced.ts';

export interface MinorSigns {
  /** Two neighbouring vertices: the minor is positive without the kink and negative with it. */
  readonly change?: { readonly vertex: Vertex; readonly kink: number };
  /** Vertices whose minor may be 0. */
  readonly undecided: readonly Vertex[];
  /** More than these were left undecided. */
  readonly truncated: boolean;
}

/** Covers the few roundings of each radius, which are relative errors of ε/2 in sums of nonnegative terms. */
const INFLATION = 1 + 8 * Number.EPSILON;
/** More than what underflow takes from any entry. */
const UNDERFLOW = 2 ** -1000;

/**
 * The signs of all 2ᵏ − 1 principal minors, by the recursion of Tsatsomeros & Li (A recursive test for P-matrices, BIT
 * 40, 2000): the minor on S ∪ {j} is the minor on S times the diagonal entry j of the Schur complement M/M_SS. Each
 * kink in turn is left out or eliminated, which costs about 2ᵏ small eliminations in all. Entries carry a radius.
 * The walk ends at the first sign change; where a pivot may be 0 it cannot be eliminated, and the minors that contain it
 * are left undecided.
 */
export function principalMinorSigns({ k, centre, radius }: Enclosure, undecidedLimit: number): MinorSigns {
  const vertex = new Uint8Array(k);
  const undecided: Vertex[] = [];
  const scratch = Array.from({ length: k }, () => new Float64Array(k * k));
  const scratchRadius = Array.from({ length: k }, () => new Float64Array(k * k));
  let truncated = false;

  /** @returns whether a sign change was found, at the vertex */
  function visit(kink: number, matrix: Float64Array, error: Float64Array): number | null {
    if (kink === k) return null;
    const pivot = matrix[kink * k + kink];
    const uncertainty = error[kink * k + kink];
    if (pivot < -uncertainty) return kink;
    if (pivot > uncertainty) {
      eliminate(kink, k, matrix, error, scratch[kink], scratchRadius[kink]);
      vertex[kink] = 1;
      const found = visit(kink + 1, scratch[kink], scratchRadius[kink]);
      if (found !== null) return found;
    } else {
      vertex[kink] = 1;
      leaveUndecided(kink + 1);
    }
    vertex[kink] = 0;
    return visit(kink + 1, matrix, error);
  }

  /** All vertices that agree with this one on the kinks before `kink`. */
  function leaveUndecided(kink: number): void {
    truncated ||= undecided.length >= undecidedLimit;
    if (truncated) return;
    if (kink === k) {
      undecided.push(vertex.slice());
      return;
    }
    leaveUndecided(kink + 1);
    vertex[kink] = 1;
    leaveUndecided(kink + 1);
    vertex[kink] = 0;
  }

  const kink = visit(0, centre, radius);
  return kink === null ? { undecided, truncated } : { change: { vertex: vertex.slice(), kink }, undecided, truncated };
}

/**
 * m'ᵢⱼ = mᵢⱼ − (mᵢₚ/mₚₚ)·mₚⱼ for i, j > p. With factor l = mᵢₚ/mₚₚ, |δl| ≤ (rᵢₚ + |l|rₚₚ)/(|mₚₚ| − rₚₚ) + ε|l|, the new
 * radius is rᵢⱼ + |l|rₚⱼ + |δl|(|mₚⱼ| + rₚⱼ) + ε(|l·mₚⱼ| + |m'ᵢⱼ|).
 */
function eliminate(
  p: number,
  k: number,
  matrix: Float64Array,
  error: Float64Array,
  result: Float64Array,
  resultError: Float64Array,
): void {
  const pivot = matrix[p * k + p];
  const uncertainty = error[p * k + p];
  for (let i = p + 1; i < k; i++) {
    const factor = matrix[i * k + p] / pivot;
    const size = Math.abs(factor);
    const factorError =
      ((error[i * k + p] + size * uncertainty) / (pivot - uncertainty)) * INFLATION + Number.EPSILON * size + UNDERFLOW;
    for (let j = p + 1; j < k; j++) {
      const head = matrix[p * k + j];
      const headError = error[p * k + j];
      const product = factor * head;
      const entry = matrix[i * k + j] - product;
      result[i * k + j] = entry;
      resultError[i * k + j] =
        (error[i * k + j] +
          size * headError +
          factorError * (Math.abs(head) + headError) +
          Number.EPSILON * (Math.abs(product) + Math.abs(entry)) +
          UNDERFLOW) *
        INFLATION;
    }
  }
}
