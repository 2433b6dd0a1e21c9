/** Plain JavaScript may pass anything: every public function refuses an invalid argument by name, or succeeds. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as data from '../../src/data/index.ts';
import * as library from '../../src/index.ts';
import { Model } from '../../src/layers/sequential.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { FAMILIES } from '../support/misuse/families.ts';
import { DATA_FAMILIES } from '../support/misuse/families-data.ts';
import { internalMembers } from '../support/misuse/internal-members.ts';
import { runFamily } from '../support/misuse/run.ts';
import { makeWorld, type World } from '../support/misuse/world.ts';

const CASES = 500;
const ALL = [...FAMILIES, ...DATA_FAMILIES];

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.close());

describe('any invalid argument of', () => {
  test.each(ALL.map((family) => [family.name, family] as const))('%s', async (_, family) => {
    const { faults } = await runFamily(world, family, CASES, Number(process.env.EQUILIBRA_TEST_SEED ?? 1));
    expect(faults).toEqual([]);
  });
});

describe('nothing public is left out', () => {
  const known = new Set(ALL.map(({ name }) => name));
  const isError = (value: object): boolean => (value as { prototype?: unknown }).prototype instanceof Error;

  test('all exported functions are covered', () => {
    const exported = [...Object.entries(library), ...Object.entries(data)];
    const functions = exported.filter(([, value]) => typeof value === 'function' && !isError(value));
    expect(functions.map(([name]) => name).filter((name) => !known.has(name))).toEqual([]);
  });

  /** What solvers and layers of a user may call while a Program is traced, where TypeScript guards; and what takes no argument. */
  const NOT_TRIED = ['loop', 'constant', 'dispose', 'toString', 'summary'];

  test.each([
    ['Tensor', Tensor, 'src/tensor/tensor.ts'],
    ['Model', Model, 'src/layers/sequential.ts'],
    ['Engine', Engine, 'src/tensor/engine.ts'],
  ] as const)('all methods of %s are covered', (name, { prototype }, path) => {
    const internal = internalMembers(path, name);
    const methods = Object.entries(Object.getOwnPropertyDescriptors(prototype))
      .filter(([method, { value }]) => method !== 'constructor' && typeof value === 'function')
      .map(([method]) => method)
      .filter((method) => !internal.has(method) && !NOT_TRIED.includes(method));
    expect(methods.map((method) => `${name}.${method}`).filter((method) => !known.has(method))).toEqual([]);
  });
});

