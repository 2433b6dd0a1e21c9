/**
 * The monotone convolution of Winston & Kolter (2020, section 4) on images whose indices are taken modulo the torus:
 *   W = (1 − m)I − γÂᵀÂ + η(B̂ − B̂ᵀ),  Â = A/‖A‖_F,  B̂ = B/‖B‖_F,  γ = softplus(g).
 * For each frequency f it is one small complex matrix, W(f) = (1 − m)I − γÂ(f)ᴴÂ(f) + η(B̂(f) − B̂(f)ᴴ), and so is its
 * resolvent. I − (W + Wᵀ)/2 = mI + γÂᵀÂ ⪰ m·I for every g; with γ itself as the parameter, a negative one would break it.
 */
import { elementwise } from '../../../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../../../tensor/tensor.ts';
import type { LinearMap, Margin, TracedMap } from '../../linear-map.ts';
import {
  addIdentity,
  type Complex,
  combineBlocks,
  gram,
  multiplyBlocks,
  plusAdjoint,
  symmetricProduct,
} from './blocks.ts';
import { convolutionNorms } from './convolution-norms.ts';
import { fourierOn } from './fourier.ts';
import { autocorrelation, correlateTaps, hasFewTaps, middleTaps, withAdjoint } from './kernel-correlations.ts';
import { innerProduct, normalise } from './normalised-kernel.ts';
import { resolventBlocks } from './resolvent-blocks.ts';
import type { Torus } from './torus.ts';

/** The tensors that W consists of. */
export interface ConvolutionParameters {
  /** Kernels [output][input][row][column], [c, c, k, k] with k odd, not all 0. */
  readonly A: Tensor;
  readonly B: Tensor;
  /** [1] each. */
  readonly g: Tensor;
  /** η */
  readonly h: Tensor;
  /** Where m is a parameter too. Default: it is the number that the margin has. */
  readonly m?: Tensor;
}

/** @param margin of the m that the parameters hold */
export function convolutionMap({ A, B, g, h, m }: ConvolutionParameters, torus: Torus, margin: Margin): LinearMap {
  const [channels, , size] = A.shape;
  const { rows, columns } = torus;
  return {
    key: ['convolution', channels, size, rows, columns, m ? 'm' : margin.value].join(' '),
    n: channels * rows * columns,
    parameters: m ? [A, B, g, h, m] : [A, B, g, h],
    margin,
    hasResolvent: true,
    resolventOrder: channels,
    traced: (given, tracing) => {
      const number = m ? given[4] : tracing.constant({ kind: 'fill', value: margin.value }, [1]);
      return tracedConvolution([...given.slice(0, 4), number], tracing, torus, given.length);
    },
  };
}

/** @param needed for how many of the numbers gradients are wanted */
function tracedConvolution(numbers: readonly Tensor[], tracing: LoopContext, torus: Torus, needed: number): TracedMap {
  const [A, B, g, h, m] = numbers;
  const fourier = fourierOn(tracing, torus);
  const channels = A.shape[0];
  const [a, b] = [normalise(A), normalise(B)];
  const gamma = elementwise('softplus', [g]);
  const gammaRoot = elementwise('sqrt', [gamma]);
  const byTaps = hasFewTaps(A.shape[2], torus);
  const root = times(a.unit, gammaRoot);
  const symmetric = byTaps ? fourier.ofKernel(autocorrelation(tracing, root)) : gram(fourier.ofKernel(root)); // γÂᴴÂ
  const skewOf = (kernel: Tensor): Complex => fourier.ofKernel(withAdjoint('subtract', kernel));
  const skew = skewOf(times(b.unit, h)); // η(B̂ − B̂ᴴ)
  const W = addIdentity(tracing, combineBlocks('subtract', skew, symmetric), oneMinus(m));
  const filter = (z: Tensor, blocks: Complex, transposed: boolean): Tensor =>
    fourier.inverse(fourier.multiply(fourier.forward(z, channels), blocks, transposed));
  return {
    apply: (z, { transposed }) => filter(z, W, transposed),
    norms: () => convolutionNorms(tracing, { W, symmetric, skew, m }),
    resolvent(step, options) {
      const V = resolventBlocks(tracing, W, step, options);
      return { apply: (x, { transposed }) => filter(x, V, transposed), kept: [V.re, V.im] };
    },
    cotangent(left, right) {
      const G = fourier.outerProducts(fourier.forward(left, channels), fourier.forward(right, channels));
      // For Σ leftᵀÂᵀÂ·right and Σ leftᵀ(B̂ − B̂ᵀ)right, as functions of Â and B̂: Â(Ĝ + Ĝᴴ) and Ĝ − Ĝᴴ.
      const size = A.shape[2];
      const ofG = fourier.toKernel(G, byTaps ? 2 * size - 1 : size);
      const ofSkew = withAdjoint('subtract', byTaps ? middleTaps(ofG, size) : ofG);
      const ofSymmetric = byTaps
        ? correlateTaps(tracing, a.unit, withAdjoint('add', ofG))
        : fourier.toKernel(multiplyBlocks(fourier.ofKernel(a.unit), plusAdjoint(G)), size);
      const alongA = innerProduct(ofSymmetric, a.unit);
      const alongB = innerProduct(ofSkew, b.unit);
      // ∂γ is half of the part along Â, because ÂᵀÂ is of degree 2.
      const ofGamma = elementwise('scale', [alongA], [-1 / 2, 0]);
      const gradients = [
        a.pullback(ofSymmetric, alongA, elementwise('negate', [gamma])),
        b.pullback(ofSkew, alongB, h),
        elementwise('multiply', [ofGamma, elementwise('sigmoid', [g])]),
        alongB,
        elementwise('negate', [innerProduct(left, right)]),
      ];
      return gradients.slice(0, needed).map((each, index) => each.context.alias(each, numbers[index].shape));
    },
    tangent([dA, dB, dg, dh, dm], z) {
      const dGamma = dg && elementwise('multiply', [dg, elementwise('sigmoid', [g])]);
      // γÂᴴÂ changes by ÂᴴE + EᴴÂ with E = γ·dÂ + ½dγ·Â.
      const E = sum(
        dA && times(a.pushforward(dA), gamma),
        dGamma && times(a.unit, elementwise('scale', [dGamma], [0.5, 0])),
      );
      const S = sum(dB && times(b.pushforward(dB), h), dh && times(b.unit, dh));
      const terms = [
        S && skewOf(S),
        E && negated(symmetricProduct(fourier.ofKernel(a.unit), fourier.ofKernel(E))),
      ].filter((term) => term !== undefined);
      const blocks = terms.length > 0 ? terms.reduce((x, y) => combineBlocks('add', x, y)) : undefined;
      const moved = blocks && filter(z, blocks, false);
      const shrunk = dm && elementwise('multiply', [z, elementwise('negate', [dm])]);
      const change = sum(moved, shrunk);
      if (!change) throw new Error('convolution: the tangent of a parameter must be given');
      return change;
    },
  };
}

const times = (x: Tensor, factor: Tensor): Tensor => elementwise('multiply', [x, factor]);
const oneMinus = (x: Tensor): Tensor => elementwise('scale', [x], [-1, 1]);
const negated = ({ re, im }: Complex): Complex => ({
  re: elementwise('negate', [re]),
  im: elementwise('negate', [im]),
});

function sum(x: Tensor | undefined, y: Tensor | undefined): Tensor | undefined {
  return x && y ? elementwise('add', [x, y]) : (x ?? y);
}
