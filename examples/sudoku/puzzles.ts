/** Puzzles to learn from and to be judged by, and boards as rows of numbers. */
import { random } from '../../src/data/random.ts';
import { type Board, drawGrids, drawPuzzle, type Puzzle } from './boards.ts';

/** What is learnt from, and what is held out. */
export interface Puzzles {
  readonly training: readonly Puzzle[];
  readonly heldOut: readonly Puzzle[];
}

/** How puzzles are drawn. */
export interface PuzzleOptions {
  readonly order: number;
  /** The number of solution grids to learn from, and of those that are held out. */
  readonly grids: readonly [training: number, heldOut: number];
  /** Each grid becomes a puzzle for each number of this list, with that many clues. */
  readonly clues: readonly [training: readonly number[], heldOut: readonly number[]];
  readonly seed: number;
}

/** Draws puzzles. No grid is the solution of both a training puzzle and a puzzle that is held out. */
export function drawPuzzles({ order, grids, clues, seed }: PuzzleOptions): Puzzles {
  const draws = random(seed);
  const all = drawGrids(order, grids[0] + grids[1], draws);
  const [training, heldOut] = [all.slice(0, grids[0]), all.slice(grids[0])].map((part, index) =>
    clues[index].flatMap((count) => part.map((grid) => drawPuzzle(grid, order, count, draws))),
  );
  return { training, heldOut };
}

/** The width of a one-hot row: cells × numbers. */
export const widthOf = (order: number): number => order ** 6;

/** One-hot rows: for each cell one number for each of 1 to order², 1 at that of the cell and 0 elsewhere. */
export function encode(boards: readonly Board[], order: number): Float32Array {
  const side = order ** 2;
  const width = widthOf(order);
  const rows = new Float32Array(boards.length * width);
  for (const [index, board] of boards.entries()) {
    for (const [cell, number] of board.entries()) {
      if (number > 0) rows[index * width + cell * side + number - 1] = 1;
    }
  }
  return rows;
}
