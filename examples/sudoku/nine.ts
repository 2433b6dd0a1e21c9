/**
 * 9 × 9 as far as it goes: the equalities come from solved boards by elimination, since programs with 729 variables and a
 * dense A take too long for gradient descent; the layer is the same.
 */
import { random } from '../../src/data/random.ts';
import { type Engine, type Model, sequential } from '../../src/index.ts';
import { judge, type Score } from './answers.ts';
import { drawGrids, drawPuzzle } from './boards.ts';
import { commonEqualities } from './hull.ts';
import { rulesLayer } from './layer.ts';
import { encode, widthOf } from './puzzles.ts';

const ORDER = 3;
/** w, about what the layer of 4 × 4 learns. */
const WEIGHT = 16;

/** What a run is. */
export interface NineOptions {
  /** The number of solved boards from which the equalities come. */
  readonly boards: number;
  /** The number of boards that are held out. */
  readonly heldOut: number;
  /** Each board that is held out becomes a puzzle with each of these numbers of clues. */
  readonly clues: readonly number[];
  readonly seed: number;
}

/** What the boards had in common. */
export interface Found {
  readonly equalities: number;
  /** The number of boards after which no further one said anything new. */
  readonly enough: number;
}

/**
 * @param onFound called with what elimination found
 * @param onScore called with the score of the puzzles with that many clues, and the seconds that a puzzle took
 */
export async function answerNine(
  engine: Engine,
  { boards, heldOut, clues, seed }: NineOptions,
  onFound: (found: Found) => void,
  onScore: (clues: number, score: Score, seconds: number) => void,
): Promise<void> {
  const draws = random(seed);
  const grids = drawGrids(ORDER, boards + heldOut, draws);
  const { model, found } = modelFrom(engine, encode(grids.slice(0, boards), ORDER));
  onFound(found);
  for (const count of clues) {
    const puzzles = grids.slice(boards).map((grid) => drawPuzzle(grid, ORDER, count, draws));
    const begun = performance.now();
    const score = await judge(model, puzzles, ORDER);
    onScore(count, score, (performance.now() - begun) / 1000 / puzzles.length);
  }
  model.dispose();
}

/** The layer with the equalities that the boards have in common, and their mean as z₀. */
function modelFrom(engine: Engine, boards: Float32Array): { model: Model; found: Found } {
  const width = widthOf(ORDER);
  const count = boards.length / width;
  const { rows, enough } = commonEqualities(boards, width);
  const mean = new Float64Array(width);
  for (const [at, value] of boards.entries()) mean[at % width] += value / count;
  const model = sequential(rulesLayer(engine, { width, rows: rows.length }));
  model.initialise(engine);
  model.replaceParameters([
    engine.tensor(Float64Array.from(rows.flatMap((row) => [...row])), [rows.length, width]),
    engine.tensor(mean.map((value) => Math.log(4 * value))),
    engine.tensor([Math.log(WEIGHT)]),
  ]);
  return { model, found: { equalities: rows.length, enough } };
}
