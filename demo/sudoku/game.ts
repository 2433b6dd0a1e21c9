/** The player's board beside that of the layer: set a puzzle for it, or solve one as it does. */
import { clashingCells, type Puzzle, solves } from '../../examples/sudoku/boards.ts';
import { findButton, findElement, findSelect, readMessage, setText } from '../page/elements.ts';
import type { Caller } from '../workers/calls.ts';
import { createGrid, createPicture, readAloud, sharesOf } from './board-view.ts';
import type { SudokuCalls, TimedAnswer } from './protocol.ts';
import { describeAnswer, describeRight, faultsOf } from './verdict.ts';

const ORDER = 2;
const SIDE = ORDER ** 2;
const EMPTY: readonly number[] = new Array<number>(SIDE ** 2).fill(0);

interface Game {
  /** Begins with the first puzzle. */
  begin(): void;
  /** Asks again, since the layer has learnt. */
  refresh(): void;
}

/** @param puzzles those that are held out */
export function startGame(ask: Caller<SudokuCalls>, puzzles: () => readonly Puzzle[]): Game {
  const drawAnswer = createPicture(findElement('sudoku-answer', HTMLElement), SIDE);
  /** What the layer is given. */
  let clues = EMPTY;
  /** Of the puzzle that is played; undefined where a puzzle is set. */
  let puzzle: Puzzle | undefined;
  /** What the player has entered while playing. */
  let own = EMPTY;
  let isRevealed = false;
  let found: TimedAnswer | undefined;
  let next = 0;
  let [isAsking, isDue] = [false, false];

  const set = (cell: number, number: number): void => {
    const change = (board: readonly number[]): number[] => board.map((old, at) => (at === cell ? number : old));
    if (puzzle) own = change(own);
    else clues = change(clues);
    if (puzzle) show();
    else refresh();
  };
  const grid = findElement('sudoku-grid', HTMLElement);
  grid.setAttribute('aria-label', 'Your board');
  grid.setAttribute('aria-describedby', 'sudoku-hint');
  const drawGrid = createGrid(grid, SIDE, set);

  const show = (): void => {
    const board = clues.map((clue, cell) => clue || own[cell]);
    const clashing = new Set(clashingCells(board, ORDER));
    drawGrid(
      board.map((number, cell) => ({
        number,
        kind: puzzle && clues[cell] > 0 ? 'clue' : 'own',
        isWrong: clashing.has(cell),
      })),
    );
    const isFull = board.every((number) => number > 0);
    const isShown = !puzzle || isRevealed || isFull;
    findButton('sudoku-reveal').hidden = isShown;
    showAnswer(isShown ? found : undefined);
    setText('sudoku-verdict', puzzle ? describePlay(puzzle, board, isShown) : describeSet());
  };
  const showAnswer = (answer: TimedAnswer | undefined): void => {
    const faults = answer ? faultsOf(clues, answer.board, ORDER) : new Set<number>();
    drawAnswer(
      clues.map((clue, cell) => ({
        number: answer ? answer.board[cell] : clue,
        kind: clue > 0 ? 'clue' : 'answer',
        shares: answer && sharesOf(answer.values, cell, SIDE),
        isWrong: faults.has(cell),
      })),
      answer ? `The layer answers, row by row: ${readAloud(answer.board, SIDE)}` : 'The answer of the layer is hidden',
    );
  };
  const describeSet = (): string => (found ? describeAnswer(clues, found.board, ORDER) : '');
  const describePlay = ({ solution }: Puzzle, board: readonly number[], isShown: boolean): string => {
    if (!isShown) return 'Fill the empty cells, each row, column and box with 1 to 4. The layer has its answer ready.';
    const you = solves(board, clues, ORDER)
      ? 'You solved it.'
      : `You have ${describeRight(clues, board, solution)} right.`;
    if (!found) return you;
    const layer = solves(found.board, clues, ORDER)
      ? 'The layer solved it'
      : `The layer has ${describeRight(clues, found.board, solution)} right`;
    return `${you} ${layer}, in ${Math.max(1, found.milliseconds).toFixed(0)} ms.`;
  };

  /** Asks for the answer to the latest clues; requests that a newer one replaces are left out. */
  const refresh = (): void => {
    isDue = true;
    show();
    if (isAsking) return;
    isAsking = true;
    void (async () => {
      while (isDue) {
        isDue = false;
        const asked = clues;
        await ask('answer', asked).then(
          (answer) => {
            if (asked !== clues) return;
            found = answer;
            show();
          },
          (error: unknown) => setText('sudoku-verdict', readMessage(error)),
        );
      }
      isAsking = false;
    })();
  };
  const begin = (): void => {
    const isPlay = findSelect('sudoku-mode').value === 'play';
    const [first] = [puzzles()[next % Math.max(1, puzzles().length)]];
    next += 1;
    puzzle = isPlay ? first : undefined;
    clues = first?.clues ?? EMPTY;
    restart();
  };
  const restart = (): void => {
    own = EMPTY;
    isRevealed = false;
    found = undefined;
    refresh();
  };

  findSelect('sudoku-mode').addEventListener('change', begin);
  findButton('sudoku-new').addEventListener('click', begin);
  findButton('sudoku-clear').addEventListener('click', () => {
    if (!puzzle) clues = EMPTY;
    restart();
  });
  findButton('sudoku-reveal').addEventListener('click', () => {
    isRevealed = true;
    show();
  });
  return { begin, refresh };
}
