/** Layers without a solve, and a user's own layer, on the oracle. */
import { afterAll, describe, expect, test } from 'vitest';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { random } from '../../src/data/random.ts';
import type { Samples } from '../../src/data/samples.ts';
import { dense } from '../../src/layers/dense.ts';
import { dropout } from '../../src/layers/dropout.ts';
import { emptyMemory, type Layer, uniformParameter } from '../../src/layers/layer.ts';
import { layerNorm } from '../../src/layers/layer-norm.ts';
import { sequential } from '../../src/layers/sequential.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { adam } from '../../src/train/adam.ts';
import { evaluate } from '../../src/train/evaluate.ts';
import { meanSquaredError } from '../../src/train/regression/losses.ts';
import { stepDecay } from '../../src/train/schedules.ts';
import { train } from '../../src/train/train.ts';
import { gradientChecker } from '../support/gradients.ts';
import { normals, relativeError } from '../support/numbers.ts';

const engine = new Engine(openCPU());
afterAll(() => engine.close());

/** Three arms that wind once around the origin and cannot be separated by lines. */
function spirals(count: number, seed: number): Samples {
  const generator = random(seed);
  const labels = Int32Array.from({ length: count }, (_, row) => row % 3);
  const inputs = new Float32Array(2 * count);
  labels.forEach((label, row) => {
    const radius = 0.2 + 1.8 * generator.uniform();
    const angle = (2 * Math.PI * label) / 3 + 2 * radius + 0.1 * generator.normal();
    inputs[2 * row] = radius * Math.cos(angle);
    inputs[2 * row + 1] = radius * Math.sin(angle);
  });
  return { inputs, labels, count, features: 2 };
}

/** x + W₂·relu(W₁·layerNorm(x)) with dropout before W₂, as a user would write it. */
function residualBlock(width: number, hidden: number, rate: number): Layer {
  return {
    kind: 'residualBlock',
    inputs: width,
    outputs: width,
    parameters: [uniformParameter('W1', [hidden, width], width), uniformParameter('W2', [width, hidden], hidden)],
    forward(x, [W1, W2], { training }) {
      const raised = x.layerNorm().matmul(W1, { transposeB: true }).relu();
      const kept = training ? raised.dropout(rate, { seed: training.random.integer(2 ** 32) }) : raised;
      return x.add(kept.matmul(W2, { transposeB: true }));
    },
  };
}

const residualModel = () =>
  sequential(
    dense({ inputs: 2, outputs: 16, activation: 'elu' }),
    residualBlock(16, 32, 0.1),
    residualBlock(16, 32, 0.1),
    layerNorm({ inputs: 16 }),
    dense({ inputs: 16, outputs: 3 }),
  );

describe('a layer of a user’s own design', () => {
  test('residual blocks with dropout learn three spirals, and classify 95 % of new points', async () => {
    const model = residualModel();
    const memory: number[] = [];
    await train(engine, model, spirals(300, 1), {
      epochs: 60,
      batch: 30,
      optimiser: adam({ rate: stepDecay(1e-2, { factor: 0.1, every: 45 }) }),
      onProgress: ({ kind }) => {
        if (kind === 'epoch') memory.push(engine.memory().bytes);
      },
    });
    const { accuracy } = await evaluate(model, spirals(300, 2));
    expect(accuracy).toBeGreaterThanOrEqual(0.95);
    // A step frees everything that it made, including the seeds of the masks.
    expect(memory.at(-1)).toBe(memory[1]);
    model.dispose();
  });

  test('the same seed drops the same numbers, and another seed drops others', async () => {
    const losses = async (seed: number): Promise<readonly number[]> => {
      const model = residualModel();
      const history = await train(engine, model, spirals(60, 1), { epochs: 2, batch: 20, seed });
      model.dispose();
      return history.losses;
    };
    const first = await losses(1);
    expect(await losses(1)).toEqual(first);
    expect(await losses(2)).not.toEqual(first);
  });
});

