/** The adjoint systems of a batch of programs, by the kernel `programDerivative` of WebAssembly. */
import { DERIVATIVE_NUMBERS } from '../../backends/program-kernels.ts';
import { programDerivative, wordsOf } from '../../solvers/programs/kernels.ts';
import { decodeWide } from '../../solvers/programs/wide.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { isStrong } from './active-rows.ts';
import type { DatumName } from './data.ts';
import type { Operands } from './operands.ts';
import type { SolvedSample } from './solved-sample.ts';
import type { AdjointRow, SolvedBatch } from './tensor-derivative.ts';

/** The share of a row that tells the kernel to leave the program alone: it takes rows that are active, or not. */
const NEITHER = 0.5;
/** A larger residual is left to the host, which refines further. */
const SOLVED = 1e-9;

/**
 * Solves the systems of programs whose active rows are clear. @returns what it found for each program, which arrives
 * later; undefined where it found nothing
 */
export function solveAdjointByKernel(
  { engine, data, samples }: SolvedBatch<SolvedSample>,
  { P, A }: Operands<DatumName>,
  cotangent: Tensor,
): Promise<readonly (Pick<AdjointRow, 'wu' | 'wv' | 'residual'> | undefined)[]> {
  const { n, m, batch } = data;
  const shares = samples.then(
    (solved) => {
      const rows = new Float64Array(batch * m);
      for (const [index, sample] of solved.entries()) {
        const activity = sample.isSolved ? sample.classifyClearly() : undefined;
        if (!activity) rows.fill(NEITHER, index * m, (index + 1) * m);
        else for (const [row, state] of activity.states.entries()) rows[index * m + row] = Number(isStrong(state));
      }
      return rows;
    },
    () => new Float64Array(batch * m).fill(NEITHER),
  );
  const activity = engine.tensorLater(shares, [batch, m], cotangent);
  const words = [P, A].map(wordsOf);
  const wide = [P, A].map((operand) => 'words' in operand);
  const [solution, numbers] = engine.run(
    `program adjoint ${JSON.stringify([wide, batch])}`,
    [...words, activity, cotangent],
    ([p, a, active, right]) => {
      const data = { P: wide[0] ? { words: p } : p, A: wide[1] ? { words: a } : a };
      const found = programDerivative(data, { batch, n, m, activity: active, right, isTangent: false });
      return [found.wide.words, found.numbers];
    },
  );
  const reading = Promise.all([samples, engine.downloadNow(solution), engine.downloadNow(numbers)]);
  for (const tensor of [activity, solution, numbers]) tensor.dispose();
  return reading.then(([solved, words, numbers]) => {
    const w = decodeWide(words as Float32Array);
    return solved.map((sample, index) => {
      const numberOf = (name: (typeof DERIVATIVE_NUMBERS)[number]): number =>
        numbers[index * DERIVATIVE_NUMBERS.length + DERIVATIVE_NUMBERS.indexOf(name)];
      const residual = numberOf('residual');
      if (numberOf('status') !== 0 || !(residual <= SOLVED)) return undefined;
      sample.usePivots({ rows: numberOf('rowPivot'), primal: numberOf('primalPivot') });
      const start = index * (n + m);
      return { wu: w.slice(start, start + n), wv: w.slice(start + n, start + n + m), residual };
    });
  });
}
