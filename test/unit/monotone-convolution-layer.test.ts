/** The layer `monotoneConvolution`: the reference networks with a border, tangents, and what is refused. */
import { afterAll, describe, expect, test } from 'vitest';
import { pushforward } from '../../src/autodiff/jacobian-products.ts';
import { Tape } from '../../src/autodiff/tape.ts';
import { random } from '../../src/data/random.ts';
import { monotoneConvolution, sequential } from '../../src/index.ts';
import { loadConvolutions } from '../fixtures/load.ts';
import { correlationMatrix } from '../support/dense-convolution.ts';
import { createOracle } from '../support/engines.ts';
import { dot, matmul, norm, normals, relativeError, transpose } from '../support/numbers.ts';

const engine = createOracle();
afterAll(() => engine.close());

const flat = (values: unknown): number[] => [values].flat(Number.POSITIVE_INFINITY as 1) as number[];
const NAMES = ['A', 'B', 'g', 'h', 'U', 'c'] as const;

describe('the reference networks', () => {
  const cases = loadConvolutions().filter(({ x }) => x !== undefined);

  test.each(cases.map((each) => [each.name, each] as const))('%s', async (_, each) => {
    const [{ channels, torus, interior = torus }] = each.tiers;
    const inputChannels = flat(each.U).length / (channels * 9);
    const layer = monotoneConvolution({
      ...{ inputChannels, channels, size: interior, margin: each.m, tolerance: 1e-14 },
      activation: each.activation as 'relu',
    });
    const tape = new Tape();
    const parameters = layer.parameters.map(({ name, shape }) =>
      tape.watch(engine.tensor(flat(each[name as (typeof NAMES)[number]]), shape)),
    );
    const x = tape.watch(engine.tensor(flat(each.x), [2, layer.inputs]));
    const output = layer.forward(x, parameters, { solves: [], memory: { numbers: new Map(), tensors: new Map() } });
    const inside = (rows: readonly (readonly number[])[]): number[] =>
      rows.flatMap((row) =>
        row.filter((_, at) => {
          const [y, column] = [Math.floor((at % (torus[0] * torus[1])) / torus[1]), at % torus[1]];
          return y >= 1 && y <= interior[0] && column >= 1 && column <= interior[1];
        }),
      );
    expect(relativeError(await output.data(), inside(each.z))).toBeLessThan(1e-10);
    const gradients = tape.pullback(output, [...parameters, x], engine.tensor(inside(each.v), output.shape));
    for (const [at, name] of [...NAMES, 'x' as const].entries()) {
      const expected = flat(each[`grad_${name}`]);
      expect(relativeError(await gradients[at].data(), expected), name).toBeLessThan(1e-8);
    }
    // v·ż for a change of all is the sum of the gradients' products with it.
    const changed = [...parameters, x];
    const changes = changed.map((tensor, at) => engine.tensor(normals(tensor.size, 50 + at), tensor.shape));
    const [tangent] = pushforward(tape, changed, changes, [output]);
    const terms = await Promise.all(
      changes.map(async (change, at) => dot(await change.data(), await gradients[at].data())),
    );
    expect(dot(await tangent.data(), inside(each.v))).toBeCloseTo(
      terms.reduce((a, b) => a + b, 0),
      8,
    );
    // A change of c alone: the tangent has no other term to join.
    const [ofBias] = pushforward(tape, [parameters[5]], [changes[5]], [output]);
    expect(dot(await ofBias.data(), inside(each.v))).toBeCloseTo(terms[5], 8);
  });
});

test('images that continue on the opposite side have no border', async () => {
  const layer = monotoneConvolution({
    inputChannels: 2,
    channels: 2,
    size: [3, 4],
    border: 'periodic',
    activation: 'tanh',
    tolerance: 1e-14,
  });
  const values = layer.parameters.map(({ initial }, index) => initial(random(index)));
  const parameters = layer.parameters.map(({ shape }, index) => engine.tensor(values[index], shape));
  const x = normals(24, 3);
  const z = await layer
    .forward(engine.tensor(x, [1, 24]), parameters, { solves: [], memory: { numbers: new Map(), tensors: new Map() } })
    .data();
  const problem = { channels: 2, torus: [3, 4] as const, size: 3 };
  const unit = (at: number): number[] => Array.from(values[at], (each) => each / norm(values[at]));
  const [A, B, U] = [unit(0), unit(1), values[4]].map((kernel) => correlationMatrix(kernel, problem));
  const times = (matrix: number[], vector: ArrayLike<number>): number[] => matmul(matrix, vector, 24, 24, 1);
  const [AA, Bz, Btz] = [times(transpose(A, 24, 24), times(A, z)), times(B, z), times(transpose(B, 24, 24), z)];
  // m = γ = η = 1: Wz = −AᵀAz + Bz − Bᵀz.
  const expected = times(U, x).map((value, i) =>
    Math.tanh(value + values[5][Math.floor(i / 12)] - AA[i] + Bz[i] - Btz[i]),
  );
  expect(relativeError(z, expected)).toBeLessThan(1e-6);
});

test('a model of it can be described and made again', async () => {
  const model = sequential(monotoneConvolution({ inputChannels: 1, channels: 2, size: [3, 3], kernel: 1 }));
  expect([model.inputs, model.outputs]).toEqual([9, 18]);
  const [{ options }] = model.layers;
  expect(monotoneConvolution(JSON.parse(JSON.stringify(options))).options).toEqual(options);
});

describe('is refused by name', () => {
  const valid = { inputChannels: 1, channels: 2, size: [3, 3] as const };
  test.each<[object, string]>([
    [{ kernel: 2 }, 'kernel is 2; it must be odd'],
    [{ kernel: 0 }, 'kernel is 0'],
    [{ channels: 0 }, 'channels is 0'],
    [{ size: [3] }, 'size: it is [3]; it must be a list of two positive integers'],
    [{ size: [3, 0] }, 'size[1] is 0'],
    [{ border: 'reflect' }, 'border is "reflect"; it must be zeros or periodic'],
    [{ margin: 0 }, 'margin: it is 0'],
    [{ activation: { name: 'relu', mask: [1] } }, 'the mask of activation is [1]; it must be left out'],
    [{ step: 'tuned', solver: 'picard' }, 'step is "tuned"'],
    [{ widht: 3 }, 'there is no option "widht"'],
  ])('%j', (change, message) => {
    expect(() => monotoneConvolution({ ...valid, ...change })).toThrow(message);
  });
});
