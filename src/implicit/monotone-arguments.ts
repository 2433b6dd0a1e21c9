/** The arguments of `monotoneFixedPoint`, checked against one another. */
import {
  createArgumentCheck,
  createArgumentError,
  createResultError,
  hasMethod,
  isListOf,
  isObject,
} from '../arguments/check.ts';
import type { LinearMap } from '../solvers/linear-map.ts';
import { matrixMap } from '../solvers/maps/matrix.ts';
import type { Engine } from '../tensor/engine.ts';
import { engineOf } from '../tensor/engine-of.ts';
import { formatShape } from '../tensor/shape.ts';
import { checkTogether, isTensor, TENSOR, type Tensor } from '../tensor/tensor.ts';
import { Tracing } from '../tensor/tracing.ts';
import { marginOfMatrix } from './matrix-margin.ts';
import { checkPositive } from './options.ts';

/** W as a linear map. @param margin the margin of a matrix; a linear map brings its own */
export function linearMapOf(W: Tensor | LinearMap, b: Tensor, margin: number | undefined): LinearMap {
  TENSOR('b', b);
  if (isTensor(W)) {
    TENSOR('W', W);
    checkTogether('monotone', { W, b });
    checkMatrix(W, b);
    return matrixMap(W, marginOfMatrix(W, margin));
  }
  checkMap('W', W);
  if (margin === undefined) return W;
  throw createArgumentError('margin: it', margin, 'left out where W is a linear map, which brings its own');
}

/** Checks a linear map of the caller's own, of which plain JavaScript has no type. */
const checkMap = /* @__PURE__ */ createArgumentCheck(
  'a tensor [n, n], or a linear map with key, n, parameters, margin and traced',
  (value) => {
    const { key, n, parameters, margin } = (value ?? {}) as LinearMap;
    const isWhole = typeof key === 'string' && n > 0 && isObject(margin) && hasMethod(value, 'traced');
    return isWhole && isListOf(parameters, isTensor);
  },
);

function checkMatrix(W: Tensor, b: Tensor): void {
  const n = widthOf(b);
  if (W.shape.length !== 2 || W.shape[0] !== n || W.shape[1] !== n) {
    throw new RangeError(
      `W: the shape is ${formatShape(W.shape)}; b of shape ${formatShape(b.shape)} needs [${n}, ${n}]`,
    );
  }
}

function widthOf(b: Tensor): number {
  if (b.shape.length !== 2) throw new RangeError(`b: the shape is ${formatShape(b.shape)}; it must be [batch, n]`);
  return b.shape[1];
}

/**
 * Checks b and the start against the linear map.
 * @throws RangeError where a shape or the margin is wrong
 */
export function checkArguments(
  { n, parameters, margin }: LinearMap,
  b: Tensor,
  initial: Tensor | undefined,
): { engine: Engine; batch: number } {
  if (widthOf(b) !== n) {
    throw new RangeError(`b: the shape is ${formatShape(b.shape)}; a linear map of ${n} numbers needs [batch, ${n}]`);
  }
  checkPositive('margin', margin.value);
  checkTogether('monotone', { parameters, b, initial });
  if (initial && (initial.shape.length !== 2 || initial.shape[0] !== b.shape[0] || initial.shape[1] !== n)) {
    throw new RangeError(
      `initial: the shape is ${formatShape(initial.shape)}; it must be that of b, ${formatShape(b.shape)}`,
    );
  }
  // Both must belong to an engine: nothing can be solved inside a Program that is being traced.
  const engine = engineOf('b', b);
  return { engine: parameters.length > 0 ? engineOf('W', parameters[0]) : engine, batch: b.shape[0] };
}

/** Whether a map has a resolvent: as it says itself, or else as its traced form shows, without running anything. */
export function hasResolvent(engine: Engine, map: LinearMap): boolean {
  if (map.hasResolvent !== undefined) return map.hasResolvent;
  const tracing = new Tracing('a look at W', engine);
  const stand = map.parameters.map(({ shape }) => tracing.input(shape));
  const traced = map.traced(stand, tracing);
  if (!hasMethod(traced, 'apply')) throw createResultError('W: traced', traced, 'what applies W: a TracedMap');
  return traced.resolvent !== undefined;
}
