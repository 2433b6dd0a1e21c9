/** Picks samples that are still running out of a batch, and puts them back, without reading their statuses. */
import { STATE_ROWS, STATUS } from '../../../backends/kernels.ts';
import { elementwise } from '../../../tensor/kernels.ts';
import { gatherAlong, gatherRows, scatterAlong, scatterRows } from '../../../tensor/move-kernels.ts';
import type { LoopContext, Tensor } from '../../../tensor/tensor.ts';
import { rowOf, statusOf } from '../../monitor.ts';
import { constant } from './batch-problem.ts';
import type { Progress } from './round.ts';

/** Samples that were picked. Where fewer run, the last ones of them are zeros, and count as stopped. */
export interface Picked {
  readonly count: number;
  /** The rows of the samples, [count, …], of what has a row for each sample of the batch. */
  rows(x: Tensor): Tensor;
  take(progress: Progress): Progress;
  put(progress: Readonly<Record<keyof Progress, Tensor>>, part: Progress): Record<keyof Progress, Tensor>;
}

/** The sums of the first 1, 2, … numbers of [batch]. */
function runningSums(x: Tensor): Tensor {
  let sums = x;
  for (let step = 1; step < x.size; step *= 2) {
    sums = elementwise('add', [sums, gatherAlong(sums, 0, x.size, { offset: -step })]);
  }
  return sums;
}

/** 0, 1, …, batch − 1. */
export function placesOf(context: LoopContext, batch: number): Tensor {
  return elementwise('scale', [runningSums(context.constant({ kind: 'fill', value: 1 }, [batch]))], [1, -1]);
}

/**
 * Picks the first samples that are running.
 * @param places 0, 1, …, batch − 1
 */
export function pickRunning(state: Tensor, places: Tensor, count: number): Picked {
  const { context } = state;
  const batch = places.size;
  const isRunning = elementwise('greater', [constant(context, STATUS.running + 0.5), statusOf(state)]);
  const order = elementwise('scale', [runningSums(isRunning)], [1, -1]);
  const target = elementwise('select', [isRunning, order, constant(context, -1)]);
  const none = context.constant({ kind: 'fill', value: batch }, [count]);
  const indices = scatterRows(none, places, target);
  const isNone = elementwise('greater', [indices, constant(context, batch - 0.5)]);
  const rows = (x: Tensor): Tensor => gatherRows(x, indices);
  return {
    count,
    rows,
    take({ state, ...values }) {
      const taken = gatherAlong(state, 1, count, { indices });
      // A sample that is none has stopped.
      const status = elementwise('add', [rowOf(taken, STATE_ROWS.status), isNone]);
      const first = context.constant({ kind: 'values', values: [STATE_ROWS.status] }, [1]);
      const stopped = scatterRows(taken, context.alias(status, [1, count]), first);
      return { ...mapValues(values, rows), state: stopped };
    },
    put: ({ state, ...values }, part) => ({
      ...mapValues(values, (before, name) => scatterRows(before, part[name], indices)),
      state: scatterAlong(state, 1, part.state, indices),
    }),
  };
}

function mapValues<Name extends string>(
  values: Readonly<Record<Name, Tensor>>,
  map: (value: Tensor, name: Name) => Tensor,
): Record<Name, Tensor> {
  const entries = Object.entries(values) as [Name, Tensor][];
  return Object.fromEntries(entries.map(([name, value]) => [name, map(value, name)])) as Record<Name, Tensor>;
}
