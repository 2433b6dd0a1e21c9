/**
 * An estimate of how near to singular ∂F/∂z is, for systems of any size: by linear solves and products, all samples
 * together.
 */
import { random } from '../data/random.ts';
import { elementwise, reduceRows } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { estimateSmallestSingularValue, type SmallestSingularValueOptions } from './hypothesis/matrix-free.ts';
import { type LinearTask, solveWith } from './root-linear.ts';
import type { ImplicitSettings } from './root-options.ts';
import { readSummary } from './summary.ts';
import type { Solved } from './system.ts';
import { answerTogether } from './together.ts';
import { runTracedOrEagerly } from './traced-or-eager.ts';

export type EstimateOptions = SmallestSingularValueOptions;

/** The extreme singular values of one sample's matrix, estimated. */
interface SingularValueEstimate {
  /** At least σ_min, up to the tolerance of the solves. */
  readonly smallest: number;
  /**
   * Whether every linear solve converged. Where one did not, the matrix may be singular, and `smallest` says little.
   */
  readonly isSolved: boolean;
  /** At most σ_max. */
  readonly largest: number;
  /** A bound of ‖∂f/∂z‖, as in every linear solve. */
  readonly normBound: number;
}

/** The largest singular value comes from this power of BᵀB. */
const POWERS = 4;

/** Estimates the extreme singular values of each sample's matrix: of the element that the selection takes. */
export function estimateSingularValues(
  { engine, systemOf, z, inputs, uncertainty }: Solved,
  settings: ImplicitSettings,
  options: EstimateOptions,
): Promise<SingularValueEstimate[]> {
  return engine.runInArena(async (arena) => {
    const use = (tensor: Tensor): Tensor => engine.aliasIn(arena, tensor);
    const at = { engine, systemOf, z: use(z), inputs: inputs.map(use), uncertainty: uncertainty?.map(use) };
    const { batch, n } = systemOf(inputs).rows;
    const largest = await estimateLargest(at, [batch, n], options.seed ?? 0);
    /** The smallest bound of σ_min that any solve has shown. */
    const least = new Array<number>(batch).fill(Number.POSITIVE_INFINITY);
    const isSolved = new Array<boolean>(batch).fill(true);
    let normBound = Number.POSITIVE_INFINITY;

    async function answerAll(
      questions: ReadonlyMap<number, Question>,
    ): Promise<ReadonlyMap<number, Float64Array | undefined>> {
      const [{ direction }] = questions.values();
      const right = new Float64Array(batch * n);
      for (const [sample, question] of questions) right.set(question.right, sample * n);
      const { summary, tensors, marked } = solveWith(at, engine.upload(right, [batch, n], at.z), direction, settings);
      const [read, u] = await Promise.all([summary.data(), tensors[0].data()]);
      for (const tensor of [summary, ...tensors, ...marked.map(({ marks }) => marks)]) tensor.dispose();
      const rows = readSummary(read);
      normBound = rows.normBound[0];
      return new Map(
        Array.from(questions.keys(), (sample) => {
          // ‖Bu‖ ≤ ‖v‖ + ‖v − Bu‖, whatever u is.
          const bound = rows.singularValueBound[sample] * (1 + rows.residual[sample]);
          if (Number.isFinite(bound)) least[sample] = Math.min(least[sample], bound);
          isSolved[sample] &&= rows.residual[sample] <= Math.max(settings.backwardTolerance, 4 * rows.floor[sample]);
          return [sample, isSolved[sample] ? Float64Array.from(u.slice(sample * n, (sample + 1) * n)) : undefined];
        }),
      );
    }

    await answerTogether(batch, answerAll, async (sample, ask) => {
      const asking = (direction: LinearTask['direction']) => async (right: Float64Array) => {
        const answer = await ask({ direction, right });
        if (!answer) throw new UnsolvedError();
        return answer;
      };
      try {
        const estimate = await estimateSmallestSingularValue(asking('direct'), asking('transposed'), n, options);
        least[sample] = Math.min(least[sample], estimate);
      } catch (error) {
        // The matrix is too near to singular for a solve; the bounds found so far stay.
        if (!(error instanceof UnsolvedError)) throw error;
      }
    });
    return least.map((smallest, sample) => ({
      smallest,
      isSolved: isSolved[sample],
      largest: largest[sample],
      normBound,
    }));
  });
}

class UnsolvedError extends Error {}

interface Question {
  readonly direction: LinearTask['direction'];
  readonly right: Float64Array;
}

/** ‖Bw‖, [batch], for a unit vector w from the power method on BᵀB: an estimate of σ_max from below. */
async function estimateLargest(
  { engine, systemOf, z, inputs, uncertainty = [] }: Solved,
  [batch, n]: readonly [number, number],
  seed: number,
): Promise<ArrayLike<number>> {
  const draws = random(seed);
  const start = z.context.upload(
    Float64Array.from({ length: batch * n }, () => draws.normal()),
    [batch, n],
    z,
  );
  const [sizes] = runTracedOrEagerly(
    engine,
    'implicit, largest singular value',
    [z, start, ...inputs, ...uncertainty],
    ([at, w0, ...own], context) => {
      const system = systemOf(own.splice(0, inputs.length));
      const { direct, transposed } = system.linearise(context.alias(at, [batch, n]), own);
      let w = normaliseRows(w0);
      for (let power = 0; power < POWERS; power++) w = normaliseRows(transposed(direct(w)));
      return [reduceRows('norm', [direct(w)])];
    },
  );
  return sizes.data();
}

/** Keeps 0/0 from being NaN. */
const TINY = 1e-30;

function normaliseRows(x: Tensor): Tensor {
  const size = elementwise('scale', [reduceRows('norm', [x])], [1, TINY]);
  return elementwise('divide', [x, x.context.alias(size, [x.shape[0], 1])]);
}
