/** Says in words what an answer is worth. The page knows the rules; the layer was never told them. */
import { type Board, clashingCells, completions, solves } from '../../examples/sudoku/boards.ts';

/** The cells of an answer that are wrong in themselves: they clash, or do not keep their clue. */
export function faultsOf(clues: Board, answer: Board, order: number): ReadonlySet<number> {
  const lost = clues.flatMap((clue, cell) => (clue > 0 && clue !== answer[cell] ? [cell] : []));
  return new Set([...clashingCells(answer, order), ...lost]);
}

export function describeAnswer(clues: Board, answer: Board, order: number): string {
  const boards = completions(clues, order, { most: 2 }).length;
  const isRight = solves(answer, clues, order);
  const faults = describeFaults(clues, answer, order);
  if (boards === 0) {
    return `No board has these clues: they contradict each other. The layer answers all the same, and its answer is wrong: ${faults}.`;
  }
  if (boards === 1) {
    return isRight
      ? 'One board has these clues, and the layer found it.'
      : `One board has these clues, and the layer did not find it: ${faults}.`;
  }
  return isRight
    ? 'Several boards have these clues. The answer of the layer is one of them.'
    : `Several boards have these clues, and the answer of the layer is none of them: ${faults}.`;
}

function describeFaults(clues: Board, answer: Board, order: number): string {
  const clashing = clashingCells(answer, order).length;
  const lost = clues.filter((clue, cell) => clue > 0 && clue !== answer[cell]).length;
  const clash = clashing > 0 && `${clashing} cells clash`;
  const clue = lost > 0 && (lost === 1 ? 'one clue is not kept' : `${lost} clues are not kept`);
  return [clash, clue].filter(Boolean).join(', ');
}

/** How many of the empty cells of a puzzle with one solution an answer has right. */
export function describeRight(clues: Board, answer: Board, solution: Board): string {
  const empty = clues.flatMap((clue, cell) => (clue > 0 ? [] : [cell]));
  const right = empty.filter((cell) => answer[cell] === solution[cell]).length;
  return `${right} of ${empty.length}`;
}
