/** The calls from the page to the worker in which the layer learns and answers. */
import type { Answer } from '../../examples/sudoku/answers.ts';
import type { Board, Puzzle } from '../../examples/sudoku/boards.ts';
import type { Epoch } from '../../examples/sudoku/learn.ts';
import type { Call } from '../workers/calls.ts';

/** What is known after an epoch, with the answers to the puzzles that are shown. */
export interface LearnedEpoch extends Epoch {
  readonly epochs: number;
  readonly answers: readonly Answer[];
}

export interface TimedAnswer extends Answer {
  readonly milliseconds: number;
}

export interface SudokuCalls {
  /** Puzzles that are held out, to be shown, with the answers of the layer as it is. */
  readonly puzzles: Call<undefined, { readonly puzzles: readonly Puzzle[]; readonly answers: readonly Answer[] }>;
  /** Learns from scratch. The seed is that of the first numbers. */
  readonly learn: Call<{ readonly seed: number }, undefined, LearnedEpoch>;
  /** Completes clues. While the layer learns the answer comes between two epochs. */
  readonly answer: Call<Board, TimedAnswer>;
}
