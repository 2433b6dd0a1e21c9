/** A failed step of training leaves no trace: not in the parameters, the optimiser, or the memory of layers. */
import { describe, expect, test, vi } from 'vitest';
import type { Samples } from '../../src/data/samples.ts';
import {
  adam,
  clipped,
  dense,
  fixedPoint,
  type Layer,
  loadCheckpoint,
  type MessageEnd,
  type Model,
  meanSquaredError,
  modelFrom,
  monotone,
  type Optimiser,
  type OptimiserState,
  open,
  saveCheckpoint,
  sequential,
  serveTraining,
  sgd,
  type Tensor,
  type TrainOptions,
  train,
  trainInWorker,
} from '../../src/index.ts';
import { clouds } from '../support/clouds.ts';

const STEPS = 4; // in an epoch of 12 samples
const numbersOf = async (tensors: readonly Tensor[]): Promise<number[][]> =>
  Promise.all(tensors.map(async (tensor) => Array.from(await tensor.data())));
const parametersOf = (model: Model): Promise<number[][]> => numbersOf(model.parameters.map(({ value }) => value));
const rememberedBy = async (model: Model): Promise<unknown> =>
  Promise.all(
    model.memories.map(async ({ numbers, tensors }) => [
      [...numbers],
      [...tensors.keys()],
      await numbersOf([...tensors.values()]),
    ]),
  );

/** An optimiser whose memory is inspected when training ends. */
function watchMemory(
  optimiser: Optimiser,
  told: { memory?: Promise<number[][]> },
  update?: OptimiserState['update'],
): Optimiser {
  return {
    ...optimiser,
    start(...given) {
      const state = optimiser.start(...given);
      return {
        ...state,
        update: update
          ? (...inputs) => (inputs[3] === STEPS + 1 ? update(...inputs) : state.update(...inputs))
          : state.update,
        dispose() {
          told.memory = numbersOf([...state.memory.values()].flat());
          state.dispose();
        },
      };
    },
  };
}

interface Fault {
  readonly data?: (samples: Samples) => Samples;
  readonly layers?: (isBroken: () => boolean) => Layer[];
  readonly options?: (at: () => number) => TrainOptions;
  readonly update?: OptimiserState['update'];
  readonly told: RegExp;
}

const network = (options: object = {}): Layer[] => [
  monotone({ inputs: 2, width: 4, warmStart: 'step', step: 'tuned', ...options }),
  dense({ inputs: 4, outputs: 3 }),
];
/** A layer that calls a function at a step of training. */
const layerThat = (
  what: (
    step: number,
    x: Tensor,
    parameters: readonly Tensor[],
    memory: Parameters<Layer['forward']>[2]['memory'],
  ) => Tensor | undefined,
): Layer => ({
  ...dense({ inputs: 3, outputs: 3 }),
  forward: (x, [W, b], { training, memory }) =>
    (training && what(training.step, x, [W, b], memory)) ?? x.matmul(W).add(b),
});
const BAD = STEPS + 1; // the second step of the second epoch

const FAULTS: Record<string, Fault> = {
  'a loss that is NaN, and with it the cotangent of a solve': {
    options: (at) => ({
      loss: (scores, targets) =>
        at() === BAD ? meanSquaredError(scores, targets).sub(1e9).log() : meanSquaredError(scores, targets),
    }),
    told: /holds NaN or an infinity/,
  },
  'gradients that are NaN, of a finite loss': {
    layers: () => [dense({ inputs: 2, outputs: 3 })],
    // √ at 0 has an infinite derivative: 0·∞
    options: (at) => ({
      loss: (scores, targets) =>
        at() === BAD
          ? meanSquaredError(scores, targets).add(scores.sub(scores).square().sum().sqrt())
          : meanSquaredError(scores, targets),
    }),
    told: /after step 6, \d+ numbers of the parameters are NaN/,
  },
  'a solve that does not converge': {
    layers: () => [...network(), layerThat((step, x) => (step === BAD ? unsolved(x) : undefined))],
    told: /fixedPoint, forward: 3 of 3 samples/,
  },
  'a loss that throws': {
    options: (at) => ({ loss: (scores, targets) => (at() === BAD ? never() : meanSquaredError(scores, targets)) }),
    told: /on purpose/,
  },
  'a layer that has remembered something, and throws': {
    layers: () => [
      ...network(),
      layerThat((step, x, _, { numbers, tensors }) => {
        numbers.set('seen', step);
        tensors.get('last')?.dispose();
        tensors.set('last', x.mul(step));
        return step === BAD ? never() : undefined;
      }),
    ],
    told: /on purpose/,
  },
  'an optimiser that throws': { update: () => never(), told: /on purpose/ },
  'an optimiser that throws with half of its memory written': {
    update: () => never(),
    told: /on purpose/,
  },
  'an optimiser that gives too little': {
    update: (values) => values.slice(1).map((value) => value.mul(2)),
    told: /update gave tensors/,
  },
  'an optimiser that gives what it has disposed': {
    update: (values) =>
      values.map((value) => {
        const next = value.mul(2);
        next.dispose();
        return next;
      }),
    told: /update gave tensors/,
  },
  'a promise of a layer that rejects once the step was read': {
    layers: () => [
      ...network(),
      {
        ...dense({ inputs: 3, outputs: 3 }),
        forward(x, [W, b], { training }) {
          training?.whenRead(async () => {
            if (training.step === BAD) never();
          });
          return x.matmul(W).add(b);
        },
      },
    ],
    told: /on purpose/,
  },
  'tuning that rejects': {
    layers: () => [
      ...network(),
      { ...dense({ inputs: 3, outputs: 3 }), tuning: { isDue: (_, step) => step === BAD, tune: async () => never() } },
    ],
    told: /on purpose/,
  },
  'a number of a batch that is NaN': { data: (samples) => samples, told: /NaN/ },
};

