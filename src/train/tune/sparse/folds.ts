/** The parts of a criterion on the host: what each fold is fitted to, and on what it is judged. */
import { foldMasks } from '../../../data/folds.ts';
import { createProblems, readSparseNumbers } from '../../../implicit/sparse/data.ts';
import { checkSparse, type SparseData } from '../../../implicit/sparse/options.ts';
import type { SparseProblem } from '../../../solvers/sparse/problem.ts';
import type { CriterionSplit } from '../criteria.ts';

/** One fit of a criterion. */
export interface Fold {
  /** The problem for λ = 1: its thresholds are the weights of groups. */
  readonly problem: SparseProblem;
  /** Penalties are multiplied by the share of the rows that the fold is fitted to, for losses are sums. */
  readonly share: number;
  /** The rows on which it is judged, with weights that add up to its part of the criterion. */
  readonly judged: SparseProblem;
  /** Whether these are among the rows of the problem, whose margins are known. */
  readonly isInside: boolean;
}

/** The folds of a criterion, and the problem of all rows, for λ = 1. */
export interface Folds {
  readonly whole: SparseProblem;
  readonly folds: readonly Fold[];
}

/** @throws RangeError where the data do not fit each other */
export async function createFolds(what: string, data: SparseData, split: CriterionSplit): Promise<Folds> {
  const whole = await readProblem(what, data);
  if (split.kind === 'held-out') {
    const { X, y, rowWeights } = split.rows;
    if (X.shape[1] !== data.X.shape[1]) {
      throw new RangeError(
        `criterion: its X has ${X.shape[1]} features; X has ${data.X.shape[1]}, so it must have as many`,
      );
    }
    const judged = await ofCriterion(() => readProblem(what, { ...data, X, y, rowWeights }));
    return { whole, folds: [{ problem: whole, share: 1, judged: withTotal(judged, 1), isInside: false }] };
  }
  const { folds, seed } = split;
  const { rows } = whole;
  const { heldOut } = foldMasks(rows, { folds, seed });
  return {
    whole,
    folds: Array.from({ length: folds }, (_, fold): Fold => {
      const isOut = (row: number): boolean => heldOut[fold * rows + row] > 0;
      const inside = whole.rowWeights.map((weight, row) => (isOut(row) ? 0 : weight));
      const outside = whole.rowWeights.map((weight, row) => (isOut(row) ? weight : 0));
      const count = heldOut.subarray(fold * rows, (fold + 1) * rows).reduce((sum, one) => sum + one, 0);
      return {
        problem: { ...whole, rowWeights: inside },
        share: 1 - count / rows,
        judged: withTotal({ ...whole, rowWeights: outside }, 1 / folds),
        isInside: true,
      };
    }),
  };
}

/** Says of what is wrong with judged rows that they are those of the criterion. */
export async function ofCriterion<Read>(read: () => Promise<Read>): Promise<Read> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RangeError(`criterion: ${error.message}`, { cause: error });
  }
}

async function readProblem(what: string, data: SparseData): Promise<SparseProblem> {
  const checked = checkSparse(what, { ...data, logLambda: 0 });
  const numbers = await checked.engine.trackRead(readSparseNumbers(checked));
  return createProblems(checked, numbers)[0];
}

/** The problem with weights of rows that add up to a total, unless all are 0. */
function withTotal(problem: SparseProblem, total: number): SparseProblem {
  const sum = problem.rowWeights.reduce((a, b) => a + b, 0);
  return { ...problem, rowWeights: problem.rowWeights.map((weight) => (sum > 0 ? (weight * total) / sum : 0)) };
}
