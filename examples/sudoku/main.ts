/**
 * Learns the rules of Sudoku from solved boards, solves boards that were held out, and writes a page with plots:
 * `npm run example -- sudoku --backend wasm --epochs 20 --seed 1 --output sudoku.html`. With `--size 9` it says how far
 * the same layer comes on 9 × 9.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type BackendName, type Engine, open, sequential } from '../../src/index.ts';
import { formatPercent } from '../../src/pictures/markup.ts';
import { answer } from './answers.ts';
import type { Board } from './boards.ts';
import { rulesLayer } from './layer.ts';
import { type Epoch, learn } from './learn.ts';
import { answerNine } from './nine.ts';
import { drawPage } from './page.ts';
import { drawPuzzles, widthOf } from './puzzles.ts';
import { FOUR } from './setups.ts';

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '4' },
    backend: { type: 'string' },
    epochs: { type: 'string' },
    seed: { type: 'string', default: '1' },
    output: { type: 'string', default: 'sudoku.html' },
  },
});
const setup = { ...FOUR, ...(values.epochs && { epochs: Number(values.epochs) }), seed: Number(values.seed) };
for (const name of ['epochs', 'seed'] as const) {
  if (!Number.isInteger(setup[name]) || setup[name] < 1) {
    throw new RangeError(`--${name} is ${values[name]}; it must be a positive integer`);
  }
}
if (values.size !== '4' && values.size !== '9') throw new RangeError(`--size is ${values.size}; it must be 4 or 9`);

const tell = ({ epoch, loss, heldOut, seconds }: Epoch): void =>
  console.log(
    `epoch ${String(epoch).padStart(2)}: loss ${loss.toFixed(5)}, held out: ${formatPercent(heldOut.boards)} of the boards and ${formatPercent(heldOut.cells)} of the empty cells are right (${seconds.toFixed(1)} s)`,
  );
const format = (board: Board): string => {
  const side = setup.order ** 2;
  const rows = Array.from({ length: side }, (_, row) => board.slice(row * side, (row + 1) * side));
  return rows.map((row) => row.map((number) => number || '·').join(' ')).join('\n');
};

async function learnFour(engine: Engine): Promise<void> {
  const puzzles = drawPuzzles(setup);
  const model = sequential(rulesLayer(engine, { width: widthOf(setup.order), rows: setup.rows }));
  model.initialise(engine, setup.seed);
  console.log(
    `${puzzles.training.length} puzzles to learn from, ${puzzles.heldOut.length} held out (${engine.adapter.description})`,
  );
  const epochs = await learn(engine, model, puzzles, setup, tell);
  const clues = puzzles.heldOut.map((puzzle) => puzzle.clues);
  const answers = await answer(model, clues, setup.order);
  const last = clues.length - 1;
  console.log(`a puzzle that was held out\n${format(clues[last])}\nand the answer\n${format(answers[last].board)}`);
  await writeFile(values.output, drawPage({ order: setup.order, epochs, puzzles, answers }));
  console.log(`wrote ${values.output}`);
  model.dispose();
}

function tryNine(engine: Engine): Promise<void> {
  const boards = 500;
  return answerNine(
    engine,
    { boards, heldOut: 12, clues: [40, 36, 32, 28], seed: setup.seed },
    ({ equalities, enough }) =>
      console.log(
        `${boards} solved boards have ${equalities} equalities in common; the first ${enough} determine them`,
      ),
    (clues, { boards: solved, cells }, seconds) =>
      console.log(
        `${clues} clues: ${formatPercent(solved)} of the boards and ${formatPercent(cells)} of the empty cells are right (${seconds.toFixed(1)} s a board)`,
      ),
  );
}

const engine = await open({ backend: values.backend as BackendName | undefined });
try {
  await (values.size === '9' ? tryNine(engine) : learnFour(engine));
} finally {
  engine.close();
}
