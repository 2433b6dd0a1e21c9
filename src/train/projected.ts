/** Optimisers of models whose layers project their parameters. */
import type { Layer } from '../layers/layer.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Optimiser } from './optimiser.ts';

/**
 * The optimiser with the projections of the layers after each of its steps.
 * @throws RangeError where the optimiser has `theorem3`: the theorem covers no projection
 */
export function withProjections(optimiser: Optimiser, layers: readonly Layer[]): Optimiser {
  const first = layers.findIndex(({ project }) => project);
  if (optimiser.theorem3) {
    throw new RangeError(
      `train: layer ${first} (${layers[first].kind}) projects its parameters and ${optimiser.name} has theorem3: true, which covers no projection; parametrise the layer instead`,
    );
  }
  return {
    ...optimiser,
    start(...given) {
      const state = optimiser.start(...given);
      return { ...state, update: (...step) => project(state.update(...step), layers) };
    },
  };
}

/** The parameters after the projections. Those that a projection replaces are disposed. */
function project(values: readonly Tensor[], layers: readonly Layer[]): Tensor[] {
  let end = 0;
  const projected = layers.flatMap((layer) => {
    const own = values.slice(end, end + layer.parameters.length);
    end += own.length;
    return layer.project?.(own) ?? own;
  });
  for (const old of values) if (!projected.includes(old)) old.dispose();
  return projected;
}
