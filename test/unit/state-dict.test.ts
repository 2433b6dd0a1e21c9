/** Parameters out of a model and into one: by its own names, and as PyTorch has them (examples/from-pytorch). */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareOutputs, loadNetwork } from '../../examples/from-pytorch/network.ts';
import { DataError, parseSafetensors, writeSafetensors } from '../../src/data/index.ts';
import {
  contractive,
  dense,
  dropout,
  type Engine,
  layerNorm,
  loadParameters,
  loadStateDict,
  monotone,
  open,
  saveParameters,
  sequential,
  sparseCoding,
  stateDictOf,
} from '../../src/index.ts';

const folder = fileURLToPath(new URL('../../examples/from-pytorch', import.meta.url));
const { tensors } = parseSafetensors(readFileSync(`${folder}/network.safetensors`));

let cpu: Engine;
let wasm: Engine;
beforeAll(async () => {
  [cpu, wasm] = await Promise.all([open({ backend: 'cpu' }), open({ backend: 'wasm' })]);
});
afterAll(() => {
  cpu.close();
  wasm.close();
});

const network = (margin = 0.5) =>
  sequential(monotone({ inputs: 6, width: 20, margin }), dense({ inputs: 20, outputs: 3 }));

describe('a network of PyTorch', () => {
  test('computes what NumPy computed in float64', async () => {
    for (const [engine, tolerance] of [
      [cpu, 1e-12],
      [wasm, 1e-5],
    ] as const) {
      const model = await loadNetwork(engine, folder);
      expect((await compareOutputs(engine, model, folder)).error).toBeLessThan(tolerance);
      model.dispose();
    }
  });

  test('comes back bit for bit', async () => {
    const model = await loadNetwork(wasm, folder);
    const again = parseSafetensors(writeSafetensors(await stateDictOf(model), { metadata: { format: 'pt' } }));
    expect([...again.tensors].sort()).toEqual([...tensors].sort());
    model.dispose();
  });

  test('has names of its own for the layers', async () => {
    const model = sequential(
      dense({ inputs: 2, outputs: 3, activation: 'tanh' }),
      layerNorm({ inputs: 3 }),
      dropout({ inputs: 3 }),
      monotone({ inputs: 3, width: 4 }),
    );
    model.initialise(cpu, 3);
    const state = await stateDictOf(model, { prefixes: ['first', 'norm', '', 'deq.linear'] });
    expect([...state].map(([name, { shape }]) => `${name} ${shape}`)).toEqual([
      ...['first.weight 3,2', 'first.bias 3', 'norm.weight 3', 'norm.bias 3'],
      ...['deq.linear.A.weight 4,4', 'deq.linear.B.weight 4,4', 'deq.linear.U.weight 4,3', 'deq.linear.U.bias 4'],
    ]);
    model.dispose();
  });

  test.each(['parametrise', 'project'] as const)('of a contractive layer comes back: %s', async (constraint) => {
    const create = () => sequential(contractive({ inputs: 3, width: 4, constraint }), dense({ inputs: 4, outputs: 2 }));
    const [model, again] = [create(), create()];
    const prefixes = ['deq', 'out'];
    model.initialise(cpu, 3);
    const state = await stateDictOf(model, { prefixes });
    const matrix = constraint === 'project' ? 'A' : 'V';
    expect([...state.keys()].slice(0, 3)).toEqual([`deq.${matrix}.weight`, 'deq.B.weight', 'deq.B.bias']);
    loadStateDict(again, cpu, state, { prefixes });
    expect(await stateDictOf(again, { prefixes })).toEqual(state);
    for (const one of [model, again]) one.dispose();
  });

  test('an array that is missing, too many, of another shape or type is named', () => {
    const changed = (change: (arrays: Map<string, unknown>) => void) => {
      const arrays = new Map<string, unknown>(tensors);
      change(arrays);
      return () => loadStateDict(network(), cpu, arrays as typeof tensors);
    };
    const name = 'mon.linear_module.A.weight';
    expect(changed((arrays) => arrays.delete(name))).toThrow(DataError);
    expect(changed((arrays) => arrays.delete(name))).toThrow(`"${name}" is missing`);
    expect(changed((arrays) => arrays.set('Wout.more', tensors.get(name)))).toThrow('no parameter for "Wout.more"');
    expect(changed((arrays) => arrays.set(name, tensors.get('Wout.weight')))).toThrow(
      `"${name}" has the shape [3, 20]; the model has [20, 20] there`,
    );
    const integers = { type: 'int32', shape: [20, 20], values: new Int32Array(400) };
    expect(changed((arrays) => arrays.set(name, integers))).toThrow(`"${name}" holds int32`);
  });

  test('a number that the backend cannot hold is named, and the model stays as it was', async () => {
    const model = network();
    loadStateDict(model, wasm, tensors);
    const before = await stateDictOf(model);
    const name = 'Wout.bias';
    for (const [wrong, shown] of [
      [Number.NaN, 'NaN'],
      [1e300, '1e+300'],
    ] as const) {
      const array = { type: 'float64', shape: [3], values: Float64Array.of(0, wrong, 0) } as const;
      const load = () => loadStateDict(model, wasm, new Map([...tensors, [name, array]]));
      expect(load).toThrow(DataError);
      expect(load).toThrow(`"${name}" holds ${shown}, number 1 of it`);
    }
    expect(await stateDictOf(model)).toEqual(before);
    model.dispose();
  });

  test('goes from model to model, also between backends', async () => {
    const model = network();
    loadStateDict(model, wasm, tensors);
    const copy = network();
    loadStateDict(copy, cpu, await stateDictOf(model));
    const [from, to] = [await stateDictOf(model), await stateDictOf(copy)];
    for (const [name, { values }] of from)
      expect(Float32Array.from(to.get(name)?.values ?? [], Number)).toEqual(values);
    for (const each of [model, copy]) each.dispose();
  });

  test('a model whose layers need prefixes, or have no counterpart, is refused', async () => {
    const other = sequential(dense({ inputs: 2, outputs: 2 }));
    other.initialise(cpu);
    await expect(stateDictOf(other)).rejects.toThrow('prefixes is undefined; the layers are dense');
    await expect(stateDictOf(other, { prefixes: ['a', 'b'] })).rejects.toThrow('a list of 1, one for each layer');
    const twice = sequential(dense({ inputs: 2, outputs: 2 }), dense({ inputs: 2, outputs: 2 }));
    twice.initialise(cpu);
    await expect(stateDictOf(twice, { prefixes: ['a', 'a'] })).rejects.toThrow('the name a.weight twice');
    const sparse = sequential(sparseCoding({ inputs: 4, features: 2 }));
    sparse.initialise(cpu);
    await expect(stateDictOf(sparse, { prefixes: ['a'] })).rejects.toThrow('layer 0 is of the kind sparseCoding');
    for (const model of [other, twice, sparse]) model.dispose();
  });
});

