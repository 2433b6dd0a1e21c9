/** Operations for models as a whole: values and derivatives of a backend against the float64 reference. */
import { createLinearisation, pushforward } from '../../../src/autodiff/jacobian-products.ts';
import { Tape } from '../../../src/autodiff/tape.ts';
import type { Backend } from '../../../src/backends/backend.ts';
import { argsort, rank, topKMask } from '../../../src/implicit/sorting/rank.ts';
import { sort, topK } from '../../../src/implicit/sorting/sort.ts';
import { concat } from '../../../src/tensor/arrange.ts';
import { Engine } from '../../../src/tensor/engine.ts';
import { proximalSoftmax } from '../../../src/tensor/kernels.ts';
import { gatherRows, scatterRows } from '../../../src/tensor/move-kernels.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { normals, relativeError } from '../../support/numbers.ts';
import type { ParityCase } from './parity.ts';

type Make = (values: ArrayLike<number>, shape: readonly number[]) => Tensor;
/** A function of a [6, 20], b [6, 20] and c [20]. */
type Composite = (a: Tensor, b: Tensor, c: Tensor, make: Make) => Tensor;

const DIFFERENTIABLE: Record<string, Composite> = {
  'layer normalisation and dropout': (a, b, c) =>
    a.layerNorm({ gain: c, bias: b.slice([1, 0], [1, 20]).reshape([20]) }).dropout(0.3, { seed: 2 ** 40 + 7 }),
  'slice, concat and gather': (a, b, c) =>
    concat([a.slice([0, 3], [6, 5]), b.slice([0, 0], [6, 15])], 1)
      .gather([5, 0, 0, 3, 5, 5])
      .mul(c),
  'columns gathered, and rows sorted': (a, b, c) =>
    sort(a)
      .mul(b.gather([19, 3, 3, ...Array.from({ length: 17 }, (_, column) => column)], -1))
      .add(topK(b, 20).mul(c)),
  'maximum, minimum and clip': (a, b, c) => a.maximum(b).minimum(c).clip(-0.7, 0.8).mul(b),
  'activations one after the other': (a, b) =>
    a
      .softplus()
      .mul(b.softsign())
      .add(a.arctan().mul(b.elu(0.5)).leakyRelu(0.2)),
  'softmax and log-softmax': (a, b, c) => a.softmax().mul(b.logSoftmax()).mul(c),
};

/** Functions that are not differentiated. */
const PLAIN: Record<string, Composite> = {
  'gatherRows and scatterRows': (a, b, _, make) =>
    scatterRows(gatherRows(a, make([3, 9, 0, 1], [4])), b.slice([0, 0], [2, 20]), make([2, 0], [2])),
  'ranks, orders and masks': (a, b) => rank(a).add(argsort(b)).add(topKMask(b, 7)),
  proximalSoftmax: (a, _, __, make) => proximalSoftmax(a.mul(3), make([0.4], [1])),
};

async function solveOn(backend: Backend, f: Composite, differentiated: boolean): Promise<ArrayLike<number>[]> {
  const engine = new Engine(backend);
  return engine.tidy(async (scope) => {
    const tape = new Tape();
    const make: Make = (values, shape) => scope.tensor(values, shape);
    const inputs = [make(normals(120, 1), [6, 20]), make(normals(120, 2), [6, 20]), make(normals(20, 3), [20])];
    const [a, b, c] = differentiated ? inputs.map((input) => tape.watch(input)) : inputs;
    const value = f(a, b, c, make);
    const results = [value];
    if (differentiated) {
      const tangents = inputs.map((input, index) => make(normals(input.size, 5 + index), input.shape));
      results.push(...tape.pullback(value, [a, b, c], make(normals(value.size, 4), value.shape)));
      results.push(...pushforward(tape, [a, b, c], tangents, [value]));
    }
    const numbers = await Promise.all(results.map((result) => result.data()));
    tape.dispose();
    return numbers;
  });
}

/**
 * JᵀJ applied to v three times in a loop of a Program. J is taken at kinks (the first row of x is 0), with a selection
 * for each coordinate.
 */
const playingInLoop: ParityCase = {
  name: 'operations: a tape played forwards and backwards in a loop of a Program',
  async run(reference, candidate) {
    const [expected, found] = await Promise.all([productsInLoop(reference), productsInLoop(candidate)]);
    const error = relativeError(found, expected);
    if (!(error <= 256 * candidate.epsilon)) throw new Error(`JᵀJ in a loop differs by ${error}`);
  },
};

async function productsInLoop(backend: Backend): Promise<ArrayLike<number>> {
  const engine = new Engine(backend);
  const matrix = (values: ArrayLike<number>): Tensor => engine.tensor(values, [4, 4]);
  const x = matrix([0, 0, 0, 0, ...normals(12, 1)]);
  const q = matrix(normals(16, 3).map((value) => Math.min(Math.abs(value), 1)));
  const inputs = [x, matrix(normals(16, 2)), q, matrix(normals(16, 4))];
  const [found] = engine.run('played in a loop', inputs, ([x0, W, selected, v0], tracing) => {
    const tape = new Tape();
    const traced = tape.watch(x0);
    const y = traced.matmul(W).relu().maximum(traced.mul(0.5)).tanh();
    const jacobian = createLinearisation(tape, { selection: [selected, 0.25] });
    const running = tracing.constant({ kind: 'fill', value: 0 }, [1]);
    const { v } = tracing.loop(
      { v: v0 },
      () => running,
      3,
      (carried) => ({ v: jacobian.pullback(y, [traced], jacobian.pushforward([traced], [carried.v], [y])[0])[0] }),
    );
    return [v];
  });
  const values = await found.data();
  for (const tensor of [...inputs, found]) tensor.dispose();
  return values;
}

function composite(name: string, f: Composite, differentiated: boolean): ParityCase {
  return {
    name: `operations: ${name}`,
    async run(reference, candidate) {
      const expected = await solveOn(reference, f, differentiated);
      const found = await solveOn(candidate, f, differentiated);
      for (const [index, values] of expected.entries()) {
        const error = relativeError(found[index], values);
        if (!(error <= 64 * candidate.epsilon)) throw new Error(`${name}: result ${index} differs by ${error}`);
      }
    },
  };
}

export const operationCases: readonly ParityCase[] = [
  ...Object.entries(DIFFERENTIABLE).map(([name, f]) => composite(name, f, true)),
  ...Object.entries(PLAIN).map(([name, f]) => composite(name, f, false)),
  playingInLoop,
];
