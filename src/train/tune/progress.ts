/** Progress that tuning reports while it runs. */
import { createEstimator } from '../progress.ts';
import type { Evaluated } from './evaluation.ts';
import type { PenaltyName } from './penalties.ts';

/** An evaluation of the criterion during the search. */
export interface Visit extends Evaluated {
  /** The number of the start that it belongs to, from 0. */
  readonly start: number;
}

/** Reported after each step of the search. A step evaluates the criterion once for every start that has not ended. */
export interface TuneProgress {
  /**
   * 'points': points of a grid, or points from which starts are chosen, without gradients. 'step': a step of the
   * search.
   */
  readonly kind: 'points' | 'step';
  /** The penalty being tuned. Before one λ for each feature, a single λ is tuned. */
  readonly penalty: PenaltyName;
  /** The evaluations of this step: parameters, criterion and gradient. */
  readonly visited: readonly Visit[];
  /** The number of evaluations so far, including this step. */
  readonly evaluations: number;
  /** The least criterion so far, and its parameters; undefined as long as no candidate was solved. */
  readonly best: Pick<Visit, 'parameters' | 'value'> | undefined;
  /**
   * Estimated as if one start used all evaluations that `limit` allows, though most starts end earlier. For a grid, the
   * time for its remaining points. At most the rest of the time limit. Undefined at first, where there is none.
   */
  readonly secondsLeft: number | undefined;
}

/**
 * Called with the progress of `tune`, and awaited.
 *
 * @inline
 */
export type OnTuneProgress = (progress: TuneProgress) => void | Promise<void>;

interface ProgressOptions {
  readonly penalty: PenaltyName;
  /** The largest number of batches of evaluations that the search may take. */
  readonly batches: number;
  /** The end of the search in terms of performance.now(), if it has a time limit. */
  readonly deadline: number | undefined;
  /** The number of evaluations in an earlier search. */
  readonly evaluations: number;
  readonly onProgress: OnTuneProgress | undefined;
}

/** Records all evaluations and reports them. */
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
    const allowed = deadline === undefined ? Infinity : Math.max(deadline - performance.now(), 0) / 1000;
    const most = Math.min(left ?? Infinity, allowed);
    await onProgress?.({
      kind,
      penalty,
      visited: found,
      evaluations: evaluations + this.visited.length,
      best: this.best,
      secondsLeft: most === Infinity ? undefined : most,
    });
  }
}
