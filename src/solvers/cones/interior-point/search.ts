/**
 * Programs whose solutions are certificates of another, or 0 where it has none. They always have a solution, which is
 * unique:
 * - min ½‖y‖² + bᵀy over Aᵀy = 0, y ∈ K*: the projection of −b on what certifies that there is no feasible point, so that
 *   bᵀy = −‖y‖².
 * - min ½‖x‖² + cᵀx over Px = 0, −Ax ∈ K: the same for an objective without a lower bound, with cᵀx = −‖x‖².
 */

import type { ConeBlock } from '../../../backends/cone-kernels.ts';
import type { Interruptible } from '../../../backends/event-loop.ts';
import type { Regularisation } from '../../programs/kkt.ts';
import type { SparseMatrix } from '../../programs/problem.ts';
import { eachEntry, sparseFromTriples } from '../../programs/sparse.ts';
import { isShown } from '../certificates.ts';
import type { ConeData, ConeSettings } from '../problem.ts';
import { type Certificate, candidatesAt } from './certificates.ts';
import { type ConeForm, formOf } from './form.ts';
import { iterations } from './iterations.ts';

const SETTINGS = { absolute: 1e-14, relative: 1e-14, limit: 60 };

/** @returns a certificate, if there is one that shows something */
export function* searchCertificate(
  form: ConeForm,
  status: Certificate['status'],
  { isCutShort }: ConeSettings,
  regularisation: Regularisation,
): Interruptible<Certificate | undefined> {
  const program = status === 'infeasible' ? separationProgram(form) : recessionProgram(form);
  const { best } = yield* iterations(yield* formOf(program), { ...SETTINGS, isCutShort }, regularisation);
  const candidate = candidatesAt(form, { x: best.x, z: best.x }).find((each) => each.status === status);
  return candidate && isShown(form.blocks, candidate.quality) ? candidate : undefined;
}

type Triple = readonly [number, number, number];

function separationProgram({ n, m, A, b, blocks }: ConeForm): ConeData {
  const triples: Triple[] = [];
  addEntries(triples, A, 0, true);
  const dual: ConeBlock[] = [zeroBlock(n)];
  let row = n;
  for (const block of blocks) {
    if (block.type === 'zero') continue;
    dual.push({ ...block, start: row });
    for (let i = block.start; i < block.start + block.rows; i++) triples.push([row++, i, -1]);
  }
  return projectionProgram(m, b, triples, row, dual);
}

function recessionProgram({ n, m, P, A, c, blocks }: ConeForm): ConeData {
  const triples: Triple[] = [];
  addEntries(triples, P, 0, false);
  addEntries(triples, A, n, false);
  const shifted = blocks.map((block) => ({ ...block, start: n + block.start }));
  return projectionProgram(n, c, triples, n + m, [zeroBlock(n), ...shifted]);
}

/** min ½‖v‖² + slopeᵀv over s ∈ K, Mv + s = 0 */
function projectionProgram(
  n: number,
  slope: Float64Array,
  triples: readonly Triple[],
  m: number,
  blocks: readonly ConeBlock[],
): ConeData {
  const identity = Array.from({ length: n }, (_, j): Triple => [j, j, 1]);
  return {
    n,
    m,
    P: sparseFromTriples(identity, n, n),
    c: slope,
    A: sparseFromTriples(triples, m, n),
    b: new Float64Array(m),
    blocks: blocks.filter(({ rows }) => rows > 0),
  };
}

function addEntries(triples: Triple[], matrix: SparseMatrix, firstRow: number, isTransposed: boolean): void {
  eachEntry(matrix, (i, j, value) => triples.push(isTransposed ? [j, i, value] : [firstRow + i, j, value]));
}

function zeroBlock(rows: number): ConeBlock {
  return { type: 'zero', dim: rows, start: 0, rows, alpha: Number.NaN };
}
