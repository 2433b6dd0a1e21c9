/** The history of a run, in the form that the charts need. */
import type { EpochProgress, StepCourse, TaskName } from '../../src/index.ts';

interface StepRow {
  readonly loss: number;
  /** Mean iterations; null for steps from a checkpoint, which does not contain them. */
  readonly forward: number | null;
  readonly backward: number | null;
}

/** The speed is that of the steps which took these seconds last. */
const SECONDS_OF_SPEED = 2;

export class RunHistory {
  steps: StepRow[] = [];
  epochs: EpochProgress<TaskName>[] = [];
  /** The steps from which the speed is computed, with their sums. */
  #recent: Pick<StepCourse, 'samples' | 'seconds'>[] = [];
  #sums = { samples: 0, seconds: 0 };
  #isInterrupted = false;

  addStep({ loss, iterationsForward, iterationsBackward, samples, seconds }: StepCourse): void {
    this.steps.push({ loss, forward: iterationsForward, backward: iterationsBackward });
    if (this.#isInterrupted) this.#isInterrupted = false;
    else this.#addToSpeed(samples, seconds);
  }

  /** The samples of the last steps divided by their seconds. Steps are read back in pairs, so one alone says little. */
  get speed(): number | undefined {
    const { samples, seconds } = this.#sums;
    return seconds > 0 ? samples / seconds : undefined;
  }

  /** Leaves the next step out of the speed, since its seconds contain a pause. */
  interrupt(): void {
    this.#isInterrupted = true;
  }

  #addToSpeed(samples: number, seconds: number): void {
    const [recent, sums] = [this.#recent, this.#sums];
    recent.push({ samples, seconds });
    sums.samples += samples;
    sums.seconds += seconds;
    while (recent.length > 1 && sums.seconds - recent[0].seconds >= SECONDS_OF_SPEED) {
      sums.samples -= recent[0].samples;
      sums.seconds -= recent[0].seconds;
      recent.shift();
    }
  }

  /** Restores the history from a checkpoint. */
  restore(losses: ArrayLike<number>, epochs: readonly EpochProgress<TaskName>[]): void {
    this.steps = Array.from(losses, (loss) => ({ loss, forward: null, backward: null }));
    this.epochs = [...epochs];
    this.#recent = [];
    this.#sums = { samples: 0, seconds: 0 };
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
