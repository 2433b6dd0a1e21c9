/** The signs of all principal minors of a matrix, by interval arithmetic. */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { Vertex } from './family.ts';
import type { Enclosure } from './reduced.ts';

/** What interval arithmetic decides of the signs. */
export interface MinorSigns {
  /**
   * A sign change: the minor at the vertex is positive, and that with the kink as well is negative. Absent where there
   * is none.
   */
  readonly change?: { readonly vertex: Vertex; readonly kink: number };
  /** Vertices whose minor may be 0. */
  readonly undecided: readonly Vertex[];
  /** Whether there are more of these than are listed. */
  readonly truncated: boolean;
}

/** Covers the few rounding errors of each radius, which are relative errors of ε/2 in sums of nonnegative terms. */
const INFLATION = 1 + 8 * Number.EPSILON;
/** More than underflow takes from any entry. */
const UNDERFLOW = 2 ** -1000;

/**
 * The signs of all 2ᵏ − 1 principal minors, by the recursion of Tsatsomeros & Li (A recursive test for P-matrices, BIT
 * 40, 2000): the minor on S ∪ {j} is the minor on S times the diagonal entry j of the Schur complement M/M_SS. Each
 * kink in turn is eliminated or left out, which takes about 2ᵏ small eliminations in all. Every entry carries a radius
 * of its error. The walk ends at the first sign change. A pivot that may be 0 cannot be eliminated, and leaves the
 * minors that contain it undecided.
 * @param undecidedLimit the largest number of undecided vertices that are listed
 */
export function* decidePrincipalMinors(
  { k, centre, radius }: Enclosure,
  undecidedLimit: number,
): Interruptible<MinorSigns> {
  const vertex = new Uint8Array(k);
  const undecided: Vertex[] = [];
  const scratch = Array.from({ length: k }, () => new Float64Array(k * k));
  const scratchRadius = Array.from({ length: k }, () => new Float64Array(k * k));
  let truncated = false;

  /** Lists as undecided all vertices that agree with the current one on the kinks before `kink`. */
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

  // matrices[found[kink]] is the matrix left by the kinks before this one. Each kink is eliminated first and then left
  // out, as its stage says.
  const matrices = [centre, ...scratch];
  const errors = [radius, ...scratchRadius];
  const found = new Int32Array(k + 1);
  const stages: Stage[] = Array.from({ length: k + 1 }, () => Stage.begun);
  let kink = 0;
  for (let visit = 1; kink >= 0; visit++) {
    if (visit % VISITS_BETWEEN_YIELDS === 0) yield;
    if (kink === k || stages[kink] === Stage.leftOut) {
      stages[kink] = Stage.begun;
      kink--;
    } else if (stages[kink] === Stage.eliminated) {
      vertex[kink] = 0;
      stages[kink] = Stage.leftOut;
      found[kink + 1] = found[kink];
      kink++;
    } else {
      const matrix = matrices[found[kink]];
      const error = errors[found[kink]];
      const pivot = matrix[kink * k + kink];
      const uncertainty = error[kink * k + kink];
      if (pivot < -uncertainty) return { change: { vertex: vertex.slice(), kink }, undecided, truncated };
      stages[kink] = Stage.eliminated;
      vertex[kink] = 1;
      if (pivot > uncertainty) {
        eliminatePivot(kink, k, matrix, error, scratch[kink], scratchRadius[kink]);
        found[kink + 1] = kink + 1;
        kink++;
      } else {
        leaveUndecided(kink + 1);
      }
    }
  }
  return { undecided, truncated };
}

const Stage = { begun: 0, eliminated: 1, leftOut: 2 } as const;
type Stage = (typeof Stage)[keyof typeof Stage];

/** After this many small eliminations, other tasks of the host may run. */
const VISITS_BETWEEN_YIELDS = 256;

/**
 * Eliminates index p: m'ᵢⱼ = mᵢⱼ − (mᵢₚ/mₚₚ)·mₚⱼ for i, j > p. With the factor l = mᵢₚ/mₚₚ and its error
 * |δl| ≤ (rᵢₚ + |l|rₚₚ)/(|mₚₚ| − rₚₚ) + ε|l|, the new radius is rᵢⱼ + |l|rₚⱼ + |δl|(|mₚⱼ| + rₚⱼ) + ε(|l·mₚⱼ| + |m'ᵢⱼ|).
 */
function eliminatePivot(
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
