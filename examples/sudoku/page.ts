/** A page about the run: how the loss fell, how many boards were solved, and answers to boards that were held out. */
import { page } from '../../src/cli/report/page.ts';
import { formatPercent, html, type Markup } from '../../src/pictures/markup.ts';
import { drawPlot, type Place, type Plot } from '../../src/pictures/plot.ts';
import type { Answer } from './answers.ts';
import { type Puzzle, solves } from './boards.ts';
import type { Epoch } from './learn.ts';
import type { Puzzles } from './puzzles.ts';

interface Results {
  readonly order: number;
  readonly epochs: readonly Epoch[];
  readonly puzzles: Puzzles;
  /** To the puzzles that were held out. */
  readonly answers: readonly Answer[];
}

/** The number of answers that are shown. */
const SHOWN = 6;

export function drawPage({ order, epochs, puzzles, answers }: Results): string {
  const { heldOut, seconds } = epochs[epochs.length - 1];
  const step = Math.max(1, Math.floor(answers.length / SHOWN));
  const shown = puzzles.heldOut.flatMap((_, index) => (index % step === 0 ? [index] : [])).slice(-SHOWN);
  return page(
    'A layer that learns Sudoku',
    html`<p>The layer is a quadratic program whose constraints are learnt. Nobody tells it a rule: it sees ${puzzles.training.length} puzzles with their solutions, and the gradient goes through the solutions of its programs. After ${seconds.toFixed(0)} seconds it solves ${formatPercent(heldOut.boards)} of ${answers.length} puzzles whose solutions it has never seen.</p>
<section class="charts">${[drawPlot(lossPlot(epochs)), drawPlot(scorePlot(epochs))]}</section>
<section class="charts">${shown.map((index) => drawBoard(puzzles.heldOut[index], answers[index], order))}</section>`,
  );
}

function lossPlot(epochs: readonly Epoch[]): Plot {
  const points = epochs.map(({ epoch, loss }): Place => [epoch, Math.log10(loss)]);
  const exponents = points.map(([, exponent]) => exponent);
  return {
    title: 'Loss',
    description: `the mean squared error falls from ${epochs[0].loss.toFixed(4)} to ${epochs[epochs.length - 1].loss.toFixed(4)}`,
    x: { name: 'epoch', from: 1, to: Math.max(epochs.length, 2) },
    y: { name: 'log₁₀ of the loss', from: Math.floor(Math.min(...exponents)), to: Math.ceil(Math.max(...exponents)) },
    drawn: [{ kind: 'curve', look: 'first', points }],
    legend: [{ name: 'loss', look: 'first', kind: 'curve' }],
  };
}

function scorePlot(epochs: readonly Epoch[]): Plot {
  const curve = (of: 'boards' | 'cells'): Place[] =>
    epochs.map(({ epoch, heldOut }): Place => [epoch, 100 * heldOut[of]]);
  return {
    title: 'Held-out boards',
    description: `${formatPercent(epochs[epochs.length - 1].heldOut.boards)} are solved at the end`,
    x: { name: 'epoch', from: 1, to: Math.max(epochs.length, 2) },
    y: { name: '%', from: 0, to: 100 },
    drawn: [
      { kind: 'curve', look: 'first', points: curve('boards') },
      { kind: 'curve', look: 'second', points: curve('cells') },
    ],
    legend: [
      { name: 'boards solved', look: 'first', kind: 'curve' },
      { name: 'empty cells right', look: 'second', kind: 'curve' },
    ],
  };
}

/** The side of a cell in the picture. */
const CELL = 40;

function drawBoard({ clues }: Puzzle, { board }: Answer, order: number): Markup {
  const side = order ** 2;
  const extent = side * CELL;
  const numbers = board.map((number, cell) => {
    const [x, y] = [(cell % side) * CELL + CELL / 2, Math.floor(cell / side) * CELL + CELL / 2 + 7];
    const isClue = clues[cell] > 0;
    return html`<text x="${x}" y="${y}" text-anchor="middle" font-size="20" font-weight="${isClue ? 700 : 400}" fill="currentColor" opacity="${isClue ? 1 : 0.65}">${number}</text>`;
  });
  const lines = Array.from({ length: side + 1 }, (_, line) => {
    const width = line % order === 0 ? 2 : 0.5;
    return html`<path d="M${line * CELL} 0V${extent}M0 ${line * CELL}H${extent}" stroke="currentColor" stroke-width="${width}"/>`;
  });
  const verdict = solves(board, clues, order) ? 'solved' : 'not solved';
  return html`<figure class="chart"><figcaption><h3>${verdict}</h3></figcaption>
<svg viewBox="-2 -2 ${extent + 4} ${extent + 4}" width="${extent}" role="img" aria-label="A board, row by row: ${board.join(' ')}; clues: ${clues.map((clue) => clue || 'none').join(' ')}">${lines}${numbers}</svg></figure>`;
}
