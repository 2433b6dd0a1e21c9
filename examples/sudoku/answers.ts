/** Completes puzzles with what was learnt, and judges the answers. */
import type { Model } from '../../src/index.ts';
import { type Board, type Puzzle, solves } from './boards.ts';
import { encode, widthOf } from './puzzles.ts';

/** What the layer answers to a puzzle. */
export interface Answer {
  /** z: for each cell one number for each of 1 to order². */
  readonly values: Float32Array;
  /** The number of the largest value of each cell. */
  readonly board: Board;
}

export async function answer(model: Model, clues: readonly Board[], order: number): Promise<Answer[]> {
  const side = order ** 2;
  const width = widthOf(order);
  const found = await model.engine.tidy(async (scope) => {
    const input = encode(clues, order);
    return model.forward(scope.tensor(input, [clues.length, width])).data();
  });
  return clues.map((_, index) => {
    const values = Float32Array.from(found.subarray(index * width, (index + 1) * width));
    const board = Array.from({ length: order ** 4 }, (_, cell) => {
      const ofCell = values.subarray(cell * side, (cell + 1) * side);
      return ofCell.indexOf(Math.max(...ofCell)) + 1;
    });
    return { values, board };
  });
}

/** How good answers are. */
export interface Score {
  /** The share of the puzzles that are solved: no rule broken, every clue kept. */
  readonly boards: number;
  /** The share of the empty cells that got the right number. */
  readonly cells: number;
}

export async function judge(model: Model, puzzles: readonly Puzzle[], order: number): Promise<Score> {
  const answers = await answer(
    model,
    puzzles.map(({ clues }) => clues),
    order,
  );
  const solved = puzzles.filter(({ clues }, index) => solves(answers[index].board, clues, order));
  const right = puzzles.flatMap(({ clues, solution }, index) =>
    clues.flatMap((clue, cell) => (clue > 0 ? [] : [answers[index].board[cell] === solution[cell]])),
  );
  return { boards: solved.length / puzzles.length, cells: right.filter(Boolean).length / right.length };
}
