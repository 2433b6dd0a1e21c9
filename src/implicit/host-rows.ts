/** What batches have in common whose samples the host solves: one row for each sample, which depends on the data. */
import { type Interruptible, runInTurns } from '../backends/event-loop.ts';
import { Arena } from '../tensor/arena.ts';
import { slice } from '../tensor/arrange.ts';
import type { Engine } from '../tensor/engine.ts';
import { type Shape, sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { unlessAborted } from './run-limits.ts';

/** A tensor of the data whose arena is that of the solutions. */
export function ownerOf(data: readonly Tensor[]): Tensor | undefined {
  const arena = Arena.of(data);
  return data.find((tensor) => tensor.arena === arena);
}

/** A tensor with the same numbers, which cannot be read where the data cannot. Frees the given tensor. */
export function dependOn(engine: Engine, tensor: Tensor, data: readonly Tensor[]): Tensor {
  const checks = new Set(data.flatMap((datum) => [...datum.checks]));
  return [...checks].reduce((dependent, check) => {
    const checked = engine.attachCheck(dependent, check);
    dependent.dispose();
    return checked;
  }, tensor);
}

/** Columns of the rows, [batch, width], from `start` on, as a tensor of the shape. @param length the number of columns */
export function cutColumns(rows: Tensor, start: number, length: number, shape: Shape): Tensor {
  const part = slice(rows, [0, start], [rows.shape[0], length]);
  if (sameShape(part.shape, shape)) return part;
  const shaped = part.reshape(shape);
  part.dispose();
  return shaped;
}

/** A result for each sample, in turns with other tasks. */
export async function computeEach<Sample, Result>(
  samples: readonly Sample[],
  compute: (sample: Sample, index: number) => Interruptible<Result>,
  signal: AbortSignal | undefined,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const [index, sample] of samples.entries()) {
    results.push(await unlessAborted(runInTurns(compute(sample, index), signal), signal));
  }
  return results;
}
