/** Made-up problems of sparse logistic regression. */
import { random } from '../src/data/random.ts';
import type { Engine, Tensor } from '../src/index.ts';

export interface ClassRows {
  readonly X: Tensor;
  /** Each −1 or 1. */
  readonly y: Tensor;
}

/** Of a problem: how many rows to fit to and to hold out, how many features there are, and how many of them matter. */
export interface ClassesSize {
  readonly count: number;
  readonly heldOut: number;
  readonly features: number;
  readonly supportSize: number;
}

/** How much the margins of the truth are multiplied: with 2, few classes are left to chance. */
const SHARPNESS = 2;

/** Rows with standard normal features, and classes drawn with the probabilities of a sparse model. */
export function createClasses(
  engine: Engine,
  { count, heldOut, features, supportSize }: ClassesSize,
  seed: number,
): Readonly<Record<'fit' | 'heldOut', ClassRows>> {
  const generator = random(seed);
  const beta = new Float64Array(features);
  for (let one = 0; one < supportSize; one++) {
    const sign = generator.uniform() < 0.5 ? -1 : 1;
    beta[Math.floor(generator.uniform() * features)] = sign * (1 + generator.uniform());
  }
  const draw = (rows: number): ClassRows => {
    const X = new Float64Array(rows * features);
    const y = new Float64Array(rows);
    for (let row = 0; row < rows; row++) {
      let margin = 0;
      for (let j = 0; j < features; j++) {
        X[row * features + j] = generator.normal();
        margin += X[row * features + j] * beta[j];
      }
      y[row] = generator.uniform() < 1 / (1 + Math.exp(-SHARPNESS * margin)) ? 1 : -1;
    }
    return { X: engine.tensor(X, [rows, features]), y: engine.tensor(y) };
  };
  return { fit: draw(count), heldOut: draw(heldOut) };
}
