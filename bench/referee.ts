/** Leads the repetitions of a measurement, and repeats those during which others kept the computer busy. */
import { LOAD_WINDOW, LOADED_SHARE, type LoadWatch, MAXIMUM_TRIES } from './load.ts';

/** What happens to a round with foreign load: it is forgotten, or it counts and is marked. */
export type Verdict = 'forget' | 'mark';

/** May run in another process. */
export interface Rounds {
  /** Warms all contestants up. */
  begin(): Promise<void>;
  /** One repetition by all contestants whose time is not up. @returns whether any are left */
  round(repetition: number): Promise<boolean>;
  /** Judges the last round. A round without a verdict counts. */
  judge(verdict: Verdict): Promise<void>;
}

/**
 * @param repetitions a number from 1
 * @param wait takes milliseconds
 * @param spares the most repetitions that replace loaded ones
 */
export async function refereeRounds(
  rounds: Rounds,
  repetitions: number,
  watch: Pick<LoadWatch, 'share'>,
  wait: (milliseconds: number) => Promise<void> = pause,
  spares = repetitions,
): Promise<void> {
  let spare = spares;
  await rounds.begin();
  watch.share(); // discards the load during the warm-up
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    for (let tried = 1; ; tried++) {
      if (!(await rounds.round(repetition))) return;
      const share = watch.share();
      if (share === undefined || share <= LOADED_SHARE) break;
      if (tried === MAXIMUM_TRIES || spare === 0) {
        await rounds.judge('mark');
        break;
      }
      spare--;
      await rounds.judge('forget');
      // Waits, so that the next share does not include the time before.
      await wait(LOAD_WINDOW);
      watch.share();
    }
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
