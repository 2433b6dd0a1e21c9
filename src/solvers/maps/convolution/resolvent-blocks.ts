/** V(f) = (I + α(I − W(f)))⁻¹ of a convolution, for each frequency. */
import { elementwise } from '../../../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../../../tensor/tensor.ts';
import type { ResolventOptions } from '../../linear-map.ts';
import { initialState, statusOf } from '../../monitor.ts';
import { addIdentity, type Complex, invertBlocks, scaleBlocks } from './blocks.ts';

/** @param step α > 0, [1] */
export function resolventBlocks(
  tracing: LoopContext,
  W: Complex,
  step: Tensor,
  { kept, wanted }: ResolventOptions,
): Complex {
  if (kept) return { re: kept[0], im: kept[1] };
  const scaled = scaleBlocks(W, elementwise('negate', [step]));
  const shifted = addIdentity(tracing, scaled, elementwise('scale', [step], [1, 1])); // (1 + α)I − αW
  if (!wanted) return invertBlocks(tracing, shifted);
  // A loop of at most one pass: none where the inverse is not wanted.
  const half = tracing.constant({ kind: 'fill', value: 0.5 }, [1]);
  const running = initialState(tracing, 1, 1);
  const state = elementwise('add', [running, elementwise('greater', [half, wanted])]);
  const { re, im } = tracing.loop(
    { ...shifted, state },
    (values) => statusOf(values.state),
    1,
    (values) => ({ ...invertBlocks(tracing, values), state: elementwise('scale', [values.state], [1, 1]) }),
  );
  return { re, im };
}
