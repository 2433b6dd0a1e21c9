/** Matrices with ‖A‖∞ ≤ κ < 1: by a parametrisation, or by projection. */
import { createNumberCheck } from '../../arguments/check.ts';
import { formatShape } from '../../tensor/shape.ts';

import { TENSOR, type Tensor } from '../../tensor/tensor.ts';
import { l1BallProjection } from '../projections/simplex.ts';
import { Temporaries } from '../projections/threshold.ts';

export const CONTRACTION = /* @__PURE__ */ createNumberCheck('between 0 and 1', (value) => value > 0 && value < 1);

/**
 * A = κ·V/max(1, row norms of V), each row divided by its own Σ_j |V_ij|, so that ‖A‖∞ ≤ κ for every V. It is locally
 * Lipschitz and definable, as Theorem 3 of Bolte et al. (2021) asks of a parametrisation, which a projection is not.
 * @param V [n, k]
 * @param contraction κ, between 0 and 1
 * @returns A, [n, k]
 * @throws RangeError where the shape or κ is wrong
 */
export function contractiveMatrix(V: Tensor, contraction: number): Tensor {
  checkMatrix('contractiveMatrix', V);
  CONTRACTION('contractiveMatrix: contraction', contraction);
  const temporaries = new Temporaries();
  const made = (tensor: Tensor): Tensor => temporaries.keep(tensor);
  const norms = made(made(made(V.abs()).sum(1)).reshape([V.shape[0], 1]));
  const scales = made(norms.maximum(made(V.context.upload([1], [1], V))));
  const A = made(V.div(scales)).mul(withoutRounding(V, contraction));
  temporaries.free();
  return A;
}

/**
 * The nearest A with ‖A‖∞ ≤ κ: each row projected on the l1 ball of radius κ. Not for use inside of a gradient.
 * @param A [n, k]
 */
export function projectToContraction(A: Tensor, contraction: number): Tensor {
  return l1BallProjection(A, { radius: withoutRounding(A, contraction) });
}

/** κ less what rounding of a row of the precision may add to it. */
function withoutRounding({ shape, context: { epsilon } }: Tensor, contraction: number): number {
  return contraction * (1 - (shape[1] + 8) * epsilon);
}

function checkMatrix(what: string, V: Tensor): void {
  TENSOR(`${what}: V`, V);
  if (V.shape.length !== 2) throw new RangeError(`${what}: V has the shape ${formatShape(V.shape)}; it must be [n, k]`);
}