function never(): never {
  throw new Error('on purpose');
}

/** z = x − 3z by plain repetition, which diverges. */
function unsolved(x: Tensor): Tensor {
  return fixedPoint((z, a) => z.mul(-3).add(a), { unknown: x, inputs: [x], limit: 5, solver: 'picard' });
}

const OPTIMISERS: Record<string, () => Optimiser> = {
  adam: () => adam({ rate: 0.01 }),
  momentum: () => sgd({ rate: 0.01, momentum: 0.9, nesterov: true }),
  clipped: () => clipped(adam({ rate: 0.01 }), { norm: 0.5 }),
};

describe.each(['cpu', 'wasm'] as const)('on %s', (backend) => {
  for (const [
    name,
    { layers = () => network().concat(dense({ inputs: 3, outputs: 3 })), options = () => ({}), update, told },
  ] of Object.entries(FAULTS)) {
    test.each(backend === 'cpu' ? Object.keys(OPTIMISERS) : ['adam'])(
      `${name}: model and optimiser are as before the step, with %s`,
      async (optimiser) => {
        const engine = await open({ backend });
        let step = -1;
        const at = (): number => step;
        /** A layer that counts the steps that begin. */
        const countingLayer = (): Layer => ({
          ...dense({ inputs: 2, outputs: 2 }),
          forward(x, [W, b], { training }) {
            if (training) step = training.step;
            return x.matmul(W).add(b);
          },
        });
        const isOfNumbers = name === 'a number of a batch that is NaN';
        const run = async (
          isFailing: boolean,
          maximumSteps?: number,
        ): Promise<{ model: Model; memory: unknown; error: unknown; steps: number }> => {
          const model = sequential(countingLayer(), ...layers(() => isFailing));
          const memory: { memory?: Promise<number[][]> } = {};
          const samples = clouds(12);
          let steps = 0;
          let error: unknown;
          try {
            await train(engine, model, samples, {
              epochs: 3,
              batch: 3,
              ...(isFailing || name.startsWith('a loss') || name.startsWith('gradients')
                ? options(isFailing ? at : () => -1)
                : {}),
              optimiser: watchMemory(OPTIMISERS[optimiser](), memory, isFailing ? update : undefined),
              maximumSteps,
              onProgress({ kind }) {
                if (kind === 'step') steps += 1;
                // The inputs are read when the step begins.
                if (isOfNumbers && isFailing && steps === BAD - 1) samples.inputs.fill(Number.NaN);
              },
            });
          } catch (caught) {
            error = caught;
          }
          return { model, memory: await memory.memory, error, steps };
        };
        const rejections = vi.fn();
        process.on('unhandledRejection', rejections);
        const failed = await run(true);
        expect(String(failed.error)).toMatch(told);
        const good = await run(false, failed.steps);
        expect(failed.steps).toBe(isOfNumbers ? failed.steps : BAD);
        expect(await parametersOf(failed.model)).toEqual(await parametersOf(good.model));
        expect(failed.memory).toEqual(good.memory);
        expect(await rememberedBy(failed.model)).toEqual(await rememberedBy(good.model));
        // The model still works, and can be trained and saved.
        expect((await failed.model.predict([1, 2, 3, 4])).classes).toHaveLength(2);
        const copy = modelFrom(loadCheckpoint(await saveCheckpoint(failed.model)), engine, {
          layers: { dense: (given: never) => dense(given) },
        });
        expect(await parametersOf(copy)).toEqual(await parametersOf(failed.model));
        for (const model of [copy, good.model]) model.dispose();
        const again = sequential(...failed.model.layers.slice(0, 1), ...layers(() => false));
        again.initialise(engine);
        again.replaceParameters(failed.model.parameters.map(({ value }) => engine.keepAlias(value)));
        step = -1;
        await train(engine, again, clouds(12), { epochs: 1, batch: 3 });
        for (const model of [again, failed.model]) model.dispose();
        await new Promise((resolve) => setTimeout(resolve, 5));
        expect(rejections).not.toHaveBeenCalled();
        process.off('unhandledRejection', rejections);
        engine.close();
      },
    );
  }
});

