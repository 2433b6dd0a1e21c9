/** What a run has told so far, as the charts take it. */
import type { EpochProgress, StepProgress } from '../../src/index.ts';

export interface StepRow {
  readonly loss: number;
  /** Absent of steps that a checkpoint tells of. */
  readonly forward: number | null;
  readonly backward: number | null;
}

export class RunHistory {
  steps: StepRow[] = [];
  epochs: EpochProgress[] = [];
  /** Samples per second, as a mean in which older steps count less and less. */
  speed: number | undefined;

  addStep({ loss, iterationsForward, iterationsBackward, samples, seconds }: StepProgress): void {
    this.steps.push({ loss, forward: iterationsForward, backward: iterationsBackward });
    if (!(seconds > 0)) return;
    const now = samples / seconds;
    this.speed = this.speed === undefined ? now : 0.9 * this.speed + 0.1 * now;
  }

  /** As a checkpoint tells it. */
  restore(losses: ArrayLike<number>, epochs: readonly EpochProgress[]): void {
    this.steps = Array.from(losses, (loss) => ({ loss, forward: null, backward: null }));
    this.epochs = [...epochs];
    this.speed = undefined;
  }

  /** Forgets what came after: training goes on from there. */
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

/** At most so many points, each the mean of as many steps: more than a screen can show. */
export function computeCurves(steps: readonly StepRow[], most = 600): Curves {
  const each = Math.max(1, Math.ceil(steps.length / most));
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
