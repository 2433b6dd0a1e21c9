/** What tuning tells while it runs. */
import { createEstimator } from '../progress.ts';
import type { Evaluated } from './evaluation.ts';
import type { PenaltyName } from './penalties.ts';

/** An evaluation, and the start that it belongs to. */
export interface Visit extends Evaluated {
  readonly start: number;
}

/** Told after each step: its evaluations were made at once, one for each start that is still at work. */
export interface TuneProgress {
  /** points: those of a grid, or those from which starts are chosen, all without gradients. step: of the search. */
  readonly kind: 'points' | 'step';
  /** What the parameters are: with one λ for each feature a single λ is looked for first. */
  readonly penalty: PenaltyName;
  /** Of this step: the parameters (logarithms of penalties), the criterion there and its gradient. */
  readonly visited: readonly Visit[];
  /** So far, with those of this step. */
  readonly evaluations: number;
  /** The least criterion so far, and where; undefined as long as no candidate was solved. */
  readonly best: Pick<Visit, 'parameters' | 'value'> | undefined;
  /**
   * An estimate, as if some start took all the evaluations that `limit` allows: most end before. Of a grid what is left of it.
   * Never more than what is left of the time limit.
   */
  readonly secondsLeft: number;
}

export type OnTuneProgress = (progress: TuneProgress) => void | Promise<void>;

export interface ProgressOptions {
  readonly penalty: PenaltyName;
  /** Batches of evaluations of the search, at most. */
  readonly batches: number;
  /** By performance.now(). */
  readonly deadline: number | undefined;
  /** Of a search before this one. */
  readonly evaluations: number;
  readonly onProgress: OnTuneProgress | undefined;
}

/** Keeps what has been visited, and tells it. */
export class TuneLog {
  readonly visited: Visit[] = [];
  private best: TuneProgress['best'];
  private batches = 0;
  private readonly estimate = createEstimator();

  constructor(private readonly options: ProgressOptions) {}

  async recordBatch(kind: TuneProgress['kind'], found: readonly Visit[]): Promise<void> {
    this.visited.push(...found);
    this.batches += 1;
    for (const { parameters, value } of found) {
      if (!this.best || value < this.best.value) this.best = Number.isNaN(value) ? this.best : { parameters, value };
    }
    const { penalty, batches, deadline, evaluations, onProgress } = this.options;
    const left = this.estimate(this.batches, Math.max(batches - this.batches, 0));
    const allowed = deadline === undefined ? left : Math.max(deadline - performance.now(), 0) / 1000;
    await onProgress?.({
      kind,
      penalty,
      visited: found,
      evaluations: evaluations + this.visited.length,
      best: this.best,
      secondsLeft: Math.min(left, allowed),
    });
  }
}