describe('misuse that once passed silently, or failed without naming the argument', () => {
  /** Plain JavaScript does not check types. */
  const any = (value: unknown) => value as never;
  const { monotone, open, lasso, root, fixedPoint, loadCheckpoint, lassoPath, train, dense, sequential } = library;

  test.each<[string, (world: World) => unknown, string]>([
    [
      'monotone({ actvation })',
      () => monotone(any({ inputs: 2, width: 2, actvation: 'tanh' })),
      'monotone: there is no option "actvation"; the nearest is activation',
    ],
    [
      'open({ backnd })',
      () => open(any({ backnd: 'cpu' })),
      'open: there is no option "backnd"; the nearest is backend',
    ],
    [
      'tolerence',
      ({ z0, half }) => fixedPoint(half, any({ unknown: z0, inputs: [], tolerence: 1e-3 })),
      'fixedPoint: there is no option "tolerence"; the nearest is tolerance',
    ],
    [
      'lasso({ positive })',
      ({ X, y }) => lasso(any({ X, y, logLambda: 0, positive: true })),
      'lasso: there is no option "positive"; the nearest is',
    ],
    ["x.add('2')", ({ x }) => x.add(any('2')), 'add: other is "2"; it must be a number or a tensor'],
    ['x.add(NaN)', ({ x }) => x.add(Number.NaN), 'add: other is NaN; it must be finite'],
    [
      'a function that returns a number',
      ({ z0 }) =>
        root(
          any(() => 3),
          { unknown: z0, inputs: [z0] },
        ),
      'root: the function returned 3; it must return a tensor',
    ],
    [
      'an async function',
      ({ z0 }) =>
        root(
          any(async (z: unknown) => z),
          { unknown: z0, inputs: [z0] },
        ),
      'root: the function returned a Promise; it must return a tensor',
    ],
    [
      'inputs: [3]',
      ({ z0, half }) => root(half, any({ unknown: z0, inputs: [3] })),
      'root: inputs[0] is 3; it must be a tensor',
    ],
    ['no inputs', ({ z0, half }) => root(half, any({ unknown: z0 })), 'root: inputs is undefined; it must be a list'],
    ['loadCheckpoint(undefined)', () => loadCheckpoint(any(undefined)), 'bytes is undefined; it must be a Uint8Array'],
    [
      'lassoPath({ timeLimit: 5n })',
      ({ X, y }) => lassoPath(any({ X, y, timeLimit: 5n })),
      'timeLimit: it is 5n; it must be a finite number of milliseconds > 0',
    ],
    ['options that are null', () => open(any(null)), 'open: options is null; it must be an object'],
    [
      'options that are a promise',
      () => open(any(Promise.resolve({}))),
      'open: options is a Promise; it must be an object',
    ],
    [
      'an option that is inherited',
      () => dense(any(Object.create({ inputs: 2, outputs: 2, output: 3 }))),
      'dense: there is no option "output"; the nearest is outputs',
    ],
    [
      'a text that looks like a number',
      ({ x }) => x.relu({ selection: any('0.5') }),
      'relu: selection is "0.5"; it must be a number from 0 to 1',
    ],
    [
      'a disposed tensor',
      ({ x, disposed }) => x.matmul(disposed),
      'matmul: other is a disposed Tensor [2]; it must be a tensor of the same engine',
    ],
    [
      'a tensor of another engine',
      ({ X, foreign }) => lasso({ X, y: foreign, logLambda: 0 }),
      'lasso: y is a Tensor [2, 2] and belongs to another engine; it must be a tensor of that of X',
    ],
    [
      'layers in a list',
      ({ layer }) => sequential(any([layer])),
      'sequential: layer 0 is [an object]; it must be a layer',
    ],
    [
      'data in the place of the model',
      ({ engine, samples, model }) => train(engine, any(samples), any(model)),
      'train: model is {"inputs":a Float32Array of 6',
    ],
    [
      'a loss that returns nothing',
      ({ engine, model, samples }) => train(engine, model, samples, { loss: any(() => undefined) }),
      'train: loss returned undefined; it must return a tensor that holds one number',
    ],
    [
      'a schedule that gives NaN',
      ({ engine, model, samples }) =>
        train(engine, model, samples, { optimiser: library.adam({ rate: () => Number.NaN }), epochs: 1 }),
      'returned NaN; it must return a finite number ≥ 0',
    ],
    [
      'a layer that returns another shape',
      ({ engine, samples, layer }) => {
        const own = { ...layer, kind: 'own', forward: (given: library.Tensor) => given.sum() };
        return train(engine, sequential(own), samples, { epochs: 1 });
      },
      'model: layer 0 (own): forward returned a Tensor []; it must return a tensor [3, 2]',
    ],
  ])('%s', async (_, call, message) => {
    await expect((async () => call(world))()).rejects.toThrow(message);
  });

  test('a tensor from outside that a loss returns stays the caller’s', async () => {
    const outside = world.engine.tensor([2]);
    await expect(library.valueAndGrad(() => outside, [world.x])).rejects.toThrow('computed from none of the inputs');
    expect(Array.from(await outside.data())).toEqual([2]);
    outside.dispose();
  });

  test('a refused operation leaks nothing', () => {
    const before = world.engine.memory();
    expect(() => world.x.relu({ selection: 2 })).toThrow('selection is 2');
    expect(() => world.x.abs({ selection: -1 })).toThrow('selection is -1');
    expect(world.engine.memory().buffers).toBe(before.buffers);
  });

  test('options are read once, so that later changes of the object have no effect', async () => {
    let reads = 0;
    const given = {
      unknown: world.z0,
      inputs: [],
      get tolerance() {
        reads += 1;
        return reads === 1 ? 1e-3 : Number.NaN;
      },
    };
    const z = fixedPoint((value) => value.mul(0.5).add(1), given);
    expect((await z.solve.report).tolerance).toBe(1e-3);
    z.dispose();
  });
});
