/**
 * The equation that the solution of a program solves, in operations that a tape follows: functions that call
 * `quadraticProgram` find its kinks by it.
 */
import type { SparseMatrix } from '../../solvers/programs/problem.ts';
import { concat, slice } from '../../tensor/arrange.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type BatchData, type DatumName, NO_BOUND } from './data.ts';
import type { Datum } from './datum.ts';
import { finiteRows } from './dense-rows.ts';

/** The data that are tensors, as a tape holds them. */
type Given = Readonly<Partial<Record<DatumName, Tensor>>>;

/**
 * (Px + q + Aᵀy, −y + relu(v − u) − relu(l − v), z − Ax) with v = z + y, row by row: [batch, n + 2m]. The middle part is
 * z − clip(v, l, u); where l = u it is z − u, which has no kink.
 * @param rows x, y and z side by side, [batch, n + 2m]
 */
export function programResidual(rows: Tensor, given: Given, data: BatchData): Tensor {
  const { n, m, batch } = data;
  const part = (start: number, length: number): Tensor => slice(rows, [0, start], [batch, length]);
  const tensorOf = (datum: Datum<SparseMatrix | Float64Array, DatumName>): Tensor =>
    given[datum.name] ?? uploaded(datum, rows);
  const x = part(0, n);
  const stationary = multiply(symmetric(tensorOf(data.P)), x).add(tensorOf(data.q));
  if (m === 0) return stationary;
  const [y, z, A] = [part(n, m), part(n + m, m), tensorOf(data.A)];
  return concat(
    [
      stationary.add(multiplyTransposed(A, y)),
      complementarity(y, z, tensorOf(data.l), tensorOf(data.u)),
      z.sub(multiply(A, x)),
    ],
    1,
  );
}

/** Times any difference of bounds that is not 0, this is at least 1. */
const LARGE = 1e30;

/** z − clip(z + y, l, u), with the relu of a bound that is none far from its kink. */
function complementarity(y: Tensor, z: Tensor, l: Tensor, u: Tensor): Tensor {
  const [fixedLower, fixedUpper] = [l, u].map(unfollowed);
  // 1 where l = u, else 0.
  const isEquality = fixedUpper.sub(fixedLower).abs().mul(LARGE).clip(0, 1).neg().add(1);
  const isInequality = isEquality.neg().add(1);
  // 1 where there is a bound, else 0.
  const isBound = (fixed: Tensor): Tensor => fixed.abs().neg().add(NO_BOUND).clip(0, 1);
  const [hasLower, hasUpper] = [fixedLower, fixedUpper].map((fixed) => isBound(fixed).mul(isInequality));
  const v = z.add(y);
  const beyond = (distance: Tensor, has: Tensor): Tensor => distance.mul(has).add(has.sub(1)).relu();
  const above = beyond(v.sub(u.mul(hasUpper)), hasUpper);
  const below = beyond(l.mul(hasLower).sub(v), hasLower);
  return above
    .sub(below)
    .sub(y.mul(isInequality))
    .add(z.sub(u.mul(isBound(fixedUpper))).mul(isEquality));
}

/** An alias that no tape follows. */
function unfollowed(tensor: Tensor): Tensor {
  return tensor.context.alias(tensor, tensor.shape);
}

/** (P + Pᵀ)/2, for P [n, n] or [batch, n, n]. */
function symmetric(P: Tensor): Tensor {
  const transposed = P.shape.length === 2 ? P.transpose() : P.transpose([0, 2, 1]);
  return P.add(transposed).mul(0.5);
}

/** Each row times Mᵀ: [batch, columns] becomes [batch, rows]. */
function multiply(M: Tensor, x: Tensor): Tensor {
  if (M.shape.length === 2) return x.matmul(M, { transposeB: true });
  return M.mul(x.reshape([x.shape[0], 1, x.shape[1]])).sum(2);
}

/** Each row times M: [batch, rows] becomes [batch, columns]. */
function multiplyTransposed(M: Tensor, y: Tensor): Tensor {
  if (M.shape.length === 2) return y.matmul(M);
  return M.mul(y.reshape([...y.shape, 1])).sum(1);
}

/** Data that were given as arrays. */
function uploaded(datum: Datum<SparseMatrix | Float64Array, DatumName>, beside: Tensor): Tensor {
  const { batch, extents } = datum;
  return beside.context.upload(finiteRows(datum), batch === undefined ? extents : [batch, ...extents], beside);
}
