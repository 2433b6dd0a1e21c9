/** Training on WebGPU, whose steps are enqueued on the speculation that loops take as many passes as before. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MemoryFigures, Speculation } from '../../src/backends/backend.ts';
import { openWebGPU } from '../../src/backends/webgpu/index.ts';
import { random } from '../../src/data/random.ts';
import { dense } from '../../src/layers/dense.ts';
import { type MonotoneLayerOptions, monotone } from '../../src/layers/monotone.ts';
import { sequential } from '../../src/layers/sequential.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { adam } from '../../src/train/adam.ts';
import { drawBatches } from '../../src/train/batches.ts';
import type { Progress } from '../../src/train/progress.ts';
import { train } from '../../src/train/train.ts';
import { clouds } from '../support/clouds.ts';
import { type CountedDevice, createCountedDevice, type DeviceCounts } from '../support/counted-device.ts';
import { createJitterLayer } from '../support/interrupted.ts';

const STEPS = 10;

let counted: CountedDevice;
let engine: Engine;
beforeAll(async () => {
  counted = await createCountedDevice();
  engine = new Engine(await openWebGPU({ device: counted.device }));
});
afterAll(() => {
  engine?.close();
  counted?.release();
});

interface Setting {
  readonly data: ReturnType<typeof clouds>;
  readonly layer: Partial<MonotoneLayerOptions>;
  readonly speculates: boolean;
}

interface Figures {
  readonly losses: readonly number[];
  /** The iterations of each step. */
  readonly iterations: readonly (readonly number[])[];
  /** The parameters after each step, and after all of them. */
  readonly parameters: readonly (readonly number[])[];
  readonly counts: readonly DeviceCounts[];
  readonly memory: readonly MemoryFigures[];
  /** Whether the speculation of each speculative step held. */
  readonly held: readonly boolean[];
}

async function trainCounted({ data, layer, speculates }: Setting): Promise<Figures> {
  const model = sequential(
    monotone({ inputs: 2, width: 6, linearSolver: 'bicgstab+cgnr', ...layer }),
    createJitterLayer(6),
    dense({ inputs: 6, outputs: 3 }),
  );
  const speculations: Speculation[] = [];
  const plain = engine.speculate;
  engine.speculate = () => {
    const speculation = speculates ? plain.call(engine) : undefined;
    if (speculation) speculations.push(speculation);
    return speculation;
  };
  const steps: Extract<Progress, { kind: 'step' }>[] = [];
  const counts: DeviceCounts[] = [];
  const memory: MemoryFigures[] = [];
  const values: Promise<ArrayLike<number>[]>[] = [];
  const read = (): void => {
    values.push(Promise.all(model.parameters.map(({ value }) => value.data())));
  };
  try {
    const { losses } = await train(engine, model, data, {
      epochs: 1,
      batch: data.count / STEPS,
      optimiser: adam({ rate: 0.02 }),
      onProgress(progress) {
        if (progress.kind !== 'step') return;
        counts.push(counted.take());
        memory.push(engine.memory());
        steps.push(progress);
        // Reading causes submits of its own, so it happens only in steps whose submits are not counted.
        if (speculates && steps.length > STEPS - 3) read();
      },
    });
    read();
    const parameters = (await Promise.all(values)).map((all) => all.flatMap((numbers) => Array.from(numbers)));
    const iterations = steps.map((step) => [step.iterationsForward, step.iterationsBackward]);
    return {
      losses,
      iterations,
      parameters,
      counts,
      memory,
      held: await Promise.all(speculations.map(({ held }) => held)),
    };
  } finally {
    engine.speculate = plain;
    model.dispose();
  }
}

/** Loads the code for speculations, which comes with the first one. */
async function loadSpeculation(): Promise<void> {
  while (!engine.speculate()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('steps that need not be read before the next one', () => {
  test('each step takes one submit and one read-back, with the same losses, iterations and parameters as without speculation', async () => {
    await loadSpeculation();
    const setting = { data: clouds(8 * STEPS), layer: { solver: 'peaceman-rachford' } } as const;
    const without = await trainCounted({ ...setting, speculates: false });
    const before = engine.memory();
    const told = await trainCounted({ ...setting, speculates: true });
    expect(engine.memory().buffers).toBe(before.buffers);
    expect(told.losses).toEqual(without.losses);
    expect(told.iterations).toEqual(without.iterations);
    expect(told.parameters.at(-1)).toEqual(without.parameters.at(-1));
    expect(told.held).toHaveLength(STEPS);
    expect(told.held).not.toContain(false);
    // The steps before the read-backs of the test begin. At the end of a step the next one has been enqueued.
    const steps = told.counts.map((_, step) => step).slice(2, STEPS - 3);
    for (const step of steps) {
      expect(told.counts[step]).toMatchObject({ submits: 1, readBacks: 1 });
      const { buffers, bytes, programBuffers, programBytes } = told.memory[step];
      expect({ buffers, bytes, programBuffers }).toEqual({
        buffers: told.memory[2].buffers,
        bytes: told.memory[2].bytes,
        programBuffers: told.memory[2].programBuffers,
      });
      // Bind groups are kept for the first few sets of buffers, and the bytes of Programs include an estimate for them.
      expect(programBytes).toBeLessThan(1.5 * told.memory[2].programBytes);
      expect(without.counts[step].submits).toBeGreaterThan(3);
    }
    // On a busy computer a read-back may still be on its way when the next one begins. That one then takes a second
    // buffer, once.
    expect(steps.reduce((made, step) => made + told.counts[step].buffers, 0)).toBeLessThanOrEqual(1);
  });

  test('a step whose loops are longer than before is repeated unnoticed', async () => {
    await loadSpeculation();
    // Another batch size: loops of other shapes, about which nothing is known yet.
    const data = clouds(7 * STEPS);
    const rowsOf = drawBatches(random(0), 0, data.count, 7, 'shuffled');
    // At first every tanh is flat, so that the backward solve has next to nothing to do.
    for (let step = 0; step < 6; step++) {
      for (const row of rowsOf(step)) for (const at of [2 * row, 2 * row + 1]) data.inputs[at] *= 1000;
    }
    const setting = { data, layer: { activation: 'tanh', tolerance: 1e-5, warmStart: 'step' } } as const;
    const told = await trainCounted({ ...setting, speculates: true });
    const without = await trainCounted({ ...setting, speculates: false });
    expect(told.held).toContain(false);
    expect(told.losses).toEqual(without.losses);
    expect(told.iterations).toEqual(without.iterations);
    expect(told.parameters.at(-1)).toEqual(without.parameters.at(-1));
    // The parameters reported with a step are its own results, not those of a later step, which may be void.
    expect(told.parameters.at(-2)).toEqual(told.parameters.at(-1));
    expect(told.parameters.at(-3)).not.toEqual(told.parameters.at(-2));
  });
});
