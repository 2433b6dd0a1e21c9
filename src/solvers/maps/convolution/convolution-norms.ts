/** How large I − W is for a convolution. */
import { elementwise, reduceAll, reduceAxes } from '../../../tensor/kernels.ts';
import { gatherAlong, takePart } from '../../../tensor/move-kernels.ts';
import type { LoopContext, Tensor } from '../../../tensor/tensor.ts';
import type { NormBounds } from '../../linear-map.ts';
import { estimateNorm } from '../../norm.ts';
import { PROBES, probes } from '../../probes.ts';
import { type Complex, combineBlocks, multiplySpectrum } from './blocks.ts';

/** W and its parts at all frequencies: I − W = mI + symmetric − skew. */
interface Parts {
  readonly W: Complex;
  readonly symmetric: Complex;
  readonly skew: Complex;
  readonly m: Tensor;
}

/** The estimate looks at this many frequencies. W(f) hardly changes from one to the next. */
const SAMPLED = 24;

/**
 * ‖I − W‖₂ ≤ m + max_f ‖symmetric(f)‖_F + max_f ‖skew(f)‖_F, and an estimate from a few frequencies, which is closer:
 * the Frobenius norms of c × c matrices may exceed their spectral norms by up to √c.
 */
export function convolutionNorms(tracing: LoopContext, { W, symmetric, skew, m }: Parts): NormBounds {
  const sum = [largestFrobenius(symmetric), largestFrobenius(skew)].reduce((a, b) => elementwise('add', [a, b]), m);
  const [, channels] = W.re.shape;
  // The sums round; a relative margin makes up for it.
  const bound = elementwise('scale', [sum], [1 + 8 * channels * tracing.epsilon, 0]);
  return { bound, estimate: elementwise('minimum', [bound, estimate(tracing, W)]) };
}

/** max_f ‖X(f)‖_F, [1]. */
function largestFrobenius({ re, im }: Complex): Tensor {
  const [a, b] = [re, im].map((part) => elementwise('square', [reduceAxes('norm', [part], 1, 3)]));
  return elementwise('sqrt', [reduceAll('maximum', elementwise('add', [a, b]))]);
}

function estimate(tracing: LoopContext, { re, im }: Complex): Tensor {
  const [count, channels] = re.shape;
  const taken = Math.min(count, SAMPLED);
  const places = Array.from({ length: taken }, (_, index) => Math.floor((index * count) / taken));
  const indices = tracing.constant({ kind: 'values', values: places }, [taken]);
  const pick = (part: Tensor): Tensor => gatherAlong(part, 0, taken, { indices });
  const W = { re: pick(re), im: pick(im) };
  const numbers = probes(tracing, taken * channels);
  const half = (PROBES / 2) * taken * channels;
  const part = (offset: number): Tensor =>
    takePart(numbers.context.alias(numbers, [numbers.size]), offset, [taken, PROBES / 2, channels]);
  const missed = (x: Complex, adjoint: boolean): Complex =>
    combineBlocks('subtract', x, multiplySpectrum(x, W, adjoint)); // (I − W)x
  return estimateNorm([part(0), part(half)], ([re, im]) => {
    const image = missed(missed({ re, im }, false), true);
    return [image.re, image.im];
  }).estimate;
}
