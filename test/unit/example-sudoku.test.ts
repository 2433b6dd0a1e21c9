/** The layer of examples/sudoku learns from solved boards. */
import { afterAll, describe, expect, test } from 'vitest';
import { answer, judge } from '../../examples/sudoku/answers.ts';
import { clashingCells, completions, drawGrids, drawPuzzle, groupsOf, solves } from '../../examples/sudoku/boards.ts';
import { commonEqualities } from '../../examples/sudoku/hull.ts';
import { rulesLayer } from '../../examples/sudoku/layer.ts';
import { learn } from '../../examples/sudoku/learn.ts';
import { drawPage } from '../../examples/sudoku/page.ts';
import { drawPuzzles, encode, widthOf } from '../../examples/sudoku/puzzles.ts';
import { FOUR } from '../../examples/sudoku/setups.ts';
import { random } from '../../src/data/random.ts';
import { sequential } from '../../src/index.ts';
import { engineOn } from '../support/engines.ts';

const wasm = engineOn('wasm');
afterAll(() => wasm.close());

describe('boards', () => {
  test('there are 288 grids of 4 × 4, each of which follows the rules', () => {
    const grids = drawGrids(2, 288, random(1));
    expect(new Set(grids.map((grid) => grid.join())).size).toBe(288);
    for (const grid of grids) expect(solves(grid, grid, 2)).toBe(true);
    expect(completions(new Array<number>(16).fill(0), 2, { most: 1000 })).toHaveLength(288);
  });

  test('each cell is in one row, one column and one box', () => {
    const groups = groupsOf(3);
    expect(groups).toHaveLength(27);
    for (let cell = 0; cell < 81; cell++) expect(groups.filter((cells) => cells.includes(cell))).toHaveLength(3);
    expect(groups[18 + 4]).toEqual([30, 31, 32, 39, 40, 41, 48, 49, 50]);
  });

  test.each([
    [2, 4],
    [3, 30],
  ])('puzzles of order %i have one solution, and as few clues as asked for where that is possible', (order, clues) => {
    const draws = random(2);
    const grids = drawGrids(order, 3, draws);
    for (const grid of grids) {
      const puzzle = drawPuzzle(grid, order, clues, draws);
      const left = puzzle.clues.filter(Boolean).length;
      expect(left).toBeGreaterThanOrEqual(clues);
      expect(left).toBeLessThan(clues + 3);
      expect(completions(puzzle.clues, order, { most: 2 })).toEqual([grid]);
      expect(solves(grid, puzzle.clues, order)).toBe(true);
    }
  });

  test('a board that breaks a rule or a clue solves nothing', () => {
    const [grid] = drawGrids(2, 1, random(3));
    const swapped = [...grid];
    [swapped[0], swapped[1]] = [grid[1], grid[0]];
    expect(solves(swapped, new Array<number>(16).fill(0), 2)).toBe(false);
    expect(clashingCells(swapped, 2)).toEqual(expect.arrayContaining([0, 1]));
    const [other] = drawGrids(2, 2, random(4)).filter((each) => each.join() !== grid.join());
    expect(solves(other, grid, 2)).toBe(false);
    expect(solves([0, ...grid.slice(1)], new Array<number>(16).fill(0), 2)).toBe(false);
    expect(completions([1, 1, ...new Array<number>(14).fill(0)], 2)).toEqual([]);
  });

  test('no grid that is held out is learnt from', () => {
    const { training, heldOut } = drawPuzzles({ ...FOUR, seed: 5 });
    const learnt = new Set(training.map(({ solution }) => solution.join()));
    const unseen = new Set(heldOut.map(({ solution }) => solution.join()));
    expect([learnt.size, unseen.size]).toEqual([240, 48]);
    expect([...unseen].filter((grid) => learnt.has(grid))).toEqual([]);
  });

  test('a row is one-hot where a cell has a number', () => {
    const clues = [0, 3, ...new Array<number>(14).fill(0)];
    const row = encode([clues], 2);
    expect(row).toHaveLength(widthOf(2));
    expect([...row.entries()].filter(([, value]) => value !== 0)).toEqual([[4 + 2, 1]]);
  });
});

describe('what boards have in common', () => {
  /** The dimension of what 4 × 4 boards may differ in: 40 of the 64 numbers follow from the others. */
  test('is found by elimination, and holds for boards that were not looked at', () => {
    const grids = drawGrids(2, 288, random(6));
    const { rows, enough } = commonEqualities(encode(grids.slice(0, 100), 2), 64);
    expect(rows).toHaveLength(40);
    expect(enough).toBeLessThan(100);
    const all = encode(grids, 2);
    for (const row of rows) {
      const values = grids.map((_, board) => row.reduce((sum, factor, at) => sum + factor * all[board * 64 + at], 0));
      for (const value of values) expect(value).toBeCloseTo(values[0], 9);
    }
  });

  test('is more where there are fewer boards', () => {
    const grids = drawGrids(2, 8, random(6));
    expect(commonEqualities(encode(grids, 2), 64).rows).toHaveLength(64 - 7);
  });
});

test('the rules are learnt, in part, from few boards: loss falls, and unseen cells are answered better', async () => {
  const engine = await wasm.engine();
  const before = engine.memory().buffers;
  const puzzles = drawPuzzles({ order: 2, grids: [120, 24], clues: [[8], [8]], seed: 3 });
  const model = sequential(rulesLayer(engine, { width: widthOf(2), rows: 40 }));
  model.initialise(engine, 3);
  const untrained = await judge(model, puzzles.heldOut, 2);
  const held = engine.memory().buffers;
  const epochs = await learn(engine, model, puzzles, { order: 2, epochs: 5, batch: 8, rate: 0.03, seed: 3 });
  expect(engine.memory().buffers).toBe(held);
  expect(epochs[4].loss).toBeLessThan(epochs[0].loss / 2);
  expect(untrained.cells).toBeLessThan(0.45);
  expect(epochs[4].heldOut.cells).toBeGreaterThan(0.6);
  expect(epochs[4].heldOut.boards).toBeGreaterThan(untrained.boards);

  const clues = puzzles.heldOut.map((puzzle) => puzzle.clues);
  const answers = await answer(model, clues, 2);
  const solved = answers.filter(({ board }, index) => solves(board, clues[index], 2)).length;
  expect(solved / clues.length).toBe(epochs[4].heldOut.boards);
  const page = drawPage({ order: 2, epochs, puzzles, answers });
  expect(page.match(/<svg viewBox/g)?.length).toBeGreaterThan(6);
  expect(page).not.toMatch(/NaN|undefined/);
  model.dispose();
  expect(engine.memory().buffers).toBe(before);
});

test('learning ends where it is aborted', async () => {
  const engine = await wasm.engine();
  const puzzles = drawPuzzles({ order: 2, grids: [12, 4], clues: [[8], [8]], seed: 3 });
  const model = sequential(rulesLayer(engine, { width: widthOf(2), rows: 40 }));
  model.initialise(engine, 3);
  const controller = new AbortController();
  const told: number[] = [];
  const learning = learn(
    engine,
    model,
    puzzles,
    { order: 2, epochs: 9, batch: 12, rate: 0.03, seed: 3, signal: controller.signal },
    ({ epoch }) => {
      told.push(epoch);
      if (epoch === 2) controller.abort(new Error('enough'));
    },
  );
  await expect(learning).rejects.toThrow('enough');
  expect(told).toEqual([1, 2]);
  model.dispose();
});
