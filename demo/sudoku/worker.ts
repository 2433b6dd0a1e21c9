/** The worker in which the layer of examples/sudoku learns. */
import { answer } from '../../examples/sudoku/answers.ts';
import type { Board } from '../../examples/sudoku/boards.ts';
import { rulesLayer } from '../../examples/sudoku/layer.ts';
import { learn } from '../../examples/sudoku/learn.ts';
import { drawPuzzles, type Puzzles, widthOf } from '../../examples/sudoku/puzzles.ts';
import { FOUR } from '../../examples/sudoku/setups.ts';
import { type Engine, type Model, open, sequential } from '../../src/index.ts';
import { serveCalls } from '../workers/calls.ts';
import type { SudokuCalls, TimedAnswer } from './protocol.ts';

const { order } = FOUR;
/** Decides which grids are held out, and the puzzles. */
const SEED = 1;
/** The number of held-out puzzles that are shown. They are taken from the end, where the hardest are. */
const SHOWN = 12;

interface Held {
  readonly engine: Engine;
  readonly model: Model;
  readonly puzzles: Puzzles;
}

let held: Promise<Held> | undefined;
let isLearning = false;
/** Questions that came while the layer learns. */
let waiting: (() => Promise<void>)[] = [];

async function open4x4(): Promise<Held> {
  const engine = await open({ backend: 'wasm' });
  const model = sequential(rulesLayer(engine, { width: widthOf(order), rows: FOUR.rows }));
  model.initialise(engine, SEED);
  return { engine, model, puzzles: drawPuzzles({ ...FOUR, seed: SEED }) };
}

function openOnce(): Promise<Held> {
  held ??= open4x4().catch((error: unknown) => {
    held = undefined; // the next call tries again
    throw error;
  });
  return held;
}

const shownOf = ({ heldOut }: Puzzles): Puzzles['heldOut'] => heldOut.slice(-SHOWN);
const cluesOf = (puzzles: Puzzles): Board[] => shownOf(puzzles).map(({ clues }) => clues);

/** Answers now, or between two epochs. */
function ask(model: Model, clues: readonly Board[]): Promise<TimedAnswer[]> {
  const now = async (): Promise<TimedAnswer[]> => {
    const begun = performance.now();
    const answers = await answer(model, clues, order);
    const milliseconds = performance.now() - begun;
    return answers.map((each) => ({ ...each, milliseconds }));
  };
  if (!isLearning) return now();
  return new Promise((resolve, reject) => waiting.push(() => now().then(resolve, reject)));
}

async function answerWaiting(): Promise<void> {
  const asked = waiting;
  waiting = [];
  for (const each of asked) await each();
}

serveCalls<SudokuCalls>(self, {
  async puzzles() {
    const { model, puzzles } = await openOnce();
    return { puzzles: shownOf(puzzles), answers: await ask(model, cluesOf(puzzles)) };
  },

  async learn({ seed }, tell, signal) {
    const { engine, model, puzzles } = await openOnce();
    if (isLearning) throw new Error('the layer is still ending an earlier run; try again in a moment');
    isLearning = true;
    try {
      model.initialise(engine, seed);
      await learn(engine, model, puzzles, { ...FOUR, seed, signal }, async (epoch) => {
        tell({ ...epoch, epochs: FOUR.epochs, answers: await answer(model, cluesOf(puzzles), order) });
        await answerWaiting();
      });
    } finally {
      isLearning = false;
      await answerWaiting();
    }
    return undefined;
  },

  async answer(clues) {
    const { model } = await openOnce();
    const [found] = await ask(model, [clues]);
    return found;
  },
});
