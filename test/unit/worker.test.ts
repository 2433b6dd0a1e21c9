/** Both sides of training in a worker, over the ports of a channel. The browser tests run it in a real Worker. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openCPU } from '../../src/backends/cpu/index.ts';
import type { RegressionSamples } from '../../src/data/samples.ts';
import { averagePooling } from '../../src/layers/average-pooling.ts';
import { batchNorm } from '../../src/layers/batch-norm.ts';
import { contractive } from '../../src/layers/contractive.ts';
import { convolution } from '../../src/layers/convolution.ts';
import { dense } from '../../src/layers/dense.ts';
import { flatten } from '../../src/layers/flatten.ts';
import { maximumPooling } from '../../src/layers/maximum-pooling.ts';
import { monotone } from '../../src/layers/monotone.ts';
import { residual } from '../../src/layers/residual.ts';
import { type Model, sequential } from '../../src/layers/sequential.ts';
import { ConvergenceError } from '../../src/solvers/report.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { loadCheckpoint } from '../../src/train/checkpoint/load.ts';
import type { CheckpointInfo } from '../../src/train/checkpoint/options.ts';
import type { EpochProgress, Progress } from '../../src/train/progress.ts';
import type { TaskName } from '../../src/train/task.ts';
import { train } from '../../src/train/train.ts';
import { serveTraining } from '../../src/train/worker/serve.ts';
import { trainInWorker } from '../../src/train/worker/train-in-worker.ts';
import { clouds } from '../support/clouds.ts';
import { normals } from '../support/numbers.ts';

interface Job {
  readonly epochs: number;
  /** Whether it learns from images. */
  readonly takesImages?: boolean;
  /** Whether these are cropped and mirrored at random. */
  readonly isVaried?: boolean;
  /** Whether it predicts numbers. */
  readonly predictsNumbers?: boolean;
  /** Whether the layer is contractive, and its matrix projected after each step. */
  readonly isProjected?: boolean;
  /** The solver's limit. */
  readonly limit?: number;
  readonly width?: number;
}

const options = (epochs: number) => ({ epochs, batch: 8, seed: 2 });
const model = ({ limit, width = 4, outputs = 3 }: Partial<Job> & { readonly outputs?: number }): Model =>
  sequential(monotone({ inputs: 2, width, limit }), dense({ inputs: width, outputs }));

const projectedModel = (): Model =>
  sequential(contractive({ inputs: 2, width: 4, constraint: 'project' }), dense({ inputs: 4, outputs: 3 }));

/** Two targets of different units, for rows of different weights. */
const NUMBERS: RegressionSamples = (({ inputs, count, features }) => ({
  inputs,
  targets: Float64Array.from({ length: 2 * count }, (_, at) => (at % 2 ? 1e6 : 1e-3) * (3 + inputs[at])),
  weights: Float64Array.from({ length: count }, (_, row) => row % 3),
  count,
  features,
}))(clouds(20));
const REGRESSION = { ...options(2), loss: 'huber', validation: NUMBERS } as const;

/** Every layer for images, with what they remember. */
const imageModel = (): Model =>
  sequential(
    convolution({ inputChannels: 1, channels: 2, size: [2, 3], kernel: [3, 1], padding: [1, 0], bias: false }),
    residual(batchNorm({ channels: 2, size: [2, 3], activation: 'relu' })),
    maximumPooling({ channels: 2, size: [2, 3], window: 2, stride: 1 }),
    averagePooling({ channels: 2, size: [1, 2], window: 1 }),
    flatten({ channels: 2, size: [1, 2] }),
    dense({ inputs: 4, outputs: 3 }),
  );
const IMAGES = { ...clouds(20), inputs: Float32Array.from(normals(120, 5)), features: 6, shape: [1, 2, 3] };
const VARIED = { augmentation: { crop: 1, flip: true } };

