/**
 * A certificate that the objective of a cone program has no lower bound: the projection of −c on the closed convex cone
 * of the directions x with Px = 0 and −Ax ∈ K. If it is not 0, cᵀx = −‖x‖² < 0. It is the solution of a cone program,
 * min ½‖x‖² + cᵀx over Px = 0, Ax + s = 0, s ∈ K, which always exists.
 */
import type { Interruptible } from '../../../backends/event-loop.ts';
import { largestMagnitude } from '../../programs/residuals.ts';
import { eachEntry, sparseFromTriples } from '../../programs/sparse.ts';
import { checkUnboundedness } from '../certificates.ts';
import type { ConeData } from '../problem.ts';
import { scaleProgram } from '../scaling.ts';
import { SplittingSolve } from './iterations.ts';

const SETTINGS = { absolute: 1e-13, relative: 1e-13, limit: 2000 };

/**
 * @param data scaled, so that its entries are of one size
 * @param direction that may be near to a certificate
 * @returns x with cᵀx = −1
 */
export function* findUnboundedness(
  data: ConeData,
  direction: Float64Array,
  isCutShort: () => boolean,
): Interruptible<Float64Array | undefined> {
  const { c } = data;
  const program = recessionProgram(data);
  const square = direction.reduce((sum, value) => sum + value * value, 0);
  const slope = direction.reduce((sum, value, j) => sum + value * c[j], 0);
  const length = square > 0 ? Math.max(0, -slope / square) : 0;
  const x = direction.map((value) => length * value);
  const [y, s] = [new Float64Array(program.m), new Float64Array(program.m)];
  const scaled = yield* scaleProgram(program);
  const solve = yield* SplittingSolve.of<never>(program, scaled, { ...SETTINGS, isCutShort }, { x, y, s });
  const { best } = yield* solve.run();
  return largestMagnitude(best.x) > 0 ? checkUnboundedness(data, best.x) : undefined;
}

function recessionProgram({ n, m, P, c, A, blocks }: ConeData): ConeData {
  const places = new Map<number, number>();
  for (const row of new Set(P.indices)) places.set(row, places.size);
  const curved = places.size;
  const triples: [number, number, number][] = [];
  eachEntry(P, (row, column, value) => triples.push([places.get(row) ?? 0, column, value]));
  eachEntry(A, (row, column, value) => triples.push([curved + row, column, value]));
  const identity = Array.from({ length: n }, (_, j): [number, number, number] => [j, j, 1]);
  const moved = blocks.map((block) => ({ ...block, start: block.start + curved }));
  const zero = { type: 'zero', dim: curved, start: 0, rows: curved, alpha: Number.NaN } as const;
  return {
    n,
    m: curved + m,
    P: sparseFromTriples(identity, n, n),
    c,
    A: sparseFromTriples(triples, curved + m, n),
    b: new Float64Array(curved + m),
    blocks: curved > 0 ? [zero, ...moved] : moved,
  };
}
