/** The best epoch of early stopping: its parameters come back with what layers remembered at its end. */
import { describe, expect, test } from 'vitest';
import { random } from '../../src/data/random.ts';
import type { Samples } from '../../src/data/samples.ts';
import type { Engine, EpochProgress, Layer, Model, TrainOptions } from '../../src/index.ts';
import {
  adam,
  batchNorm,
  dense,
  evaluate,
  imageLayers,
  loadCheckpoint,
  modelFrom,
  monotone,
  residual,
  sequential,
  train,
} from '../../src/index.ts';
import { unpack } from '../../src/layers/checkpoint/bytes.ts';
import { pack } from '../../src/layers/checkpoint/pack.ts';
import { clouds } from '../support/clouds.ts';
import { createOracle } from '../support/engines.ts';

/** A layer of its own that counts its steps, and says so in its outputs. */
const counting: Layer = {
  kind: 'counting',
  inputs: 4,
  outputs: 4,
  options: {},
  parameters: [],
  forward(x, _, { memory: { numbers }, training }) {
    const steps = numbers.get('steps') ?? 0;
    if (training) numbers.set('steps', steps + 1);
    return x.mul(1 + steps / 100);
  },
};

const network = (): Model =>
  sequential(
    dense({ inputs: 2, outputs: 4 }),
    residual(batchNorm({ inputs: 4, momentum: 0.5 }), dense({ inputs: 4, outputs: 4, activation: 'relu' })),
    counting,
    monotone({ inputs: 4, width: 3, warmStart: 'sample' }),
    dense({ inputs: 3, outputs: 3 }),
  );
const makers = { ...imageLayers, counting: () => counting };

/** Labels that are independent of the inputs: the validation loss soon rises. */
function noise(count: number, seed: number): Samples {
  const generator = random(seed);
  const samples = clouds(count, seed);
  return { ...samples, labels: samples.labels.map(() => generator.integer(3)) };
}

const VALIDATION = noise(12, 7);
const OPTIONS: TrainOptions = {
  epochs: 12,
  batch: 8,
  seed: 4,
  optimiser: adam({ rate: 0.1 }),
  validation: VALIDATION,
  earlyStopping: { patience: 2 },
};

/** The numbers that layers remember, with those of their tensors. */
const remembered = async (model: Model): Promise<unknown> =>
  Promise.all(
    model.memories.map(async ({ numbers, tensors }) => [
      [...numbers],
      await Promise.all([...tensors].map(async ([name, tensor]) => [name, [...(await tensor.data())]])),
    ]),
  );

async function learn(engine: Engine, options: Partial<TrainOptions> = {}) {
  const model = network();
  const atEpochs: unknown[] = [];
  const history = await train(engine, model, noise(24, 3), {
    ...OPTIONS,
    ...options,
    async onProgress(progress) {
      if (progress.kind === 'epoch') atEpochs.push(await remembered(model));
    },
  });
  return { model, history, atEpochs };
}

const lossOf = ({ validation }: EpochProgress): number => validation?.loss ?? Number.NaN;

describe('the best epoch', () => {
  test('comes back as it was, so that its measures do', async () => {
    const engine = createOracle();
    const { model, history, atEpochs } = await learn(engine);
    const best = (history.bestEpoch ?? 0) - 1;
    expect(history.stoppedEarly).toBe(true);
    expect(await remembered(model)).toEqual(atEpochs[best]);
    expect(atEpochs[best]).not.toEqual(atEpochs[atEpochs.length - 1]);
    expect((await evaluate(model, VALIDATION)).loss).toBe(lossOf(history.epochs[best]));
    model.dispose();
    const { buffers } = engine.memory();
    (await learn(engine)).model.dispose();
    expect(engine.memory().buffers).toBe(buffers);
  });

  test('is in checkpoints, for a model and for a run that continues', async () => {
    const written: Uint8Array[] = [];
    const checkpoint = { write: (bytes: Uint8Array) => void written.push(bytes), every: { epochs: 1 } };
    const { model, history, atEpochs } = await learn(createOracle(), { checkpoint });
    const best = (history.bestEpoch ?? 0) - 1;
    const last = written[written.length - 1];
    const again = modelFrom(loadCheckpoint(last), createOracle(), { layers: makers, parameters: 'best' });
    expect(await remembered(again)).toEqual(atEpochs[best]);
    expect((await evaluate(again, VALIDATION)).loss).toBe(lossOf(history.epochs[best]));
    // The checkpoint of an epoch after the best one, from which no better one follows.
    const resumed = await learn(createOracle(), { resume: written[best + 1] });
    expect(resumed.history.bestEpoch).toBe(best + 1);
    expect(await remembered(resumed.model)).toEqual(await remembered(model));
    expect((await evaluate(resumed.model, VALIDATION)).loss).toBe(lossOf(history.epochs[best]));
  });

  test('of an older checkpoint, which has its parameters alone, gets what layers remember at the latest step', async () => {
    const written: Uint8Array[] = [];
    const { atEpochs } = await learn(createOracle(), { checkpoint: { write: (bytes) => void written.push(bytes) } });
    const { content, arrays } = unpack(written[written.length - 1]);
    const older = content as { training: { bestMemories?: unknown } };
    delete older.training.bestMemories;
    const kept = new Map([...arrays].filter(([name]) => !/^best (numbers|tensor)/.test(name)));
    expect(kept.size).toBeLessThan(arrays.size);
    const checkpoint = loadCheckpoint(pack({ content: older, arrays: kept }));
    const again = modelFrom(checkpoint, createOracle(), { layers: makers, parameters: 'best' });
    expect(await remembered(again)).toEqual(atEpochs[atEpochs.length - 1]);
  });

  test('without restoreBest the model stays as the last epoch left it', async () => {
    const { model, atEpochs } = await learn(createOracle(), { earlyStopping: { patience: 2, restoreBest: false } });
    expect(await remembered(model)).toEqual(atEpochs[atEpochs.length - 1]);
  });
});
