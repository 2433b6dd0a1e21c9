/** z = σ(Wz + b) in operations that a tape follows: functions that call such a layer have its kinks. */
import type { CustomOperation, LayerEquation } from '../autodiff/custom.ts';
import type { Activation } from '../solvers/activations.ts';
import type { LinearMap } from '../solvers/linear-map.ts';
import { scatterAdd } from '../tensor/arrange.ts';
import { elementwise } from '../tensor/kernels.ts';
import { recordOperation } from '../tensor/operations.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';

/**
 * The residual z − σ(Wz + b), [batch, n].
 * @param given the parameters of the map, then b
 */
export function traceResidual(
  { context, map, activation }: LayerEquation,
  z: Tensor,
  given: readonly Tensor[],
): Tensor {
  const [b] = given.slice(-1);
  return z.sub(activate(applyMap(context, map, given.slice(0, -1), z).add(b), activation));
}

/** Wz for each row of z. */
function applyMap(context: LoopContext, map: LinearMap, parameters: readonly Tensor[], z: Tensor): Tensor {
  const W = map.traced(parameters, context);
  const operation: CustomOperation = {
    name: 'a linear map',
    isSmooth: true,
    isRowwise: [...parameters.map(() => false), true],
    pullback: (u) => [...W.cotangent(u, z), W.apply(u, { transposed: true })],
    pushforward(tangents) {
      const changes = tangents.slice(0, -1);
      const [dz] = tangents.slice(-1);
      const terms = [
        ...(dz ? [W.apply(dz, { transposed: false })] : []),
        ...(changes.some((change) => change !== undefined) ? [W.tangent(changes, z)] : []),
      ];
      return terms.reduce((a, b) => elementwise('add', [a, b]));
    },
  };
  return recordOperation('custom', [...parameters, z], W.apply(z, { transposed: false }), operation);
}

/** σ(p), and 0 in the units that the mask leaves out. */
export function activate(p: Tensor, { mask, ...activation }: Activation): Tensor {
  if (!mask) return activateUsed(p, activation);
  const used = mask.flatMap((isUsed, unit) => (isUsed ? [unit] : []));
  return scatterAdd(activateUsed(p.gather(used, -1), activation), used, mask.length, p.shape.length - 1);
}

function activateUsed(p: Tensor, { name, parameters: [first, second] }: Omit<Activation, 'mask'>): Tensor {
  switch (name) {
    case 'softThreshold':
      return p.softThreshold(first);
    case 'leakyRelu':
      return p.leakyRelu(first);
    case 'clip':
      return p.clip(first, second);
    case 'elu':
      return p.elu(first);
    default:
      return p[name]();
  }
}
