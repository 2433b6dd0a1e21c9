/** Products with a sparse matrix, as an operation that a tape follows. It is linear in both of its factors. */
import { elementwise, reduceAxes } from '../../tensor/kernels.ts';
import { gatherAlong, segmentSum } from '../../tensor/move-kernels.ts';
import { add, recordOperation } from '../../tensor/operations.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { Temporaries } from '../projections/threshold.ts';
import { partsOf, patternFrom, type SparsePattern } from './sparse-pattern.ts';

/**
 * AᵀZ, rows of which are nodes: row j is Σ A_ij·Z_i over the edges from i to j. Or AZ.
 *
 * The matrix has `nodes` rows and columns, as the pattern has segments. Z is [nodes, features]; or several Z that share the
 * matrix, [batch, nodes, features]; or, where the pattern has the nodes of all samples, each with edges of its own, [batch,
 * nodes/batch, features].
 * @param values the entries of the matrix, in the order of the pattern
 */
export function sparseProduct(pattern: SparsePattern, Z: Tensor, values: Tensor, transposed = false): Tensor {
  const inputs = [Z, values, ...partsOf(pattern)];
  return recordOperation('custom', inputs, multiply(pattern, Z, values, transposed), {
    name: 'graphProduct',
    ...{ isSmooth: true, isFollowed: true, isRowwise: [Z.shape.length === 3] },
    pullback(v: Tensor, needed: readonly boolean[], _: unknown, [z, entries, ...parts]: readonly Tensor[]) {
      const own = patternFrom(parts);
      return [
        needed[0] ? sparseProduct(own, v, entries, !transposed) : undefined,
        needed[1] ? edgeProducts(own, ...oriented(z, v, transposed)) : undefined,
      ];
    },
    pushforward(changes: readonly (Tensor | undefined)[], _: unknown, [z, entries, ...parts]: readonly Tensor[]) {
      const own = patternFrom(parts);
      const [dz, dEntries] = changes;
      const terms = [
        ...(dz ? [sparseProduct(own, dz, entries, transposed)] : []),
        ...(dEntries ? [sparseProduct(own, z, dEntries, transposed)] : []),
      ];
      return terms.reduce(add);
    },
  });
}

/** Σ from_i·into_j for each edge from i to j, over features and over the samples that share the edge: the cotangent of its value. */
export function edgeProducts(pattern: SparsePattern, from: Tensor, into: Tensor): Tensor {
  const inputs = [from, into, ...partsOf(pattern)];
  return recordOperation('custom', inputs, multiplyEnds(pattern, from, into), {
    name: 'graphProduct',
    ...{ isSmooth: true, isFollowed: true },
    pullback(v: Tensor, needed: readonly boolean[], _: unknown, [left, right, ...parts]: readonly Tensor[]) {
      const own = patternFrom(parts);
      return [
        needed[0] ? sparseProduct(own, right, v, true) : undefined,
        needed[1] ? sparseProduct(own, left, v) : undefined,
      ];
    },
    pushforward(changes: readonly (Tensor | undefined)[], _: unknown, [left, right, ...parts]: readonly Tensor[]) {
      const own = patternFrom(parts);
      const [dLeft, dRight] = changes;
      const terms = [
        ...(dLeft ? [edgeProducts(own, dLeft, right)] : []),
        ...(dRight ? [edgeProducts(own, left, dRight)] : []),
      ];
      return terms.reduce(add);
    },
  });
}

/** The factor at the sources of edges, and the one at their targets. */
function oriented(z: Tensor, v: Tensor, transposed: boolean): [Tensor, Tensor] {
  return transposed ? [v, z] : [z, v];
}

/** Z as [samples that share the matrix, nodes of the matrix, features]. */
function layoutOf({ shape, size }: Tensor, nodes: number): [number, number, number] {
  const features = shape[shape.length - 1];
  return [size / (nodes * features), nodes, features];
}

function multiply(pattern: SparsePattern, Z: Tensor, values: Tensor, transposed: boolean): Tensor {
  const { from, into, byTarget, bySource, targetStarts, sourceStarts } = pattern;
  const [at, order, starts] = transposed ? [into, bySource, sourceStarts] : [from, byTarget, targetStarts];
  const [samples, nodes, features] = layoutOf(Z, starts.size - 1);
  const temporaries = new Temporaries();
  const made = (tensor: Tensor): Tensor => temporaries.keep(tensor);
  const { context } = Z;
  const rows = made(context.alias(Z, [samples, nodes, features]));
  const read = made(gatherAlong(rows, 1, at.size, { indices: at }));
  const weighted = made(elementwise('multiply', [read, made(context.alias(values, [values.size, 1]))]));
  const sums = made(segmentSum(weighted, 1, order, starts));
  const product = context.alias(sums, Z.shape);
  temporaries.free();
  return product;
}

function multiplyEnds({ from, into, targetStarts }: SparsePattern, left: Tensor, right: Tensor): Tensor {
  const layout: Shape = layoutOf(left, targetStarts.size - 1);
  const temporaries = new Temporaries();
  const made = (tensor: Tensor): Tensor => temporaries.keep(tensor);
  const read = (x: Tensor, at: Tensor): Tensor =>
    made(gatherAlong(made(x.context.alias(x, layout)), 1, at.size, { indices: at }));
  const products = made(elementwise('multiply', [read(left, from), read(right, into)]));
  const overFeatures = made(reduceAxes('sum', [products], 2, 3));
  const sums = reduceAxes('sum', [overFeatures], 0, 1);
  temporaries.free();
  return sums;
}
