/** The history of a run, in the form that the charts need. */
import type { EpochProgress, StepProgress } from '../../src/index.ts';

interface StepRow {
  readonly loss: number;
  /** Mean iterations; null for steps from a checkpoint, which does not contain them. */
  readonly forward: number | null;
  readonly backward: number | null;
}

export class RunHistory {
  steps: StepRow[] = [];
  epochs: EpochProgress[] = [];
  /** Samples per second, as an exponential moving average. */
  speed: number | undefined;

  addStep({ loss, iterationsForward, iterationsBackward, samples, seconds }: StepProgress): void {
    this.steps.push({ loss, forward: iterationsForward, backward: iterationsBackward });
    if (!(seconds > 0)) return;
    const now = samples / seconds;
    this.speed = this.speed === undefined ? now : 0.9 * this.speed + 0.1 * now;
  }

  /** Restores the history from a checkpoint. */
  restore(losses: ArrayLike<number>, epochs: readonly EpochProgress[]): void {
    this.steps = Array.from(losses, (loss) => ({ loss, forward: null, backward: null }));
    this.epochs = [...epochs];
    this.speed = undefined;
  }

  /** Removes everything after this place, from which training goes on. */
  cut(steps: number, epochs: number): void {
    this.steps.length = Math.min(this.steps.length, steps);
    this.epochs.length = Math.min(this.epochs.length, epochs);
  }
}

export interface Curves {
  readonly xs: readonly number[];
  readonly loss: readonly number[];
  readonly forward: readonly (number | null)[];
  readonly backward: readonly (number | null)[];
}

/** Computes at most `limit` points, each the mean of an equal number of steps. A screen cannot show more. */
export function computeCurves(steps: readonly StepRow[], limit = 600): Curves {
  const each = Math.max(1, Math.ceil(steps.length / limit));
  const groups = Array.from({ length: Math.ceil(steps.length / each) }, (_, group) =>
    steps.slice(group * each, (group + 1) * each),
  );
  const means = (of: (row: StepRow) => number | null): (number | null)[] =>
    groups.map((group) => computeMean(group.map(of)));
  return {
    xs: groups.map((group, index) => index * each + (group.length + 1) / 2),
    loss: means(({ loss }) => loss) as number[],
    forward: means(({ forward }) => forward),
    backward: means(({ backward }) => backward),
  };
}

function computeMean(values: readonly (number | null)[]): number | null {
  const present = values.filter((value) => value !== null);
  return present.length === 0 ? null : present.reduce((sum, value) => sum + value, 0) / present.length;
}