describe('saveParameters and loadParameters', () => {
  test('restore every parameter bit for bit, by its own name, also into a model without parameters', async () => {
    for (const engine of [cpu, wasm]) {
      const model = network();
      model.initialise(engine, 5);
      const bytes = await saveParameters(model, { metadata: { by: 'a test' } });
      expect(parseSafetensors(bytes).metadata).toEqual({ by: 'a test' });
      const copy = network();
      loadParameters(copy, engine, bytes);
      const [given, found] = await Promise.all(
        [model, copy].map(({ parameters }) =>
          Promise.all(parameters.map(async ({ name, value }) => [name, await value.data()])),
        ),
      );
      expect(found).toEqual(given);
      expect([...parseSafetensors(bytes).tensors.keys()].sort()).toEqual(found.map(([name]) => name).sort());
      const before = engine.memory().buffers;
      loadParameters(copy, engine, bytes);
      expect(engine.memory().buffers).toBe(before);
      model.dispose();
      copy.dispose();
    }
  });

  test('refuse the parameters of another model', async () => {
    const other = sequential(dense({ inputs: 6, outputs: 3 }));
    other.initialise(cpu);
    const bytes = await saveParameters(other);
    expect(() => loadParameters(network(), cpu, bytes)).toThrow('"0.monotone.A" is missing');
    other.dispose();
  });
});
