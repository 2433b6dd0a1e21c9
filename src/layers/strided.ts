/** Every so many lines of a tensor along its middle axis, as an operation that a tape follows. */
import { engineOf } from '../tensor/engine-of.ts';
import { elementwiseLaidOut } from '../tensor/kernels.ts';
import { gatherAlong } from '../tensor/move-kernels.ts';
import { recordOperation } from '../tensor/operations.ts';
import type { Tensor } from '../tensor/tensor.ts';

export interface Steps {
  readonly first: number;
  readonly step: number;
  readonly count: number;
}

type Optional = Tensor | undefined;

/** Lines first, first + step, … of x [outer, extent, inner]: [outer, count, inner]. */
export function everyLine(x: Tensor, { first, step, count }: Steps): Tensor {
  const [outer, extent, inner] = x.shape;
  const layout = { offset: first * inner, strides: [0, extent * inner, step * inner, 1] as const };
  const output = elementwiseLaidOut('copy', [x], [layout], [outer, count, inner]);
  return recordOperation('custom', [x], output, {
    name: 'maximumPooling',
    ...{ isSmooth: true, isFollowed: true, isRowwise: [true], lipschitz: 1 },
    pullback: (v: Tensor) => [putLines(v, { first, step, count }, extent)],
    pushforward: ([change = x]: readonly Optional[]) => everyLine(change, { first, step, count }),
  });
}

/** The lines of x put where `everyLine` takes them from, with zeros between them. */
function putLines(x: Tensor, { first, step, count }: Steps, extent: number): Tensor {
  const values = Array.from({ length: extent }, (_, at) => ((at - first) % step === 0 ? (at - first) / step : -1));
  const engine = engineOf('maximumPooling: x', x);
  const [output] = engine.run(`lines ${first} ${step} ${extent}`, [x], ([lines], tracing) => [
    gatherAlong(lines, 1, extent, { indices: tracing.constant({ kind: 'values', values }, [extent]) }),
  ]);
  return recordOperation('custom', [x], output, {
    name: 'maximumPooling',
    ...{ isSmooth: true, isFollowed: true, isRowwise: [true], lipschitz: 1 },
    pullback: (v: Tensor) => [everyLine(v, { first, step, count })],
    pushforward: ([change = x]: readonly Optional[]) => putLines(change, { first, step, count }, extent),
  });
}
