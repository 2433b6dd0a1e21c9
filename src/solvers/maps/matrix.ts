/** W as a matrix [n, n]. */
import { elementwise, product } from '../../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../../tensor/tensor.ts';
import type { LinearMap, Margin, NormBounds, Resolvent, ResolventOptions, TracedMap } from '../linear-map.ts';
import { matrixInverse } from '../matrix-inverse.ts';
import { probedNorm, spectralNormBound } from '../norm.ts';

/** @param W [n, n] */
export function matrixMap(W: Tensor, margin: Margin): LinearMap {
  return {
    key: 'matrix',
    n: W.shape[0],
    parameters: [W],
    margin,
    hasResolvent: true,
    traced: ([matrix], tracing) => tracedMatrix(matrix, tracing),
  };
}

/** W inside a Program. A product with W also computes its epilogue. */
export function tracedMatrix(W: Tensor, tracing: LoopContext): TracedMap {
  // Rows are samples: Wz is z·Wᵀ.
  return {
    apply: (z, { transposed }) => product(z, W, { transposeB: !transposed }),
    applyWith: (z, { transposed }, { bias, scale, subtractedFrom }) =>
      product(z, W, {
        transposeB: !transposed,
        bias,
        scale,
        prior: subtractedFrom,
        residual: subtractedFrom !== undefined,
      }),
    norms: () => normsOf(W, tracing),
    resolvent: (step, options) => resolventOf(W, step, options, tracing),
    matrix: { values: W, transposed: false },
    cotangent: (left, right) => [product(left, right, { transposeA: true })],
    tangent: (tangents, z) => multiplyByChange(tangents, z),
    tangentWith: multiplyByChange,
  };
}

/** Ẇz + bias */
function multiplyByChange([change]: readonly (Tensor | undefined)[], z: Tensor, bias?: Tensor): Tensor {
  if (!change) throw new Error('matrix: a tangent of W must be given');
  return product(z, change, { transposeB: true, bias });
}

function normsOf(W: Tensor, tracing: LoopContext): NormBounds {
  return tracing.runsOnHost ? probedNorm(tracing, W) : { bound: spectralNormBound(differenceOf(W, tracing)) };
}

/** V = (I + α(I − W))⁻¹, [n, n]. */
function resolventOf(W: Tensor, step: Tensor, options: ResolventOptions, tracing: LoopContext): Resolvent {
  const V = options.kept?.[0] ?? computeInverse(W, step, options, tracing);
  return {
    apply: (x, { transposed }) => product(x, V, { transposeB: !transposed }),
    matrix: { values: V, transposed: false },
    kept: [V],
  };
}

function computeInverse(W: Tensor, step: Tensor, options: ResolventOptions, tracing: LoopContext): Tensor {
  const [n] = W.shape;
  const identity = tracing.constant({ kind: 'identity', order: n }, [n, n]);
  const shifted = elementwise('add', [identity, elementwise('multiply', [differenceOf(W, tracing), step])]);
  const { near, kept: _, ...rest } = options;
  return matrixInverse(tracing, shifted, { ...rest, near: near?.[0] });
}

/** I − W, [n, n]. */
function differenceOf(W: Tensor, tracing: LoopContext): Tensor {
  const [n] = W.shape;
  return elementwise('subtract', [tracing.constant({ kind: 'identity', order: n }, [n, n]), W]);
}
