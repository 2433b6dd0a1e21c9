import { elementwise, product, reduceAll } from '../tensor/kernels.ts';
import { joinEndToEnd } from '../tensor/move-kernels.ts';
import type { Context, Tensor } from '../tensor/tensor.ts';
import { PROBES, probes } from './probes.ts';

/** Number of squarings of MᵀM: the bound then exceeds ‖M‖ by a factor of at most n^(1/32), 1.16 for n = 100. */
const SQUARINGS = 3;

/**
 * An upper bound of the spectral norm ‖M‖₂, [1]. It never falls below the norm, whereas power iteration would yield a
 * lower bound.
 *
 * ‖M‖₂² = ‖MᵀM‖₂, ‖C‖₂ = ‖C²‖₂^½ for symmetric C, and ‖C‖₂ ≤ ‖C‖_F. M is divided by its largest entry, and every
 * other matrix by its Frobenius norm, so that nothing overflows or vanishes: ‖C‖₂ = c·‖(C/c)²‖₂^½ with c = ‖C‖_F.
 */
export function spectralNormBound(matrix: Tensor): Tensor {
  const [rows, columns] = matrix.shape;
  // MᵀM or MMᵀ, whichever is smaller: both have the same norm.
  const peak = reduceAll('maximumAbsolute', matrix);
  const scaled = elementwise('divide', [matrix, peak]);
  let power = product(scaled, scaled, columns <= rows ? { transposeA: true } : { transposeB: true });
  let norm = reduceAll('norm', power);
  const norms = [norm];
  for (let squaring = 0; squaring < SQUARINGS; squaring++) {
    const unit = elementwise('divide', [power, norm]);
    power = product(unit, unit, { transposeB: true });
    norm = reduceAll('norm', power);
    norms.push(norm);
  }
  const squared = norms.reduceRight((bound, c) => elementwise('multiply', [c, elementwise('sqrt', [bound])]));
  // The products round; a relative margin of a few n·ε makes up for it.
  const relative = elementwise(
    'scale',
    [elementwise('sqrt', [squared])],
    [1 + 4 * Math.max(rows, columns) * matrix.context.epsilon, 0],
  );
  // The norm of a zero matrix is 0; the division by its norm is discarded.
  return elementwise('select', [peak, elementwise('multiply', [peak, relative]), peak]);
}

/** Number of applications of MᵀM to each probe. */
const APPLICATIONS = 8;
/** The bound fails if every probe has less than about a tenth of its size along the first singular vector. */
const UNLIKELINESS = 10;

interface NormEstimate {
  /** Probably close to the norm, [1]. */
  readonly estimate: Tensor;
  /** An upper bound of the norm, with overwhelming probability, [1]. */
  readonly bound: Tensor;
}

/**
 * Estimates ‖I − W‖₂ by products with a few vectors, for backends whose cost is the arithmetic. For standard normal
 * vectors ωᵢ and any C, ‖C‖₂ ≤ 10·√(2/π)·maxᵢ‖Cωᵢ‖, except with probability 10⁻⁸ for 8 of them (Halko, Martinsson &
 * Tropp 2011, Lemma 4.1). Here C = (MᵀM)⁸ with M = I − W, and the largest ‖Cωᵢ‖ is at most √Σ‖Cωᵢ‖²; the 16th root
 * makes all factors almost 1.
 */
export function probedNorm(context: Context, W: Tensor): NormEstimate {
  const [n] = W.shape;
  const { estimate, margin } = estimateNorm([probes(context, n)], ([rows]) => {
    const forth = product(rows, W, { transposeB: true, prior: rows, residual: true }); // Mω
    return [product(forth, W, { prior: forth, residual: true })]; // MᵀMω
  });
  return { estimate, bound: elementwise('scale', [estimate], [margin * (1 + 4 * n * context.epsilon), 0]) };
}

/**
 * About ‖M‖₂, [1], by products with PROBES standard normal vectors.
 * @param vectors their numbers, in tensors of any shape
 * @param apply MᵀM
 * @returns also the factor by which the norm may exceed the estimate
 */
export function estimateNorm(
  vectors: readonly Tensor[],
  apply: (vectors: readonly Tensor[]) => readonly Tensor[],
): { readonly estimate: Tensor; readonly margin: number } {
  let rows = vectors;
  // The mean of the ‖Cωᵢ‖², as a logarithm, because it may exceed the range of the numbers.
  let logarithm = rows[0].context.constant({ kind: 'fill', value: -Math.log(PROBES) / 2 }, [1]);
  for (let application = 0; application < APPLICATIONS; application++) {
    const back = apply(rows);
    const size = normOfAll(back);
    logarithm = elementwise('add', [logarithm, elementwise('log', [size])]);
    rows = back.map((part) => elementwise('divide', [part, size]));
  }
  const root = 1 / (2 * APPLICATIONS);
  return {
    estimate: elementwise('exp', [elementwise('scale', [logarithm], [root, 0])]),
    margin: (UNLIKELINESS * Math.sqrt((2 / Math.PI) * PROBES)) ** root,
  };
}

/** The norm of the numbers of all parts, [1]. */
function normOfAll(parts: readonly Tensor[]): Tensor {
  const norms = parts.map((part) => reduceAll('norm', part));
  return norms.length === 1 ? norms[0] : reduceAll('norm', norms.reduce(joinEndToEnd));
}
