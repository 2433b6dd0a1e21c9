/** Leads the repetitions of what is measured, and has those repeated during which others kept the computer busy. */
import { LOAD_WINDOW, LOADED_SHARE, type LoadWatch, MOST_TRIES } from './load.ts';

/** What becomes of a round during which there was foreign load: forgotten, or kept with a mark. */
export type Verdict = 'forget' | 'mark';

/** May be in another process. */
export interface Rounds {
  /** Warms all contestants up. */
  begin(): Promise<void>;
  /** One repetition of all whose time is not up. @returns whether there is anyone */
  round(repetition: number): Promise<boolean>;
  /** Of the last round. Without a verdict it counts. */
  judge(verdict: Verdict): Promise<void>;
}

/**
 * @param repetitions from 1; as many again are made at most in the place of loaded ones
 * @param wait milliseconds
 */
export async function refereed(
  rounds: Rounds,
  repetitions: number,
  watch: Pick<LoadWatch, 'share'>,
  wait: (milliseconds: number) => Promise<void> = pause,
): Promise<void> {
  let spare = repetitions;
  await rounds.begin();
  watch.share(); // what disturbed the warm-up is of no interest
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    for (let tried = 1; ; tried++) {
      if (!(await rounds.round(repetition))) return;
      const share = watch.share();
      if (share === undefined || share <= LOADED_SHARE) break;
      if (tried === MOST_TRIES || spare === 0) {
        await rounds.judge('mark');
        break;
      }
      spare--;
      await rounds.judge('forget');
      // So that the next share tells nothing of the time before.
      await wait(LOAD_WINDOW);
      watch.share();
    }
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
