/** Where there are too many vertices to visit: a search for one whose determinant has the other sign. */
import type { Random } from '../../data/random.ts';
import type { Vertex } from './family.ts';
import type { Enclosure } from './reduced.ts';

/** Two vertices that differ in one kink, and det B at the second over det B at the first. */
export interface Edge {
  readonly vertex: Vertex;
  readonly kink: number;
  readonly ratio: number;
}

/** About a second of work. */
const WORK = 3e8;
const MOST_STARTS = 64;
/** A ratio of determinants that is 0 to rounding. */
const VANISHING = 1e-10;

/**
 * Edges that seem to change the sign of det B, or to make it 0: the end of every descent that finds one, the first from
 * d = 0, the second from d = 1, the others from random vertices. A descent flips the kink that shrinks |det B| the most.
 * The ratios are rounded: an edge is a suspicion, to be proved.
 *
 * The diagonal of the principal pivot transform of M on S holds det M_T/det M_S for every T that differs from S in one
 * kink, and the transform on T follows from that on S by one pivot.
 * @returns also undefined, where the search may be interrupted
 */
export function* suspectEdges({ k, centre }: Enclosure, draws: Random): Generator<Edge | undefined, void, void> {
  const starts = Math.max(2, Math.min(MOST_STARTS, Math.floor(WORK / (2 * k ** 3))));
  for (let start = 0; start < starts; start++) {
    const transform = centre.slice();
    const vertex = new Uint8Array(k);
    const path = start === 0 ? [] : Array.from(draws.permutation(k)).slice(0, start === 1 ? k : draws.integer(k + 1));
    const edge = yield* walk(transform, k, vertex, path);
    if (edge) yield edge;
  }
}

/** Flips the kinks of the path, then descends. */
function* walk(
  transform: Float64Array,
  k: number,
  vertex: Vertex,
  path: readonly number[],
): Generator<undefined, Edge | null, void> {
  for (let step = 0; step < path.length + k; step++) {
    const lowest = smallestDiagonal(transform, k);
    const ratio = transform[lowest * k + lowest];
    if (ratio < VANISHING) return { vertex, kink: lowest, ratio };
    const kink = path[step] ?? lowest;
    if (step >= path.length && ratio >= 1) return null;
    pivot(transform, k, kink);
    vertex[kink] = 1 - vertex[kink];
    yield;
  }
  return null;
}

function smallestDiagonal(matrix: Float64Array, k: number): number {
  let lowest = 0;
  for (let i = 1; i < k; i++) {
    if (matrix[i * k + i] < matrix[lowest * k + lowest]) lowest = i;
  }
  return lowest;
}

/** The principal pivot transform on one index: exchanges xₚ and yₚ in y = Mx. */
function pivot(matrix: Float64Array, k: number, p: number): void {
  const head = matrix[p * k + p];
  for (let i = 0; i < k; i++) {
    if (i === p) continue;
    const factor = matrix[i * k + p] / head;
    for (let j = 0; j < k; j++) {
      if (j !== p) matrix[i * k + j] -= factor * matrix[p * k + j];
    }
    matrix[i * k + p] = factor;
  }
  for (let j = 0; j < k; j++) matrix[p * k + j] = j === p ? 1 / head : -matrix[p * k + j] / head;
}
