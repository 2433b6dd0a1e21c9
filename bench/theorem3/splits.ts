/** Rows to which penalised models are fitted, and rows on which their penalties are judged. */
import { diabetes, standardisedRegression } from '../../src/data/index.ts';
import { random } from '../../src/data/random.ts';
import type { Engine, Tensor } from '../../src/index.ts';

export interface Split {
  /** [rows, features] */
  readonly X: Tensor;
  /** [rows] */
  readonly y: Tensor;
  readonly heldX: Tensor;
  readonly heldY: Tensor;
}

/** The diabetes data, every second row held out. */
export async function diabetesSplit(engine: Engine): Promise<Split> {
  const data = await diabetes();
  const rows = Array.from({ length: data.count }, (_, row) => row);
  const [fitted, held] = [0, 1].map((parity) => rows.filter((row) => row % 2 === parity));
  const { X, y, features } = standardisedRegression(data, fitted);
  const designOf = (chosen: readonly number[]): Tensor =>
    engine.tensor(
      chosen.flatMap((row) => Array.from(X.slice(row * features, (row + 1) * features))),
      [chosen.length, features],
    );
  const targetsOf = (chosen: readonly number[]): Tensor =>
    engine.tensor(
      chosen.map((row) => y[row]),
      [chosen.length],
    );
  return { X: designOf(fitted), y: targetsOf(fitted), heldX: designOf(held), heldY: targetsOf(held) };
}

/** What is generated. */
interface Shape {
  readonly rows: number;
  readonly features: number;
  /** Of the first features; the others have none. */
  readonly weights: readonly number[];
  /** Whether the targets are labels, 1 with the probability that the weighted sum has as a logit, else 0. Default false. */
  readonly areLabels?: boolean;
}

const HELD_OUT = 200;
const NOISE = 1.5;

/** Normal numbers, with targets that depend on the first features. */
export function generatedSplit(engine: Engine, shape: Shape): Split {
  const { features, rows } = shape;
  const [fitted, held] = [generate(shape, rows, 1), generate(shape, HELD_OUT, 2)];
  return {
    X: engine.tensor(fitted.X, [rows, features]),
    y: engine.tensor(fitted.y, [rows]),
    heldX: engine.tensor(held.X, [HELD_OUT, features]),
    heldY: engine.tensor(held.y, [HELD_OUT]),
  };
}

function generate(
  { features, weights, areLabels = false }: Shape,
  rows: number,
  seed: number,
): { X: number[]; y: number[] } {
  const generator = random(seed);
  const X = Array.from({ length: rows * features }, () => generator.normal());
  const y = Array.from({ length: rows }, (_, row) => {
    const mean = weights.reduce((sum, weight, at) => sum + weight * X[row * features + at], 0);
    return areLabels ? Number(generator.uniform() < 1 / (1 + Math.exp(-mean))) : mean + NOISE * generator.normal();
  });
  return { X, y };
}
