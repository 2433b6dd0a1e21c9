/** The layer of examples/sudoku as `npm run example -- sudoku` has it: what it learns, and how it answers. */
import { afterAll, expect, test } from 'vitest';
import { judge } from '../../examples/sudoku/answers.ts';
import { rulesLayer } from '../../examples/sudoku/layer.ts';
import { learn } from '../../examples/sudoku/learn.ts';
import { answerNine } from '../../examples/sudoku/nine.ts';
import { drawPuzzles, widthOf } from '../../examples/sudoku/puzzles.ts';
import { FOUR } from '../../examples/sudoku/setups.ts';
import { type Engine, type Model, sequential } from '../../src/index.ts';
import { engineOn } from '../support/engines.ts';

const MINUTES = 60_000;
const seed = 1;
const wasm = engineOn('wasm');
const webgpu = engineOn('webgpu');
afterAll(() => Promise.all([wasm.close(), webgpu.close()]));

const modelOn = (engine: Engine): Model => {
  const model = sequential(rulesLayer(engine, { width: widthOf(FOUR.order), rows: FOUR.rows }));
  model.initialise(engine, seed);
  return model;
};

test('every board that was held out is solved, on wasm and on WebGPU', { timeout: 10 * MINUTES }, async () => {
  const puzzles = drawPuzzles({ ...FOUR, seed });
  const learnt = modelOn(await wasm.engine());
  const untrained = await judge(learnt, puzzles.heldOut, FOUR.order);
  expect(untrained.boards).toBe(0);
  await learn(await wasm.engine(), learnt, puzzles, { ...FOUR, seed });
  expect(await judge(learnt, puzzles.heldOut, FOUR.order)).toEqual({ boards: 1, cells: 1 });

  const engine = await webgpu.engine();
  const copied = modelOn(engine);
  const values = await Promise.all(learnt.parameters.map(({ value }) => value.data()));
  copied.replaceParameters(copied.parameters.map(({ value }, index) => engine.tensor(values[index], value.shape)));
  expect(await judge(copied, puzzles.heldOut, FOUR.order)).toEqual({ boards: 1, cells: 1 });
});

test('9 × 9: equalities of solved boards make the layer answer puzzles with many clues', {
  timeout: 240_000,
}, async () => {
  const engine = await wasm.engine();
  const found: number[] = [];
  const scores: number[] = [];
  await answerNine(
    engine,
    { boards: 490, heldOut: 1, clues: [45], seed: 1 },
    ({ equalities }) => found.push(equalities),
    (_, { boards }) => scores.push(boards),
  );
  expect(found).toEqual([249]);
  expect(scores).toEqual([1]);
});
