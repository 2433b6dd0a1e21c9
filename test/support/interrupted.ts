/** A training run that is stopped and then resumed from its checkpoint, by another engine and another model. */

import { dense } from '../../src/layers/dense.ts';
import type { Layer } from '../../src/layers/layer.ts';
import { monotone } from '../../src/layers/monotone.ts';
import { type Model, sequential } from '../../src/layers/sequential.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import type { CheckpointInfo } from '../../src/train/checkpoint/options.ts';
import type { TrainOptions } from '../../src/train/options.ts';
import type { History, Progress } from '../../src/train/progress.ts';
import { train } from '../../src/train/train.ts';
import { clouds } from './clouds.ts';

/**
 * y = s·x + 0.01·(mean of the last batch), with a random s in training: it draws random numbers, and remembers a number
 * and a tensor.
 */
export function createJitterLayer(width: number): Layer {
  return {
    kind: 'jitter',
    inputs: width,
    outputs: width,
    parameters: [],
    options: { width },
    forward(x, _, { training, memory: { numbers, tensors } }) {
      if (!training) return x;
      const scale = 0.75 * (numbers.get('scale') ?? 1) + 0.5 * training.random.uniform();
      numbers.set('scale', scale);
      const engine = x.context as Engine;
      const last = tensors.get('last');
      const y = last ? x.mul(scale).add(last) : x.mul(scale);
      tensors.set('last', engine.keepAlias(x.mean(0, { keepAxes: true }).mul(0.01)));
      last?.dispose();
      return y;
    },
  };
}

/** The first layer of this model remembers the solution of every sample, and a tuned step size. */
export const createJitteryModel = (step: number | 'tuned' = 'tuned'): Model =>
  sequential(
    monotone({ inputs: 2, width: 4, tolerance: 1e-5, step, warmStart: 'sample' }),
    createJitterLayer(4),
    dense({ inputs: 4, outputs: 3 }),
  );

export async function parametersOf(model: Model): Promise<number[]> {
  return (await Promise.all(model.parameters.map(({ value }) => value.data()))).flatMap((data) => Array.from(data));
}

interface Outcome {
  readonly history: History;
  readonly parameters: number[];
}

interface Stopped {
  readonly bytes: Uint8Array;
  readonly info: CheckpointInfo;
}

const DATA = clouds(22);

export async function trainUninterrupted(engine: Engine, options: TrainOptions): Promise<Outcome> {
  const model = createJitteryModel();
  const history = await train(engine, model, DATA, options);
  return { history, parameters: await parametersOf(model) };
}

/** Stops at the first event that `at` accepts. */
export async function trainUntil(
  engine: Engine,
  options: TrainOptions,
  at: (progress: Progress) => boolean,
  model: Model = createJitteryModel(),
): Promise<Stopped> {
  const controller = new AbortController();
  const written: Stopped[] = [];
  const training = train(engine, model, DATA, {
    ...options,
    signal: controller.signal,
    onProgress: (progress) => {
      if (at(progress)) controller.abort();
    },
    checkpoint: { every: { epochs: 1000 }, write: (bytes, info) => void written.push({ bytes, info }) },
  });
  await training.then(
    () => {
      throw new Error('it was not stopped');
    },
    (error: unknown) => {
      if (error !== controller.signal.reason) throw error;
    },
  );
  if (written.length !== 1) throw new Error(`${written.length} checkpoints were written`);
  return written[0];
}
