/** What solves and linear systems of programs on the device put out, whatever the kind of programs. */

import { repeatRows, times } from '../../solvers/programs/splitting/batch-problem.ts';
import { combine, elementwise, reduceAxes, reduceRows } from '../../tensor/kernels.ts';
import { gatherAlong, joinEndToEnd } from '../../tensor/move-kernels.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { summarise } from '../summary.ts';
import { FIGURES } from './device-report.ts';
import { acceptableResidual } from './report.ts';

/** [batch, a] and [batch, b] side by side. */
export function join(left: Tensor, right: Tensor): Tensor {
  return gatherAlong(left, 1, left.shape[1] + right.shape[1], { more: right });
}

/** A solve by splitting; numbers are for each sample. */
interface SolvedBatch {
  readonly status: Tensor;
  readonly iterations: Tensor;
  readonly ratio: Tensor;
  readonly floor: Tensor;
  readonly primal: Tensor;
  readonly dual: Tensor;
  readonly gap: Tensor;
}

/**
 * The rows, the summary and the figures of a solve; see `FIGURES`.
 * @param parts of the solution, side by side
 * @param objective of each sample
 * @param notFinite how many numbers of the data of each sample are not finite
 * @param tolerance that the report states
 */
export function putOut(
  found: SolvedBatch,
  parts: readonly [Tensor, Tensor, Tensor],
  objective: Tensor,
  notFinite: Tensor,
  tolerance: number,
): Tensor[] {
  const [batch] = parts[0].shape;
  const { context } = parts[0];
  const figure = (x: Tensor, factor = 1): Tensor => context.alias(elementwise('scale', [x], [factor, 0]), [batch]);
  const figures: Readonly<Record<(typeof FIGURES)[number], Tensor>> = { ...found, objective };
  return [
    join(join(parts[0], parts[1]), parts[2]),
    summarise(batch, {
      status: found.status,
      iterations: found.iterations,
      residual: figure(found.ratio, tolerance),
      floor: figure(found.floor, tolerance),
      notFinite,
    }),
    FIGURES.map((name) => figure(figures[name])).reduce((all, row) => joinEndToEnd(all, row)),
  ];
}

/** ½xᵀPx + qᵀx, [batch]. */
export function objectiveAt(P: Tensor, q: Tensor, x: Tensor): Tensor {
  return reduceRows('dot', [x, combine({ x: times(P, x), factor: 0.5 }, { x: repeatRows(q, x.shape[0]) })]);
}

const RANKS: Readonly<Record<string, number>> = { P: 2, A: 2 };

/** How many numbers of each program are not finite: those that all share count in each. */
export function countNotFinite(data: Readonly<Record<string, Tensor>>, batch: number): Tensor {
  const counts = Object.entries(data).map(([name, tensor]) => {
    const samples = tensor.shape.length > (RANKS[name] ?? 1) ? tensor.shape[0] : 1;
    return reduceRows('countNotFinite', [tensor.context.alias(tensor, [samples, tensor.size / samples])]);
  });
  const none = counts[0].context.constant({ kind: 'fill', value: 0 }, [batch]);
  return counts.reduce((sum, count) => elementwise('add', [sum, count]), none);
}

/** How many numbers of some tensors are not finite, in all, for each sample alike. */
export function countAll(tensors: readonly Tensor[], batch: number): Tensor {
  const none = tensors[0].context.constant({ kind: 'fill', value: 0 }, [batch]);
  return tensors.reduce((sum, x) => {
    const count = reduceAxes('countNotFinite', [x.context.alias(x, [x.size])], 0, 1);
    return elementwise('add', [sum, count]);
  }, none);
}

/** The tolerance and the limit of the linear systems, and how near to a kink counts as at it. */
export function derivativeSettings<Selection>(
  epsilon: number,
  selection: Selection,
): { tolerance: number; limit: number; selection: Selection; kinkTolerance: number; acceptable: number } {
  return {
    tolerance: Math.max(32 * epsilon, 1e-10),
    limit: 200,
    selection,
    kinkTolerance: 256 * epsilon,
    acceptable: acceptableResidual(epsilon),
  };
}

/** The summary of linear systems. */
export function summariseSystem(
  batch: number,
  { status, iterations, residual }: Readonly<Record<'status' | 'iterations' | 'residual', Tensor>>,
  notFinite: Tensor,
): Tensor {
  const floor = status.context.constant({ kind: 'fill', value: 0 }, [batch]);
  return summarise(batch, { status, iterations, residual, floor, notFinite });
}