let channel: MessageChannel;
let engines: Engine[];
beforeEach(() => {
  channel = new MessageChannel();
  engines = [];
  serveTraining(channel.port2, (job: Job) => {
    const engine = new Engine(openCPU());
    engines.push(engine);
    const { takesImages, isVaried, epochs } = job;
    if (takesImages) {
      const own = { ...options(epochs), ...(isVaried && VARIED) };
      return { engine, model: imageModel(), data: IMAGES, options: own };
    }
    if (job.isProjected) return { engine, model: projectedModel(), data: clouds(20), options: options(epochs) };
    if (job.predictsNumbers) return { engine, model: model({ outputs: 2 }), data: NUMBERS, options: REGRESSION };
    return { engine, model: model(job), data: clouds(20), options: options(job.epochs) };
  });
});
afterEach(() => channel.port1.close());

describe('training in a worker', () => {
  test('is the same training, and the engine is closed after it', async () => {
    const seen: Progress[] = [];
    const run = trainInWorker(channel.port1, { epochs: 2 }, { onProgress: (progress) => void seen.push(progress) });
    const { losses } = await run.finished;
    const here = await train(new Engine(openCPU()), model({}), clouds(20), options(2));
    expect(losses).toEqual(here.losses);
    expect(seen.map(({ kind }) => kind)).toEqual(['step', 'step', 'step', 'epoch', 'step', 'step', 'step', 'epoch']);
    expect(() => engines[0].tensor([1])).toThrow('it is closed');
  });

  test('a regression is the same, too', async () => {
    const seen: Progress<TaskName>[] = [];
    const job = { epochs: 2, predictsNumbers: true };
    const run = trainInWorker(channel.port1, job, { onProgress: (progress) => void seen.push(progress) });
    const { losses } = await run.finished;
    const here = await train(new Engine(openCPU()), model({ outputs: 2 }), NUMBERS, REGRESSION);
    expect(losses).toEqual(here.losses);
    const last = seen[seen.length - 1] as EpochProgress<'regression'>;
    expect(last.rootMeanSquaredErrors).toEqual(here.epochs[1].rootMeanSquaredErrors);
    expect(last.validation?.targets).toEqual(here.epochs[1].validation?.targets);
  });

  test('of a layer that projects its parameters is the same', async () => {
    const { losses } = await trainInWorker(channel.port1, { epochs: 2, isProjected: true }).finished;
    const here = await train(new Engine(openCPU()), projectedModel(), clouds(20), options(2));
    expect(losses).toEqual(here.losses);
  });

  test('of the layers for images is the same, with what they remember', async () => {
    const written: Uint8Array[] = [];
    const onCheckpoint = (bytes: Uint8Array) => void written.push(bytes);
    const { losses } = await trainInWorker(channel.port1, { epochs: 2, takesImages: true }, { onCheckpoint }).finished;
    const here = imageModel();
    const history = await train(new Engine(openCPU()), here, IMAGES, options(2));
    expect(losses).toEqual(history.losses);
    const [there, kept] = [written[written.length - 1], await here.save()].map(loadCheckpoint);
    expect(there.memories).toEqual(kept.memories);
    expect(there.memories[1].tensors.size).toBe(2);
    expect(there.parameters).toEqual(kept.parameters);
  });

  test('varies images as without it, also where it goes on in the middle of an epoch', async () => {
    const here = imageModel();
    const { losses } = await train(new Engine(openCPU()), here, IMAGES, { ...options(3), ...VARIED });
    let resume: Uint8Array | undefined;
    const checkpoint = {
      write(bytes: Uint8Array) {
        resume = bytes;
      },
    };
    const started = { ...options(3), ...VARIED, maximumSteps: 4, checkpoint };
    await train(new Engine(openCPU()), imageModel(), IMAGES, started);
    expect(resume).toBeDefined();
    for (const from of [undefined, resume]) {
      const written: Uint8Array[] = [];
      const onCheckpoint = (bytes: Uint8Array) => void written.push(bytes);
      const job = { epochs: 3, takesImages: true, isVaried: true };
      expect((await trainInWorker(channel.port1, job, { onCheckpoint, resume: from }).finished).losses).toEqual(losses);
      const [there, kept] = [written[written.length - 1], await here.save()].map(loadCheckpoint);
      expect([there.parameters, there.memories]).toEqual([kept.parameters, kept.memories]);
    }
  });

  test('trains one run after the other; a second run during the first is refused and does not affect it', async () => {
    const first = trainInWorker(channel.port1, { epochs: 1 });
    await expect(trainInWorker(channel.port1, { epochs: 1 }).finished).rejects.toThrow('a run is under way');
    expect((await first.finished).losses).toHaveLength(3);
    const second = trainInWorker(channel.port1, { epochs: 1 });
    expect((await second.finished).losses).toHaveLength(3);
  });

  test('waits while it is paused', async () => {
    let steps = 0;
    const run = trainInWorker(
      channel.port1,
      { epochs: 1000 },
      {
        onProgress: () => {
          steps += 1;
          if (steps === 5) run.pause();
        },
      },
    );
    // Waits until two readings 100 ms apart agree.
    const waitUntilStill = async (): Promise<number> => {
      for (;;) {
        const before = steps;
        await new Promise((resolve) => setTimeout(resolve, 100));
        if (steps === before && steps >= 5) return steps;
      }
    };
    const paused = await waitUntilStill();
    expect(paused).toBeLessThan(4000);
    expect(await waitUntilStill()).toBe(paused);
    run.continue();
    await run.finished;
    expect(steps).toBe(4000);
  });

  test.each([false, true])('is stopped by a signal, with a checkpoint to resume from; paused: %s', async (paused) => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const written: [Uint8Array, CheckpointInfo][] = [];
    const run = trainInWorker(
      channel.port1,
      { epochs: 1000 },
      {
        signal: controller.signal,
        onCheckpoint: (bytes, info) => void written.push([bytes, info]),
        onProgress: ({ epoch }) => {
          if (epoch < 2 || controller.signal.aborted) return;
          if (paused) run.pause();
          controller.abort(reason);
        },
      },
    );
    await expect(run.finished).rejects.toBe(reason);
    const [bytes, info] = written[written.length - 1];
    expect(info.reason).toBe('stopped');
    const losses = loadCheckpoint(bytes).training?.losses ?? [];
    const epochs = info.epoch + 1;
    const again = await trainInWorker(channel.port1, { epochs }, { resume: bytes }).finished;
    const here = await train(new Engine(openCPU()), model({}), clouds(20), options(epochs));
    expect(again.losses.slice(0, losses.length)).toEqual(losses);
    expect(again.losses).toEqual(here.losses);
  });

  test('an already aborted signal starts nothing', async () => {
    const run = trainInWorker(channel.port1, { epochs: 1 }, { signal: AbortSignal.abort() });
    await expect(run.finished).rejects.toThrow('aborted');
    await trainInWorker(channel.port1, { epochs: 1 }).finished;
    expect(engines).toHaveLength(1);
  });
});

