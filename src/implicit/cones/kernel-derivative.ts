/** The adjoint systems of a batch of cone programs, by the kernel `coneDerivative` of WebAssembly. */
import { CONE_DERIVATIVE_NUMBERS } from '../../backends/cone-program-kernels.ts';
import { coneDerivative, keyOfBlocks } from '../../solvers/cones/kernels.ts';
import { wordsOf } from '../../solvers/programs/kernels.ts';
import { decodeWide } from '../../solvers/programs/wide.ts';
import type { Engine } from '../../tensor/engine.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Operands } from '../programs/operands.ts';
import type { AdjointRow } from '../programs/tensor-derivative.ts';
import type { ConePivots } from './clear-certificate.ts';
import type { ConeBatch, ConeDatumName } from './data.ts';

/** A larger residual is left to the host, which refines further. */
const SOLVED = 1e-9;

/** w_u, w_v and the residual of one program, and what the factorisations show. */
export interface KernelAdjoint extends Pick<AdjointRow, 'wu' | 'wv' | 'residual'> {
  readonly pivots: ConePivots;
}

/**
 * Solves the systems of programs that the kernel solved and that are far from kinks.
 * @param point what the kernel left on the device
 * @returns what it found for each program, which arrives later; undefined where it found nothing
 */
export function solveAdjointByKernel(
  engine: Engine,
  { n, m, batch, blocks }: ConeBatch,
  { P, A }: Operands<ConeDatumName>,
  point: Tensor,
  cotangent: Tensor,
): Promise<readonly (KernelAdjoint | undefined)[]> {
  const wide = [P, A].map((operand) => 'words' in operand);
  const [found] = engine.run(
    `cone adjoint ${JSON.stringify([wide, batch, keyOfBlocks(blocks)])}`,
    [wordsOf(P), wordsOf(A), point, cotangent],
    ([p, a, words, right]) => {
      const data = { P: wide[0] ? { words: p } : p, A: wide[1] ? { words: a } : a };
      return [coneDerivative(data, { batch, n, m, blocks, point: { words }, cotangent: right }).words];
    },
  );
  const reading = engine.downloadNow(found);
  found.dispose();
  return reading.then((words) => {
    const numbers = decodeWide(words as Float32Array);
    const length = n + m + CONE_DERIVATIVE_NUMBERS.length;
    return Array.from({ length: batch }, (_, index) => {
      const start = index * length;
      const [status, residual, primal, rows, fraction, reach] = numbers.subarray(start + n + m, start + length);
      if (status !== 0 || !(residual <= SOLVED)) return undefined;
      return {
        wu: numbers.slice(start, start + n),
        wv: numbers.slice(start + n, start + n + m),
        residual,
        pivots: { primal, rows, fraction, reach },
      };
    });
  });
}
