/** What `npm run convolution` measures of the library itself: times, counts of iterations, and memory. */
import type { Samples } from '../src/data/index.ts';
import {
  adam,
  crossEntropy,
  type Engine,
  type Model,
  type OpenOptions,
  oneHot,
  open,
  type SolveRecord,
  type SolveReport,
  type Tensor,
  train,
  valueAndGrad,
} from '../src/index.ts';
import { CLASSES, generatedSamples, modelOf, type Network, RATE, UNREACHABLE } from './convolution-networks.ts';
import { countSteps, type StepCounts } from './convolution-steps.ts';

/** The iterations and the true residuals of the solves of one direction, over the samples of a batch. */
export interface Count {
  readonly solver: string;
  readonly mean: number;
  readonly most: number;
  readonly residual: number;
}

/** Of a step on `samples`. */
export interface Counts {
  readonly forward: Count;
  readonly backward: Count;
  /** By the rule of the authors. */
  readonly byStep: StepCounts;
}

function countOf({ solver, samples }: SolveReport): Count {
  return {
    solver,
    mean: samples.reduce((sum, each) => sum + each.iterations, 0) / samples.length,
    most: Math.max(...samples.map((each) => each.iterations)),
    residual: Math.max(...samples.map((each) => each.residual)),
  };
}

export async function countIterations(engine: Engine, model: Model, samples: Samples): Promise<Omit<Counts, 'byStep'>> {
  const { count, features } = samples;
  return engine.tidy(async (scope) => {
    const x = scope.tensor(samples.inputs, [count, features]);
    const targets = scope.tensor(oneHot(samples.labels, CLASSES), [count, CLASSES]);
    const solves: SolveRecord[] = [];
    const lossOf = (...values: Tensor[]): Tensor => crossEntropy(model.forward(x, { values, solves }), targets);
    await valueAndGrad(
      lossOf,
      model.parameters.map(({ value }) => value),
    );
    const [forward, backward] = await Promise.all([solves[0].report, solves[0].backwardReports[0]]);
    return { forward: countOf(forward), backward: countOf(backward) };
  });
}

/** A batch of the first samples. */
export function firstOf({ inputs, labels, features }: Samples, count: number): Samples {
  return { inputs: inputs.subarray(0, count * features), labels: labels.subarray(0, count), count, features };
}

async function countBoth(engine: Engine, model: Model, network: Network, samples: Samples): Promise<Counts> {
  const byStep = await countSteps(engine, model, network, samples);
  return { ...(await countIterations(engine, model, samples)), byStep };
}

/** Counts with fresh parameters for each seed, and after training by the authors' rate. */
export async function countFreshAndTrained(
  engine: Engine,
  network: Network,
  samples: Samples,
  { batch, seeds, steps }: { readonly batch: number; readonly seeds: number; readonly steps: number },
) {
  const first = firstOf(samples, batch);
  const fresh: Counts[] = [];
  const model = modelOf(network);
  for (let seed = seeds - 1; seed >= 0; seed--) {
    model.initialise(engine, seed);
    fresh.unshift(await countBoth(engine, model, network, first));
  }
  // The parameters are now those of seed 0.
  const epochs = Math.max(1, Math.round((steps * batch) / samples.count));
  const losses: number[] = [];
  await train(engine, model, samples, {
    epochs,
    batch,
    optimiser: adam({ rate: RATE }),
    onProgress: (progress) => {
      if (progress.kind === 'step') losses.push(progress.loss);
    },
  });
  const counts = await countBoth(engine, model, network, first);
  model.dispose();
  return {
    fresh,
    trained: { steps: losses.length, lossBefore: losses[0], loss: losses[losses.length - 1], ...counts },
  };
}

export const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const since = performance.now();
  await work();
  return performance.now() - since;
};

/** Opens what takes steps, and gives the milliseconds of each. */
export interface ConvolutionContestant {
  readonly name: string;
  solve(): Promise<number>;
  step(): Promise<number>;
  close(): void;
}

export function openOwn(engine: Engine, network: Network, batch: number): ConvolutionContestant {
  const model = modelOf(network);
  model.initialise(engine, 0);
  const data = generatedSamples(network, batch, 0);
  return {
    name: `equilibra, ${engine.backend}`,
    solve: () =>
      timed(() =>
        engine.tidy(async (scope) => model.forward(scope.tensor(data.inputs, [batch, data.features])).data()),
      ),
    step: () => timed(() => train(engine, model, data, { epochs: 1, batch, optimiser: adam({ rate: RATE }) })),
    close: () => model.dispose(),
  };
}

export interface ConvolutionMemory {
  readonly batch: number;
  readonly limit: number;
  readonly bytes: number;
}

/** The bytes that a forward and a backward solve of `limit` iterations hold at most, in an engine of their own. */
export async function measureMemory(
  options: OpenOptions,
  network: Network,
  batch: number,
  limit: number,
): Promise<ConvolutionMemory> {
  const engine = await open(options);
  const model = modelOf(network, {
    ...{ tolerance: UNREACHABLE, limit, backwardTolerance: UNREACHABLE, backwardLimit: limit, onFailure: 'report' },
    ...{ solver: 'peaceman-rachford', linearSolver: 'peaceman-rachford' },
  });
  model.initialise(engine, 0);
  await countIterations(engine, model, generatedSamples(network, batch, 0));
  await engine.idle();
  const { bytes, pooledBytes, programBytes } = engine.memory();
  model.dispose();
  engine.close();
  return { batch, limit, bytes: bytes + pooledBytes + programBytes };
}
