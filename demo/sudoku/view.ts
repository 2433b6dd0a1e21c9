/** The view in which a layer learns Sudoku, and then plays. */
import type { Answer } from '../../examples/sudoku/answers.ts';
import type { Puzzle } from '../../examples/sudoku/boards.ts';
import { formatPercent } from '../../src/pictures/markup.ts';
import { drawPlot } from '../../src/pictures/plot.ts';
import {
  allowPress,
  findButton,
  findElement,
  findField,
  isAbort,
  onPress,
  readMessage,
  setText,
} from '../page/elements.ts';
import { keepFields } from '../page/keep-fields.ts';
import { createCaller } from '../workers/calls.ts';
import { createPicture, readAloud, sharesOf } from './board-view.ts';
import { startGame } from './game.ts';
import type { LearnedEpoch, SudokuCalls } from './protocol.ts';
import { describeRight, faultsOf } from './verdict.ts';

const ORDER = 2;
const SIDE = ORDER ** 2;

export function startSudoku(): void {
  const worker = new Worker(new URL('./sudoku-worker.js', import.meta.url), { type: 'module', name: 'sudoku' });
  const ask = createCaller<SudokuCalls>(worker);
  const draw = createPicture(findElement('sudoku-held-out', HTMLElement), SIDE);
  let puzzles: readonly Puzzle[] = [];
  let answers: readonly Answer[] = [];
  let epochs: LearnedEpoch[] = [];
  let shown = 0;
  let learning: AbortController | undefined;
  let seed = 0;

  const show = (): void => {
    const [puzzle, found] = [puzzles[shown], answers[shown]];
    if (!puzzle || !found) return;
    const faults = faultsOf(puzzle.clues, found.board, ORDER);
    const contents = found.board.map((number, cell) => ({
      number,
      kind: puzzle.clues[cell] > 0 ? ('clue' as const) : ('answer' as const),
      shares: sharesOf(found.values, cell, SIDE),
      isWrong: faults.has(cell),
    }));
    draw(contents, `The answer of the layer, row by row: ${readAloud(found.board, SIDE)}`);
    const right = describeRight(puzzle.clues, found.board, puzzle.solution);
    setText('sudoku-held-out-text', `Board ${shown + 1} of ${puzzles.length}: ${right} empty cells are right.`);
  };
  const tell = (epoch: LearnedEpoch): void => {
    epochs.push(epoch);
    answers = epoch.answers;
    show();
    findElement('sudoku-progress', HTMLProgressElement).value = epoch.epoch / epoch.epochs;
    setText('sudoku-figure-epoch', `${epoch.epoch} of ${epoch.epochs}`);
    setText('sudoku-figure-loss', epoch.loss.toFixed(5));
    setText('sudoku-figure-boards', formatPercent(epoch.heldOut.boards));
    setText('sudoku-figure-cells', formatPercent(epoch.heldOut.cells));
    findElement('sudoku-chart', HTMLElement).innerHTML = drawScores(epochs);
    game.refresh();
  };
  const learn = async (): Promise<void> => {
    learning = new AbortController();
    const { signal } = learning;
    epochs = [];
    setLearning(true);
    setText('sudoku-problem', '');
    setText('sudoku-state', 'Learning from puzzles with their solutions.');
    try {
      seed += 1;
      await ask('learn', { seed }, { onPart: tell, signal });
      setText('sudoku-state', describeEnd(epochs[epochs.length - 1]));
    } catch (error) {
      if (isAbort(error)) setText('sudoku-state', 'Stopped. The layer answers with what it has learnt so far.');
      else setText('sudoku-problem', readMessage(error));
    }
    learning = undefined;
    setLearning(false);
    game.refresh();
  };
  keepFields('sudoku', { mode: findField('sudoku-mode') }, (sentence) => setText('sudoku-problem', sentence));
  const game = startGame(ask, () => puzzles);

  onPress('sudoku-learn', () => void learn());
  onPress('sudoku-stop', () => learning?.abort());
  findButton('sudoku-next').addEventListener('click', () => {
    shown = (shown + 1) % Math.max(1, puzzles.length);
    show();
  });
  ask('puzzles', undefined).then(
    (known) => {
      ({ puzzles, answers } = known);
      show();
      game.begin();
      setText('sudoku-state', 'The layer knows no rule yet. Press Start learning.');
      setLearning(false);
    },
    (error: unknown) => setText('sudoku-problem', readMessage(error)),
  );
}

function setLearning(isOn: boolean): void {
  allowPress(findButton('sudoku-learn'), !isOn);
  allowPress(findButton('sudoku-stop'), isOn);
}

function describeEnd({ heldOut, seconds }: LearnedEpoch): string {
  const boards = heldOut.boards === 1 ? 'Every board' : `${formatPercent(heldOut.boards)} of the boards`;
  return `Learnt in ${seconds.toFixed(0)} seconds. ${boards} that the layer has never seen ${heldOut.boards === 1 ? 'is' : 'are'} solved.`;
}

function drawScores(epochs: readonly LearnedEpoch[]): string {
  const last = epochs[epochs.length - 1];
  const points = (of: 'boards' | 'cells'): (readonly [number, number])[] =>
    epochs.map(({ epoch, heldOut }) => [epoch, 100 * heldOut[of]] as const);
  return drawPlot({
    title: 'Held-out boards by epoch',
    description: `${formatPercent(last.heldOut.boards)} are solved after epoch ${last.epoch}`,
    x: { name: 'epoch', from: 1, to: last.epochs },
    y: { name: '%', from: 0, to: 100 },
    drawn: [
      { kind: 'curve', look: 'first', points: points('boards') },
      { kind: 'curve', look: 'second', points: points('cells') },
    ],
    legend: [
      { name: 'boards solved', look: 'first', kind: 'curve' },
      { name: 'empty cells right', look: 'second', kind: 'curve' },
    ],
  }).text;
}