describe('errors are passed on', () => {
  test('ConvergenceError with its report', async () => {
    const error = await trainInWorker(channel.port1, { epochs: 1, limit: 1 }).finished.catch((one: unknown) => one);
    expect(error).toBeInstanceOf(ConvergenceError);
    const { name, message, report } = error as ConvergenceError;
    expect(name).toBe('ConvergenceError');
    expect(message).toContain('samples did not converge');
    expect(report.samples).toHaveLength(8);
  });
  test('others by name and message, also from building', async () => {
    const { finished } = trainInWorker(channel.port1, { epochs: 1, width: 0 });
    await expect(finished).rejects.toThrow('width is 0');
    await expect(finished).rejects.toMatchObject({ name: 'RangeError' });
    await expect(trainInWorker(channel.port1, { epochs: 0 }).finished).rejects.toThrow('epochs is 0');
  });
  test('a job that cannot be posted', async () => {
    await expect(trainInWorker(channel.port1, () => {}).finished).rejects.toThrow('could not be cloned');
  });
  test('a worker whose script fails', async () => {
    const worker = Object.assign(new EventTarget(), { postMessage: () => {} });
    const { finished } = trainInWorker(worker, {});
    worker.dispatchEvent(Object.assign(new Event('error'), { message: 'no such script' }));
    await expect(finished).rejects.toThrow('the worker failed: no such script');
  });
});
