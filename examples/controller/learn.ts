/** Learns the cost of a controller from what an expert did. */
import { random } from '../../src/data/random.ts';
import { adam, type Engine, type Tensor, valueAndGrad } from '../../src/index.ts';
import { FASTEST, FIRST_ACCELERATION, STRONGEST, type State, TERM_OF_VARIABLE, TERMS, VARIABLES } from './cart.ts';
import { drive, plan } from './controller.ts';

/** A decision of the expert: where the cart was, and the acceleration that was seen. */
export interface Demonstration {
  readonly state: State;
  readonly acceleration: number;
}

/** States from which carts set off. */
export function drawStates(count: number, seed: number): State[] {
  const draws = random(seed);
  const between = (reach: number): number => reach * (2 * draws.uniform() - 1);
  return Array.from({ length: count }, () => [between(2.5), between(0.8 * FASTEST)] as const);
}

/** Watches an expert drive. What is seen of each decision has an error of the given size. */
export async function demonstrate(
  engine: Engine,
  weights: readonly number[],
  { carts, steps, noise, seed }: { carts: number; steps: number; noise: number; seed: number },
): Promise<Demonstration[]> {
  const { states, accelerations } = await drive(engine, weights, drawStates(carts, seed), steps);
  const draws = random(seed + 1);
  return accelerations.flatMap((decided, step) =>
    decided.map((acceleration, cart) => ({
      state: states[step][cart],
      acceleration: Math.max(-STRONGEST, Math.min(STRONGEST, acceleration + noise * draws.normal())),
    })),
  );
}

/** Only the ratios of weights matter, so they sum to 1: they are the softmax of what is learnt. */
const weightsOf = (logits: Tensor): Tensor => logits.softmax();

/** P with the weight of its term for each variable, and its diagonal. */
function costTensor(engine: Engine, logits: Tensor): Tensor {
  const weights = weightsOf(logits).reshape([1, TERMS.length]);
  const chosen = TERM_OF_VARIABLE.flatMap((term) => TERMS.map((_, each) => (each === term ? 1 : 0)));
  const diagonal = engine.tensor(chosen, [VARIABLES, TERMS.length]).matmul(weights.transpose());
  const identity = Float64Array.from({ length: VARIABLES ** 2 }, (_, at) => (at % (VARIABLES + 1) === 0 ? 1 : 0));
  return engine.tensor(identity, [VARIABLES, VARIABLES]).mul(diagonal);
}

/** What learning did. */
export interface Learnt {
  /** The weights before each epoch, and at the end. */
  readonly weights: readonly (readonly number[])[];
  /** Before each epoch: the mean squared difference of the accelerations. */
  readonly losses: readonly number[];
}

/**
 * Adapts the weights until the first moves of the plans are those that were seen. The gradient of the loss goes through
 * the solutions of all programs.
 */
export async function learn(
  engine: Engine,
  demonstrations: readonly Demonstration[],
  { epochs, rate }: { epochs: number; rate: number },
  onEpoch: (epoch: number, loss: number, weights: readonly number[]) => void = () => {},
): Promise<Learnt> {
  const states = demonstrations.map(({ state }) => state);
  const seen = engine.tensor(demonstrations.map(({ acceleration }) => acceleration));
  const lossOf = (logits: Tensor): Tensor => {
    const { x } = plan(costTensor(engine, logits), states, engine);
    const decided = x.slice([0, FIRST_ACCELERATION], [states.length, 1]).reshape([states.length]);
    return decided.sub(seen).square().mean();
  };
  let logits = engine.tensor([0, 0, 0]);
  const optimiser = adam({ rate }).start(engine, [logits]);
  const read = (): Promise<number[]> => engine.tidy(async () => Array.from(await weightsOf(logits).data()));
  const [weights, losses] = [[await read()], [] as number[]];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const [loss, gradients] = await valueAndGrad(lossOf, [logits]);
    const [next] = optimiser.update([logits], gradients, epoch, epoch);
    losses.push(loss);
    for (const used of [logits, ...gradients]) used.dispose();
    logits = next;
    weights.push(await read());
    onEpoch(epoch + 1, losses[epoch], weights[epoch + 1]);
  }
  for (const used of [logits, seen, optimiser]) used.dispose();
  return { weights, losses };
}
