/** The memory of a monotone layer between steps of training: a tuned step size, and solutions to start from. */
import { afterAll, describe, expect, test } from 'vitest';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { monotoneFixedPoint } from '../../src/implicit/monotone.ts';
import { tunedStep } from '../../src/implicit/tuning.ts';
import { dense } from '../../src/layers/dense.ts';
import { emptyMemory } from '../../src/layers/layer.ts';
import { type MonotoneLayerOptions, monotone } from '../../src/layers/monotone.ts';
import { isTuningDue, rememberIterations } from '../../src/layers/monotone-memory.ts';
import { type Model, sequential } from '../../src/layers/sequential.ts';
import type { SolveReport } from '../../src/solvers/report.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { adam } from '../../src/train/adam.ts';
import type { TrainOptions } from '../../src/train/options.ts';
import type { History } from '../../src/train/progress.ts';
import { train } from '../../src/train/train.ts';
import { clouds } from '../support/clouds.ts';
import { monotoneProblem } from '../support/numbers.ts';

const engine = new Engine(openCPU());
afterAll(() => engine.close());

describe('tunedStep', () => {
  const { W, b, n, batch } = monotoneProblem(30, 8, 3, 1, 0.6);
  const tensors = [engine.tensor(W, [n, n]), engine.tensor(b, [batch, n])] as const;
  const options = { activation: 'relu', margin: 1 } as const;

  test('halves α until iterations grow, and chooses the α with the fewest', async () => {
    const { step, iterations, tried } = await tunedStep(...tensors, options);
    expect(tried.map((one) => one.step)).toEqual(tried.map((_, index) => 2 ** -index));
    expect(iterations).toBe(Math.min(...tried.map((one) => one.iterations)));
    expect(tried[tried.length - 1].iterations).toBeGreaterThan(tried[tried.length - 2].iterations);
    const { samples, solver } = await monotoneFixedPoint(...tensors, { ...options, step }).report;
    expect(solver).toBe('peaceman-rachford');
    expect(samples.reduce((sum, sample) => sum + sample.iterations, 0) / batch).toBe(iterations);
  });

  test('starts from the given largest α', async () => {
    const { tried } = await tunedStep(...tensors, { ...options, largest: 8 });
    expect(tried[0].step).toBe(8);
    await expect(tunedStep(...tensors, { ...options, largest: 0 })).rejects.toThrow('largest: it is 0; it must be');
  });

  test('has no result where no α solves all samples', async () => {
    const { step, iterations } = await tunedStep(...tensors, { ...options, limit: 1 });
    expect(step).toBeUndefined();
    expect(iterations).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('when α is tuned again', () => {
  const reportOf = (iterations: number): SolveReport => ({
    solver: 'peaceman-rachford',
    backend: 'cpu',
    milliseconds: 1,
    tolerance: 1e-4,
    timedOut: false,
    samples: [{ status: 'converged', iterations, residual: 0, floor: 0, errorBound: 0 }],
  });
  const memoryTunedAt = (step: number, iterations: number) => {
    const memory = emptyMemory();
    memory.numbers.set('training step at which the step was tuned', step);
    memory.numbers.set('iterations with the tuned step', iterations);
    return memory;
  };

  test('at first', () => {
    expect(isTuningDue(emptyMemory(), 0)).toBe(true);
  });
  test('once iterations have grown by a quarter and one, and not before', () => {
    for (const [iterations, due] of [
      [13, false],
      [14, true],
    ] as const) {
      const memory = memoryTunedAt(0, 10);
      rememberIterations(memory, 0, reportOf(10));
      rememberIterations(memory, 1, reportOf(iterations));
      expect(isTuningDue(memory, 3)).toBe(due);
    }
  });
  test('decided by the step before the last one, whether or not the last one has been read back', () => {
    const memory = memoryTunedAt(0, 10);
    rememberIterations(memory, 3, reportOf(10));
    expect(isTuningDue(memory, 5)).toBe(false);
    rememberIterations(memory, 4, reportOf(30));
    expect(isTuningDue(memory, 5)).toBe(false);
    expect(isTuningDue(memory, 6)).toBe(true);
  });
  test('ignoring steps from before the last tuning', () => {
    const memory = memoryTunedAt(5, 10);
    rememberIterations(memory, 3, reportOf(30));
    rememberIterations(memory, 4, reportOf(30));
    expect(isTuningDue(memory, 6)).toBe(false);
  });
});

describe('in training', () => {
  const DATA = clouds(48);
  const fitLayer = async (
    layer: Partial<MonotoneLayerOptions>,
    options: TrainOptions = {},
  ): Promise<{ history: History; model: Model }> => {
    const model = sequential(monotone({ inputs: 2, width: 16, ...layer }), dense({ inputs: 16, outputs: 3 }));
    const history = await train(engine, model, DATA, {
      epochs: 8,
      batch: 12,
      optimiser: adam({ rate: 0.01 }),
      ...options,
    });
    return { history, model };
  };
  const iterations = ({ epochs }: History): number =>
    epochs.slice(1).reduce((sum, { iterationsForward }) => sum + iterationsForward, 0);

  test('the step size is tuned, remembered, and used for prediction', async () => {
    const { model, history } = await fitLayer({ step: 'tuned' });
    const [{ numbers }] = model.memories;
    const step = numbers.get('step') as number;
    expect(Number.isInteger(Math.log2(step))).toBe(true);
    expect(numbers.get('training steps whose iterations were seen')).toBe(32);
    expect(iterations(history)).toBeLessThanOrEqual(iterations((await fitLayer({ step: 0.01 })).history));
    const solves: Parameters<Model['forward']>[1] = { solves: [] };
    model.forward(engine.tensor([1, 2], [1, 2]), solves);
    expect((await solves?.solves?.[0].report)?.solver).toBe('peaceman-rachford');
  });

  test('warm starts from the last visit save iterations, and lead to the same model', async () => {
    const options = { tolerance: 1e-7 };
    const [cold, warm] = [await fitLayer(options), await fitLayer({ ...options, warmStart: 'sample' })];
    expect(iterations(warm.history)).toBeLessThan(0.95 * iterations(cold.history));
    const last = ({ history }: { history: History }): number => history.losses[history.losses.length - 1];
    expect(Math.abs(last(warm) - last(cold))).toBeLessThan(1e-4);
    expect(warm.model.memories[0].tensors.get('solutions')?.shape).toEqual([48, 16]);
  });

  test('warm starts from the last step keep the mean of its solutions', async () => {
    const { model, history } = await fitLayer({ tolerance: 1e-7, warmStart: 'step' });
    expect(model.memories[0].tensors.get('solutions')?.shape).toEqual([1, 16]);
    const cold = await fitLayer({ tolerance: 1e-7 });
    expect(Math.abs(history.losses[31] - cold.history.losses[31])).toBeLessThan(1e-4);
  });

  test('the memory of the layer does not grow, and is freed', async () => {
    const own = new Engine(openCPU());
    const model = sequential(
      monotone({ inputs: 2, width: 8, step: 'tuned', warmStart: 'sample' }),
      dense({ inputs: 8, outputs: 3 }),
    );
    const seen: number[] = [];
    await train(own, model, DATA, {
      epochs: 12,
      batch: 12,
      onProgress: ({ kind }) => void (kind === 'epoch' && seen.push(own.memory().buffers)),
    });
    expect(new Set(seen.slice(1)).size).toBe(1);
    model.dispose();
    expect(own.memory().buffers).toBeLessThan(12); // scalars that the engine keeps
    own.close();
  });

  test('wrong choices are refused', () => {
    const layer = { inputs: 2, width: 2 };
    expect(() => monotone({ ...layer, warmStart: 'last' as 'step' })).toThrow(
      'monotone: warmStart is "last"; it must be one of none, step, sample',
    );
    expect(() => monotone({ ...layer, step: 'tuned', solver: 'picard' })).toThrow(
      'monotone: solver is "picard"; with a tuned step it must be peaceman-rachford',
    );
    expect(() => monotone({ ...layer, step: -1 })).toThrow('step: it is -1');
  });
});