describe('after a step that failed', () => {
  const failingLoss = (at: number): TrainOptions['loss'] => {
    let begun = 0;
    return (scores, targets) => {
      begun += 1;
      return begun === at ? never() : meanSquaredError(scores, targets);
    };
  };

  test('the steps before it are complete, and their checkpoints can be resumed', async () => {
    const engine = await open({ backend: 'cpu' });
    const written: Uint8Array[] = [];
    const steps: number[] = [];
    const model = sequential(...network());
    const settings = { epochs: 2, batch: 3, optimiser: adam({ rate: 0.01 }) };
    const failing = train(engine, model, clouds(12), {
      ...settings,
      loss: failingLoss(BAD),
      checkpoint: { every: { steps: 2 }, write: (bytes) => void written.push(bytes) },
      onProgress: (progress) => {
        if (progress.kind === 'step') steps.push(progress.step);
      },
    });
    await expect(failing).rejects.toThrow('on purpose');
    expect(steps).toEqual([1, 2, 3, 4]);
    expect(written).toHaveLength(2);
    const before = await parametersOf(model);
    // Resumed from the checkpoint of step 4, where the model is.
    const resumed = sequential(...network());
    await train(engine, resumed, clouds(12), { ...settings, loss: meanSquaredError, resume: written[1] });
    const whole = sequential(...network());
    await train(engine, whole, clouds(12), { ...settings, loss: meanSquaredError });
    expect(await parametersOf(resumed)).toEqual(await parametersOf(whole));
    expect(await parametersOf(model)).toEqual(before);
    engine.close();
  });

  test('whose outcome nobody awaits, since training was aborted, the model is unchanged too', async () => {
    const engine = await open({ backend: 'cpu' });
    const controller = new AbortController();
    const model = sequential(
      dense({ inputs: 2, outputs: 3 }),
      layerThat((step, x) => (step === 2 ? unsolved(x) : undefined)),
    );
    const run = train(engine, model, clouds(12), {
      epochs: 2,
      batch: 3,
      signal: controller.signal,
      onProgress: (progress) => {
        if (progress.kind === 'step' && progress.step === 2) controller.abort();
      },
    });
    await expect(run).rejects.toThrow('aborted');
    await engine.idle();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const found = await parametersOf(model);
    const good = sequential(
      dense({ inputs: 2, outputs: 3 }),
      layerThat(() => undefined),
    );
    await train(engine, good, clouds(12), { epochs: 2, batch: 3, maximumSteps: 2 });
    expect(found).toEqual(await parametersOf(good));
    for (const one of [model, good]) one.dispose();
    // The tolerance of the solve, which the engine keeps.
    expect(engine.memory().buffers).toBe(1);
    engine.close();
  });

  test('a worker can train again', async () => {
    const { port1: page, port2: worker } = new MessageChannel();
    serveTraining<{ bad: number }>(worker as unknown as MessageEnd, async ({ bad }) => ({
      engine: await open({ backend: 'cpu' }),
      model: sequential(...network()),
      data: clouds(12),
      options: { epochs: 1, batch: 3, loss: failingLoss(bad), checkpoint: { every: { steps: 1 } } },
    }));
    const written: Uint8Array[] = [];
    const onCheckpoint = (bytes: Uint8Array): void => void written.push(bytes);
    const end = page as unknown as MessageEnd;
    await expect(trainInWorker(end, { bad: 3 }, { onCheckpoint }).finished).rejects.toThrow('on purpose');
    expect(written).toHaveLength(2);
    expect(loadCheckpoint(written[1]).training?.step).toBe(2);
    const history = await trainInWorker(end, { bad: 0 }, { resume: written[1] }).finished;
    expect(history.losses).toHaveLength(4);
    for (const port of [page, worker]) port.close();
  });

  test('an optimiser may return a parameter unchanged', async () => {
    const engine = await open({ backend: 'cpu' });
    const frozen: Optimiser = {
      ...sgd({ rate: 0.1 }),
      start(...given) {
        const state = sgd({ rate: 0.1 }).start(...given);
        return { ...state, update: (values, ...others) => [values[0], ...state.update(values, ...others).slice(1)] };
      },
    };
    const model = sequential(dense({ inputs: 2, outputs: 3 }));
    model.initialise(engine);
    const [before] = await parametersOf(model);
    await train(engine, model, clouds(12), { epochs: 1, batch: 3, optimiser: frozen });
    const [after, bias] = await parametersOf(model);
    expect(after).toEqual(before);
    expect(bias.every(Number.isFinite)).toBe(true);
    engine.close();
  });
});
