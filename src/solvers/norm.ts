import { elementwise, product, reduceAll } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Squarings of MᵀM: the bound then exceeds ‖M‖ by a factor of at most n^(1/32), 1.16 for n = 100. */
const SQUARINGS = 3;

/**
 * An upper bound of the spectral norm ‖M‖₂ that never falls below it (power iteration would give a lower bound), [1].
 *
 * ‖M‖₂² = ‖MᵀM‖₂, ‖C‖₂ = ‖C²‖₂^½ for symmetric C, and ‖C‖₂ ≤ ‖C‖_F. With every matrix divided by its Frobenius norm,
 * so that nothing overflows: ‖C‖₂ = c·‖(C/c)²‖₂^½ with c = ‖C‖_F.
 */
export function spectralNormBound(matrix: Tensor): Tensor {
  const [rows, columns] = matrix.shape;
  // MᵀM or MMᵀ, whichever is smaller: they have the same norm.
  let power = product(matrix, matrix, columns <= rows ? { transposeA: true } : { transposeB: true });
  let norm = reduceAll('norm', power);
  const norms = [norm];
  for (let squaring = 0; squaring < SQUARINGS; squaring++) {
    const unit = elementwise('divide', [power, norm]);
    power = product(unit, unit, { transposeB: true });
    norm = reduceAll('norm', power);
    norms.push(norm);
  }
  const squared = norms.reduceRight((bound, c) => elementwise('multiply', [c, elementwise('sqrt', [bound])]));
  // The products round; a relative margin of a few n·ε keeps the bound a bound.
  return elementwise(
    'scale',
    [elementwise('sqrt', [squared])],
    [1 + 4 * Math.max(rows, columns) * matrix.context.epsilon, 0],
  );
}
