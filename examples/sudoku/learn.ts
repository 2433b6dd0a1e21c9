/** Learns the rules from solved boards by gradient descent through the solutions of the programs. */
import { random } from '../../src/data/random.ts';
import { adam, cosine, type Engine, type Model, meanSquaredError, type Tensor, valueAndGrad } from '../../src/index.ts';
import { judge, type Score } from './answers.ts';
import type { Puzzle } from './boards.ts';
import { encode, type Puzzles } from './puzzles.ts';

/** What is known after an epoch. */
export interface Epoch {
  /** Counted from 1. */
  readonly epoch: number;
  /** The mean squared error of z over the training puzzles, each before the step that it was part of. */
  readonly loss: number;
  /** How the puzzles that are held out are answered. */
  readonly heldOut: Score;
  /** Seconds since learning began, without those of judging. */
  readonly seconds: number;
}

/** How the rules are learnt. */
export interface LearnOptions {
  readonly order: number;
  readonly epochs: number;
  /** The number of puzzles in a step. */
  readonly batch: number;
  /** The rate of Adam in the first epoch, which falls to 0 along a cosine. */
  readonly rate: number;
  /** Of the order of the puzzles. */
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/**
 * Adapts the parameters of the model until its answers to the training puzzles are their solutions.
 * @param onEpoch called after each epoch, and awaited
 * @throws the signal's reason once it is aborted
 */
export async function learn(
  engine: Engine,
  model: Model,
  { training, heldOut }: Puzzles,
  { order, epochs, batch, rate, seed, signal }: LearnOptions,
  onEpoch: (epoch: Epoch) => void | Promise<void> = () => {},
): Promise<Epoch[]> {
  const optimiser = adam({ rate: cosine(rate, { epochs }) }).start(engine, valuesOf(model));
  const draws = random(seed);
  const known: Epoch[] = [];
  let [seconds, step] = [0, 0];
  try {
    for (let epoch = 1; epoch <= epochs; epoch++) {
      const begun = performance.now();
      const shuffled = Array.from(draws.permutation(training.length), (index) => training[index]);
      let loss = 0;
      for (let start = 0; start < shuffled.length; start += batch) {
        signal?.throwIfAborted();
        const some = shuffled.slice(start, start + batch);
        const outcome = await differentiate(engine, model, some, order);
        model.replaceParameters(optimiser.update(valuesOf(model), outcome.gradients, epoch - 1, step++));
        for (const gradient of outcome.gradients) gradient.dispose();
        loss += (outcome.loss * some.length) / shuffled.length;
      }
      seconds += (performance.now() - begun) / 1000;
      known.push({ epoch, loss, heldOut: await judge(model, heldOut, order), seconds });
      await onEpoch(known[epoch - 1]);
    }
  } finally {
    optimiser.dispose();
  }
  return known;
}

const valuesOf = (model: Model): Tensor[] => model.parameters.map(({ value }) => value);

/** The loss of some puzzles, and its gradients, which go through the solutions of the programs. */
async function differentiate(
  engine: Engine,
  model: Model,
  puzzles: readonly Puzzle[],
  order: number,
): Promise<{ loss: number; gradients: Tensor[] }> {
  const shape = [puzzles.length, model.inputs];
  const input = encode(
    puzzles.map(({ clues }) => clues),
    order,
  );
  const target = encode(
    puzzles.map(({ solution }) => solution),
    order,
  );
  const lossOf = (...values: Tensor[]): Tensor =>
    meanSquaredError(model.forward(engine.tensor(input, shape), { values }), engine.tensor(target, shape));
  const [loss, gradients] = await valueAndGrad(lossOf, valuesOf(model));
  return { loss, gradients };
}
