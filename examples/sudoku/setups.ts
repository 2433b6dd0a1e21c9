/** What is learnt from and how, for each size of a board. */
import type { LearnOptions } from './learn.ts';
import type { PuzzleOptions } from './puzzles.ts';

/** All that a run needs besides a seed. */
export interface Setup extends Omit<PuzzleOptions, 'seed'>, Omit<LearnOptions, 'seed' | 'signal'> {
  /** The number of learnt equalities. */
  readonly rows: number;
}

/**
 * All 288 grids of 4 × 4: five sixths are learnt from, one sixth is held out. A puzzle with 4 clues or as few as it can
 * have is the hardest of its kind. 40 rows are those of the paper.
 */
export const FOUR: Setup = {
  order: 2,
  grids: [240, 48],
  clues: [
    [7, 6],
    [6, 4],
  ],
  rows: 40,
  epochs: 20,
  batch: 16,
  rate: 0.03,
};
