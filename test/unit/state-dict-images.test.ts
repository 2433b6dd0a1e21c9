/** Networks for images as PyTorch has them: a residual network that NumPy wrote and computed, and its statistics. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FileArray, numbersOf, parseSafetensors, readNPZ, writeSafetensors } from '../../src/data/index.ts';
import {
  activation,
  batchNorm,
  convolution,
  dense,
  type Engine,
  flatten,
  loadParameters,
  loadStateDict,
  type Model,
  maximumPooling,
  open,
  residual,
  saveParameters,
  sequential,
  sparseCoding,
  stateDictOf,
} from '../../src/index.ts';

const file = (name: string): Uint8Array => readFileSync(new URL(`../fixtures/arrays/${name}`, import.meta.url));
const { tensors } = parseSafetensors(file('residual-network.safetensors'));

let cpu: Engine;
let wasm: Engine;
beforeAll(async () => {
  [cpu, wasm] = await Promise.all([open({ backend: 'cpu' }), open({ backend: 'wasm' })]);
});
afterAll(() => {
  cpu.close();
  wasm.close();
});

const size = [2, 5] as const;
const images = { channels: 3, size };
const network = (): Model =>
  sequential(
    convolution({
      inputChannels: 2,
      channels: 3,
      size: [4, 6],
      kernel: [3, 2],
      stride: [2, 1],
      padding: [1, 0],
      bias: false,
    }),
    batchNorm({ ...images, activation: 'relu' }),
    residual(
      convolution({ inputChannels: 3, ...images, padding: 1 }),
      batchNorm({ ...images, activation: 'relu' }),
      convolution({ inputChannels: 3, ...images, kernel: 1, bias: false }),
      batchNorm(images),
    ),
    activation({ ...images, activation: 'relu' }),
    maximumPooling({ ...images, window: 2 }),
    flatten({ channels: 3, size: [1, 2] }),
    dense({ inputs: 6, outputs: 4 }),
  );
const BLOCK = ['layer1.conv1', 'layer1.bn1', 'layer1.conv2', 'layer1.bn2'];
const prefixes = ['conv1', 'bn1', BLOCK, '', '', '', 'fc'];

describe('a residual network of PyTorch', () => {
  test('computes what NumPy computed in float64', async () => {
    const arrays = await readNPZ(file('residual-network.npz'));
    const [inputs, outputs] = ['inputs', 'outputs'].map((name) => numbersOf(arrays.get(name) as FileArray));
    for (const [engine, digits] of [
      [cpu, 12],
      [wasm, 4],
    ] as const) {
      const model = network();
      loadStateDict(model, engine, tensors, { prefixes });
      const found = await model.predictValues(inputs);
      expect(found).toHaveLength(20);
      for (const [at, value] of outputs.entries()) expect(found[at]).toBeCloseTo(value, digits);
      model.dispose();
    }
  });

  test('comes back bit for bit, with the number of batches', async () => {
    const model = network();
    loadStateDict(model, wasm, tensors, { prefixes });
    expect(model.memories[2].numbers.get('3.batches')).toBe(17);
    const again = parseSafetensors(writeSafetensors(await stateDictOf(model, { prefixes })));
    expect([...again.tensors].sort()).toEqual([...tensors].sort());
    model.dispose();
  });

  test('a model that was not trained has the statistics with which PyTorch starts', async () => {
    const model = sequential(batchNorm({ inputs: 2 }));
    model.initialise(cpu);
    const state = await stateDictOf(model, { prefixes: [''] });
    expect([...state].map(([name, { shape, values }]) => [name, shape, [...values]])).toEqual([
      ['weight', [2], [1, 1]],
      ['bias', [2], [0, 0]],
      ['running_mean', [2], [0, 0]],
      ['running_var', [2], [1, 1]],
      ['num_batches_tracked', [], [0n]],
    ]);
    model.dispose();
  });

  test('a text for a residual stands for nn.Sequential', async () => {
    const model = sequential(residual(dense({ inputs: 2, outputs: 2 }), residual(batchNorm({ inputs: 2 }))));
    model.initialise(cpu);
    const names = async (prefix: Parameters<typeof stateDictOf>[1]) => [...(await stateDictOf(model, prefix)).keys()];
    const statistics = ['running_mean', 'running_var', 'num_batches_tracked'];
    expect(await names({ prefixes: ['block'] })).toEqual(
      ['0.weight', '0.bias', '1.0.weight', '1.0.bias', ...statistics.map((name) => `1.0.${name}`)].map(
        (name) => `block.${name}`,
      ),
    );
    expect((await names({ prefixes: [['', ['norm']]] }))[3]).toBe('norm.bias');
    model.dispose();
  });

  test('what is missing, too many or wrong is named', async () => {
    const load = (change: (arrays: Map<string, FileArray>) => void, given: typeof prefixes = prefixes) => {
      const arrays = new Map(tensors);
      change(arrays);
      return () => loadStateDict(network(), cpu, arrays, { prefixes: given });
    };
    const keep = (): void => {};
    expect(load((arrays) => arrays.delete('bn1.running_var'))).toThrow('"bn1.running_var" is missing');
    expect(load((arrays) => arrays.delete('bn1.num_batches_tracked'))).not.toThrow();
    expect(load((arrays) => arrays.set('bn1.running_mean', tensors.get('fc.bias') as FileArray))).toThrow(
      '"bn1.running_mean" has the shape [4]; the model has [3] there',
    );
    expect(load((arrays) => arrays.set('fc.running_mean', tensors.get('fc.bias') as FileArray))).toThrow(
      'no parameter for "fc.running_mean"',
    );
    expect(load(keep, ['conv1', 'bn1', ['a', 'b'], '', '', '', 'fc'])).toThrow(
      'loadStateDict: prefixes[2][2] is undefined; it must be a text, for a convolution',
    );
    expect(load(keep, ['conv1', ['bn1'], BLOCK, '', '', '', 'fc'])).toThrow(
      'prefixes[1] is ["bn1"]; it must be a text',
    );
    const sparse = sequential(residual(sparseCoding({ inputs: 4, features: 4 })));
    sparse.initialise(cpu);
    await expect(stateDictOf(sparse, { prefixes: ['a'] })).rejects.toThrow('layer 0.0 is of the kind sparseCoding');
    sparse.dispose();
  });
});

test('saveParameters and loadParameters keep running statistics: what is loaded predicts the same', async () => {
  const model = network();
  loadStateDict(model, wasm, tensors, { prefixes });
  const copy = network();
  loadParameters(copy, wasm, await saveParameters(model));
  const rows = new Float32Array(96).fill(0.5);
  expect(await copy.predictValues(rows)).toEqual(await model.predictValues(rows));
  expect(copy.memories.map(({ numbers }) => [...numbers])).toEqual(model.memories.map(({ numbers }) => [...numbers]));
  const { buffers } = wasm.memory();
  loadParameters(copy, wasm, await saveParameters(model));
  expect(wasm.memory().buffers).toBe(buffers);
  model.dispose();
  copy.dispose();
});
