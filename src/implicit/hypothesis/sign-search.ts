/** A search for a vertex whose determinant has the other sign, where there are too many vertices to visit all. */
import type { Random } from '../../data/random.ts';
import type { Vertex } from './family.ts';
import type { Enclosure } from './reduced.ts';

/** Two vertices that differ in one kink; the ratio is det B at the second over det B at the first. */
export interface Edge {
  readonly vertex: Vertex;
  readonly kink: number;
  readonly ratio: number;
}

/** The number of multiplications that all descents may take together: about a second of work. */
const MAXIMUM_WORK = 3e8;
const MAXIMUM_STARTS = 64;
/** A ratio of determinants that is 0 to rounding. */
const VANISHING = 1e-10;

/**
 * Finds edges along which det B seems to change its sign, or to become 0: one at the end of each descent that finds
 * any. The first descent starts from d = 0, the second from d = 1, the others from random vertices. Each step of a
 * descent flips the kink that shrinks |det B| the most. The ratios are rounded, so that an edge is only a suspicion,
 * which is still to be proved.
 *
 * The diagonal of the principal pivot transform of M on S holds det M_T/det M_S for every T that differs from S in one
 * kink, and one pivot turns the transform on S into that on T.
 * @returns edges, and undefined wherever the search may be interrupted
 */
export function* findSuspectEdges({ k, centre }: Enclosure, draws: Random): Generator<Edge | undefined, void, void> {
  const starts = Math.max(2, Math.min(MAXIMUM_STARTS, Math.floor(MAXIMUM_WORK / (2 * k ** 3))));
  for (let start = 0; start < starts; start++) {
    const transform = centre.slice();
    const vertex = new Uint8Array(k);
    const path = start === 0 ? [] : Array.from(draws.permutation(k)).slice(0, start === 1 ? k : draws.integer(k + 1));
    const edge = yield* descendAlong(transform, k, vertex, path);
    if (edge) yield edge;
  }
}

/** Flips the kinks of the path one after the other, then descends. @returns the first suspicious edge, if any */
function* descendAlong(
  transform: Float64Array,
  k: number,
  vertex: Vertex,
  path: readonly number[],
): Generator<undefined, Edge | null, void> {
  for (let step = 0; step < path.length + k; step++) {
    const lowest = findSmallestDiagonal(transform, k);
    const ratio = transform[lowest * k + lowest];
    if (ratio < VANISHING) return { vertex, kink: lowest, ratio };
    const kink = path[step] ?? lowest;
    if (step >= path.length && ratio >= 1) return null;
    transformByPivot(transform, k, kink);
    vertex[kink] = 1 - vertex[kink];
    yield;
  }
  return null;
}

function findSmallestDiagonal(matrix: Float64Array, k: number): number {
  let lowest = 0;
  for (let i = 1; i < k; i++) {
    if (matrix[i * k + i] < matrix[lowest * k + lowest]) lowest = i;
  }
  return lowest;
}

/** The principal pivot transform on one index: exchanges xₚ and yₚ in y = Mx. */
function transformByPivot(matrix: Float64Array, k: number, p: number): void {
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
