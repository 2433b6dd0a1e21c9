/** Spectral normalisation of a weight matrix. */
import { createNumberCheck } from '../../arguments/check.ts';
import { readOptions } from '../../arguments/options.ts';
import type { CustomOperation } from '../../autodiff/custom.ts';
import { engineOf } from '../../tensor/engine-of.ts';
import { elementwise, product, reduceAll } from '../../tensor/kernels.ts';
import { recordOperation } from '../../tensor/operations.ts';
import { formatShape } from '../../tensor/shape.ts';
import { type LoopContext, TENSOR, type Tensor } from '../../tensor/tensor.ts';
import { Temporaries } from '../projections/threshold.ts';

/** Options of `spectralNormalisation`. */
export interface SpectralNormalisationOptions {
  /** The bound of ‖W‖₂, from 1e-30 to 1e30. Default 1. */
  bound?: number;
  /** Steps of the power iteration, from 1 to 1000. Default 15. */
  iterations?: number;
}

const BOUND = /* @__PURE__ */ createNumberCheck('a number from 1e-30 to 1e30', (x) => x >= 1e-30 && x <= 1e30);
const ITERATIONS = /* @__PURE__ */ createNumberCheck(
  'an integer from 1 to 1000',
  (x) => Number.isInteger(x) && x >= 1 && x <= 1000,
);

/** Keeps 0/0 from being NaN. */
const TINY = 1e-30;

/**
 * W·min(1, bound/σ), where σ is near ‖W‖₂ (Miyato et al., "Spectral Normalization for Generative Adversarial Networks",
 * 2018; unlike theirs it leaves a W alone that is within the bound). The gradient counts how σ depends on W: dσ = uᵀ dW v with the singular
 * vectors u, v.
 *
 * The power iteration starts from the same vector each time, and gives σ from below: after it ‖W‖₂ may exceed the bound
 * slightly, so that nothing is certified by it. `contractiveMatrix` bounds another norm for certain.
 *
 * Call it outside of the function that is solved, since it does not change from iteration to iteration.
 * @param W [n, k]
 * @throws RangeError where the shape or an option is wrong
 */
export function spectralNormalisation(W: Tensor, given?: SpectralNormalisationOptions): Tensor {
  const { bound = 1, iterations = 15 } = readOptions('spectralNormalisation', given, {
    bound: BOUND,
    iterations: ITERATIONS,
  });
  TENSOR('spectralNormalisation: W', W);
  if (W.shape.length !== 2) {
    throw new RangeError(`spectralNormalisation: W has the shape ${formatShape(W.shape)}; it must be [n, k]`);
  }
  const temporaries = new Temporaries();
  const made = (tensor: Tensor): Tensor => temporaries.keep(tensor);
  const share = made(made(spectralNorm(W, iterations)).div(bound));
  const result = W.div(made(share.maximum(made(W.context.upload([1], [1], W)))));
  temporaries.free();
  return result;
}

/** σ, [1], with its gradient G·uvᵀ. */
function spectralNorm(W: Tensor, iterations: number): Tensor {
  const engine = engineOf('spectralNormalisation: W', W);
  const [sigma] = engine.run(`spectral norm, ${iterations}`, [W], ([w], context) => [
    elementwise('copy', [iterate(w, context, iterations).size]),
  ]);
  const pullback = (cotangent: Tensor): Tensor[] =>
    engine.run(`spectral norm, backward, ${iterations}`, [W, cotangent], ([w, g], context) => {
      const { u, v } = iterate(w, context, iterations);
      return [elementwise('multiply', [product(u, v, { transposeA: true }), g])];
    });
  const pushforward = ([tangent]: readonly (Tensor | undefined)[]): Tensor => {
    const [change] = engine.run(`spectral norm, tangent, ${iterations}`, [W, tangent as Tensor], ([w, dw], context) => {
      const { u, v } = iterate(w, context, iterations);
      return [elementwise('copy', [product(product(u, dw), v, { transposeB: true }).reshape([1])])];
    });
    return change;
  };
  const operation: CustomOperation = { name: 'spectralNormalisation', pullback, pushforward };
  return recordOperation('custom', [W], sigma, operation);
}

/** The power iteration: unit vectors u, [1, n], and v, [1, k], and σ = ‖Wv‖, [1]. */
function iterate(w: Tensor, context: LoopContext, iterations: number): { u: Tensor; v: Tensor; size: Tensor } {
  const [, k] = w.shape;
  let { unit: v } = normalised(context.constant({ kind: 'values', values: startOf(k) }, [1, k]));
  let { unit: u, size } = normalised(product(v, w, { transposeB: true }));
  for (let step = 1; step < iterations; step++) {
    ({ unit: v } = normalised(product(u, w)));
    ({ unit: u, size } = normalised(product(v, w, { transposeB: true })));
  }
  return { u, v, size };
}

function normalised(x: Tensor): { unit: Tensor; size: Tensor } {
  const size = reduceAll('norm', x);
  return { unit: elementwise('divide', [x, elementwise('scale', [size], [1, TINY])]), size };
}

/** Numbers of both signs that no structure of a matrix follows, the same on every backend. */
function startOf(length: number): number[] {
  return Array.from({ length }, (_, index) => Math.fround(Math.sin(1 + 7.31 * index * index + 0.37 * index)));
}