describe('dropout', () => {
  const layer = dropout({ inputs: 4, rate: 0.5 });
  const pass = { solves: [], memory: emptyMemory() };
  test('does nothing outside training', () => {
    const x = engine.tensor(normals(8, 1), [2, 4]);
    expect(layer.forward(x, [], pass)).toBe(x);
  });
  test('drops by the generator of the step', async () => {
    const x = engine.tensor(new Float64Array(4000).fill(1), [1000, 4]);
    const findDropped = async (label: string): Promise<number[]> => {
      const training = {
        step: 0,
        random: random(3).fork(label),
        rows: new Int32Array(1000),
        count: 1000,
        whenRead: () => {},
      };
      return Array.from(await layer.forward(x, [], { ...pass, training }).data());
    };
    const one = await findDropped('one');
    expect(one.filter((value) => value === 2).length / 4000).toBeCloseTo(0.5, 1);
    expect(await findDropped('one')).toEqual(one);
    expect(await findDropped('two')).not.toEqual(one);
  });
  test('refuses a rate of 1 and a width of 0', () => {
    expect(() => dropout({ inputs: 4, rate: 1 })).toThrow('dropout: rate is 1; it must be a number from 0 to below 1');
    expect(() => dropout({ inputs: 0 })).toThrow('dropout: inputs is 0; it must be a positive integer');
  });
});

describe('layerNorm', () => {
  test('starts with gain 1 and bias 0', () => {
    const [gain, bias] = layerNorm({ inputs: 3 }).parameters;
    expect([gain.name, bias.name]).toEqual(['gain', 'bias']);
    expect(Array.from(gain.initial(random(0)))).toEqual([1, 1, 1]);
    expect(Array.from(bias.initial(random(0)))).toEqual([0, 0, 0]);
  });
  test('refuses an epsilon of 0', () => {
    expect(() => layerNorm({ inputs: 3, epsilon: 0 })).toThrow('layerNorm: epsilon is 0');
  });
});

describe('dense', () => {
  const formulas: Record<string, (x: number) => number> = {
    leakyRelu: (x) => (x > 0 ? x : 0.01 * x),
    elu: (x) => (x > 0 ? x : Math.exp(x) - 1),
    softplus: (x) => Math.log(1 + Math.exp(x)),
    softsign: (x) => x / (1 + Math.abs(x)),
    arctan: Math.atan,
  };
  test.each(Object.entries(formulas))('has the activation %s', async (name, formula) => {
    const activation = name as 'leakyRelu' | 'elu' | 'softplus' | 'softsign' | 'arctan';
    const layer = dense({ inputs: 1, outputs: 1, activation });
    const x = normals(9, 2);
    const y = layer.forward(engine.tensor(x, [9, 1]), [engine.tensor([2], [1, 1]), engine.tensor([-0.5])], {
      solves: [],
      memory: emptyMemory(),
    });
    expect(
      relativeError(
        await y.data(),
        x.map((value) => formula(2 * value - 0.5)),
      ),
    ).toBeLessThan(1e-14);
  });
  test('lists the known names when refusing others', () => {
    expect(() => dense({ inputs: 1, outputs: 1, activation: 'gelu' as 'elu' })).toThrow(
      'dense: activation is "gelu"; it must be one of none, relu, tanh, sigmoid, leakyRelu, elu, softplus, softsign, arctan',
    );
  });
});

describe('meanSquaredError', () => {
  test('is the mean of the squares, with its gradient', async () => {
    const loss = meanSquaredError(engine.tensor([1, 2, 3, 4], [2, 2]), engine.tensor([1, 0, 0, 4], [2, 2]));
    expect(Array.from(await loss.data())).toEqual([13 / 4]);
    await gradientChecker(engine)(
      (outputs, targets) => meanSquaredError(outputs, targets),
      [normals(6, 1), normals(6, 2)],
      [
        [2, 3],
        [2, 3],
      ],
    );
  });
  test('refuses shapes that differ', () => {
    expect(() => meanSquaredError(engine.tensor([1, 2]), engine.tensor([1]))).toThrow(
      'meanSquaredError: outputs have shape [2], targets [1]; both must be the same',
    );
  });
});
