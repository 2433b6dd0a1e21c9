/**
 * What Theorem 3 of Bolte et al. (2021) promises, on a network with an optimisation layer: stochastic gradient descent
 * with steps of o(1/log k), on single samples that are drawn independently, settles at a critical point. The layer is a
 * quadratic program with learnt objective and constraints.
 */
import {
  type CertificateStatus,
  dense,
  type Engine,
  type Model,
  type ProgramSolution,
  quadraticLayer,
  type Samples,
  type Scope,
  sequential,
  stochasticGradient,
  type Tensor,
  train,
  valueAndGrad,
} from '../index.ts';

/** Four numbers, the outer two in one class and the inner two in the other. */
export const SAMPLES: Samples = {
  inputs: Float32Array.from([-2, -1, 1, 2]),
  labels: Int32Array.from([0, 1, 1, 0]),
  count: 4,
  features: 1,
};

/** A dense layer, a program in three variables with bounds and a learnt inequality, and a dense layer. */
export function createNetwork(): Model {
  return sequential(
    dense({ inputs: 1, outputs: 3 }),
    // Training ends with an error where the hypothesis of the theorem fails at a solution.
    quadraticLayer({ inputs: 3, outputs: 3, map: 'identity', inequalities: 1, lower: 0, onFailedCertificate: 'throw' }),
    dense({ inputs: 3, outputs: 2 }),
  );
}

/** The mean absolute error, which has a kink where an output is right. */
function absoluteError(outputs: Tensor, targets: Tensor): Tensor {
  return outputs
    .sub(targets)
    .abs()
    .sum()
    .mul(1 / outputs.shape[0]);
}

/** The samples as tensors: inputs [4, 1], and labels as rows of 0 and 1, [4, 2]. */
function createBatch(scope: Scope): readonly [Tensor, Tensor] {
  const { inputs, labels, count, features } = SAMPLES;
  const targets = Array.from(labels).flatMap((label) => [1 - label, label]);
  return [scope.tensor(inputs, [count, features]), scope.tensor(targets, [count, 2])];
}

/**
 * The objective of the theorem, the mean over all samples, and its gradient, all parameters one after the other.
 * @param values the parameters of the network
 */
export async function evaluateObjective(
  engine: Engine,
  network: Model,
  values: readonly Tensor[],
): Promise<{ readonly value: number; readonly gradient: readonly number[] }> {
  return engine.tidy(async (scope) => {
    const [x, targets] = createBatch(scope);
    const [value, gradients] = await valueAndGrad(
      (...parameters) => absoluteError(network.forward(x, { values: parameters }), targets),
      values,
    );
    const numbers = await Promise.all(gradients.map((each) => each.data()));
    for (const each of gradients) each.dispose();
    return { value, gradient: numbers.flatMap((data) => Array.from(data)) };
  });
}

export interface Theorem3 {
  readonly network: Model;
  /** The number of steps, each on one sample. */
  readonly steps: number;
  /** The scale of the step sizes, drawn once. */
  readonly scale: number;
  /** The objective at the start and after every EPOCHS_BETWEEN epochs. */
  readonly objective: readonly number[];
  /** The output for the class of the inner numbers, over inputs from −REACH to REACH, at the end: [input, output]. */
  readonly curve: readonly (readonly [number, number])[];
  /** The certificates of the program at the end, one for each sample. */
  readonly certificates: readonly CertificateStatus[];
}

/** The largest input of the curve. */
export const REACH = 2.5;

/** The number of epochs, of four steps each, between two values of the objective. */
export const EPOCHS_BETWEEN = 10;

/** α₀ and p of the step sizes s·α₀/(k + 1)^p. */
export const STEP_SIZES = { rate: 0.6, power: 0.75 } as const;

/** Trains the network by exactly the method of the theorem. The caller disposes it. */
export async function theorem3(engine: Engine, epochs = 400, seed = 0): Promise<Theorem3> {
  const network = createNetwork();
  network.initialise(engine, seed);
  const parameters = (): Tensor[] => network.parameters.map(({ value }) => value);
  const evaluate = async (): Promise<number> => (await evaluateObjective(engine, network, parameters())).value;
  const objective = [await evaluate()];
  const optimiser = stochasticGradient({ theorem3: true, ...STEP_SIZES, seed });
  const { losses } = await train(engine, network, SAMPLES, {
    epochs,
    batch: 1,
    seed,
    loss: absoluteError,
    optimiser,
    async onProgress({ kind, epoch }) {
      if (kind === 'epoch' && epoch % EPOCHS_BETWEEN === 0) objective.push(await evaluate());
    },
  });
  const certificates = await certifyNetwork(engine, network);
  const curve = await traceOutput(engine, network);
  return { network, steps: losses.length, scale: optimiser.scale, objective, curve, certificates };
}

async function traceOutput(engine: Engine, network: Model): Promise<Theorem3['curve']> {
  return engine.tidy(async (scope) => {
    const x = Array.from({ length: 101 }, (_, index) => REACH * (index / 50 - 1));
    const outputs = await network.forward(scope.tensor(x, [x.length, 1])).data();
    return x.map((input, row) => [input, outputs[2 * row + 1]] as const);
  });
}

async function certifyNetwork(engine: Engine, network: Model): Promise<CertificateStatus[]> {
  return engine.tidy(async (scope) => {
    const [x] = createBatch(scope);
    const solves: ProgramSolution[] = [];
    network.forward(x, { solves });
    const { samples } = await solves[0].certificate();
    return samples.map(({ status }) => status);
  });
}
