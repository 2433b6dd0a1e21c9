/** Inverses and minimisers, compared with closed forms. */
import { afterAll, describe, expect, test } from 'vitest';
import { valueAndGrad } from '../../src/autodiff/gradient.ts';
import { Tape } from '../../src/autodiff/tape.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { argmin, inverse } from '../../src/implicit/inverse-and-argmin.ts';
import { Engine } from '../../src/tensor/engine.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { zerosOn } from '../support/engines.ts';
import {
  centralDifferences,
  denseSolve,
  gradientError,
  matmul,
  normals,
  relativeError,
  transpose,
} from '../support/numbers.ts';

const engine = new Engine(openCPU());
afterAll(() => engine.close());
const zeros = zerosOn(engine);

describe('inverse', () => {
  test('of z + z³ by Newton-Krylov, with its slope 1/(1 + 3z²)', async () => {
    const tape = new Tape();
    const z = [-1.5, 0, 0.3, 2];
    const x = tape.watch(
      engine.tensor(
        z.map((y) => y + y ** 3),
        [4, 1],
      ),
    );
    const found = inverse((y) => y.add(y.square().mul(y)), x, { unknown: zeros(4, 1), tolerance: 1e-12 });
    expect(relativeError(await found.data(), z)).toBeLessThan(1e-10);
    const [slope] = tape.pullback(found, [x], engine.tensor([1, 1, 1, 1], [4, 1]));
    expect(
      relativeError(
        await slope.data(),
        z.map((y) => 1 / (1 + 3 * y * y)),
      ),
    ).toBeLessThan(1e-9);
  });

  test("of Clarke's map (|a| + b, 2a + |b|) at 0: an inverse of [α 1; 2 β] for every selection", async () => {
    for (const [p, q] of [
      [0, 0],
      [0, 1],
      [0.5, 0.5],
      [1, 0.25],
    ]) {
      const tape = new Tape();
      const x = tape.watch(zeros(1, 2));
      const found = inverse(
        (z) => {
          const [a, b] = [z.slice([0, 0], [1, 1]), z.slice([0, 1], [1, 1])];
          const [first, second] = [a.abs({ selection: p }).add(b), a.mul(2).add(b.abs({ selection: q }))];
          return first.matmul(engineConstant([1, 0], z)).add(second.matmul(engineConstant([0, 1], z)));
        },
        x,
        { unknown: zeros(1, 2), solver: 'given' },
      );
      const [alpha, beta] = [2 * p - 1, 2 * q - 1];
      const determinant = alpha * beta - 2;
      for (const [row, expected] of [
        [
          [1, 0],
          [beta / determinant, -1 / determinant],
        ],
        [
          [0, 1],
          [-2 / determinant, alpha / determinant],
        ],
      ]) {
        const [gradient] = tape.pullback(found, [x], engine.tensor(row, [1, 2]));
        expect(relativeError(await gradient.data(), expected)).toBeLessThan(1e-12);
      }
    }
  });
});

/** A tensor of numbers where z is, inside a Program too. */
function engineConstant(values: number[], z: Tensor): Tensor {
  return z.context.upload(values, [1, values.length], z);
}

describe('argmin', () => {
  const [rows, n] = [7, 4];
  const X = normals(rows * n, 1);
  const y = normals(rows, 2);
  const gram = matmul(transpose(X, rows, n), X, n, rows, n);
  const moment = matmul(transpose(X, rows, n), y, n, rows, 1);

  test('ridge regression: the minimiser, and the slope of ½‖β‖² in the logarithm of the penalty', async () => {
    const penalty = 0.7;
    const G = gram.map((value, at) => value + (Math.floor(at / n) === at % n ? penalty : 0));
    const beta = denseSolve(G, moment, n);
    // dβ/d ln λ = −λ G⁻¹β
    const slope = -penalty * denseSolve(G, beta, n).reduce((sum, value, i) => sum + value * beta[i], 0);
    const lossOf = (logarithm: Tensor): Tensor => {
      const solution = argmin(
        (b, design, target, l) =>
          b.matmul(design, { transposeB: true }).sub(target).square().sum().add(b.square().sum().mul(l.exp())).mul(0.5),
        {
          unknown: zeros(1, n),
          inputs: [engine.tensor(X, [rows, n]), engine.tensor(y, [1, rows]), logarithm],
          tolerance: 1e-12,
        },
      );
      return solution.square().sum().mul(0.5);
    };
    const [value, [gradient]] = await valueAndGrad(lossOf, [engine.tensor([Math.log(penalty)])]);
    expect(value).toBeCloseTo(0.5 * beta.reduce((sum, b) => sum + b * b, 0), 10);
    expect((await gradient.data())[0]).toBeCloseTo(slope, 9);
  });

  test('with a proximal: the Lasso of an orthogonal design is a soft threshold, and so is its slope', async () => {
    const target = [3, -0.2, -1.5];
    const tape = new Tape();
    const y0 = tape.watch(engine.tensor(target, [1, 3]));
    const found = argmin((b, given) => b.sub(given).square().sum(-1).mul(0.5), {
      unknown: zeros(1, 3),
      inputs: [y0],
      proximal: (x, step) => x.softThreshold(0.5 * step),
      step: 0.7,
      tolerance: 1e-12,
    });
    expect(relativeError(await found.data(), [2.5, 0, -1])).toBeLessThan(1e-11);
    const [gradient] = tape.pullback(found, [y0], engine.tensor([1, 1, 1], [1, 3]));
    expect(relativeError(await gradient.data(), [1, 0, 1])).toBeLessThan(1e-10);
  });

  test('a non-quadratic function of several samples: gradients against central differences', async () => {
    // Logistic regression with a quartic penalty, where each sample has its own offset.
    const labels = normals(rows, 3).map(Math.sign);
    const lossOf = (design: Tensor, offsets: Tensor, penalty: Tensor): Tensor =>
      argmin(
        (b, x, shift, weight) =>
          b
            .matmul(x, { transposeB: true })
            .mul(b.context.upload(labels, [1, rows], b))
            .add(shift)
            .neg()
            .softplus()
            .mean(-1)
            .add(b.square().square().sum(-1).add(b.square().sum(-1)).mul(weight)),
        { unknown: zeros(3, n), inputs: [design, offsets, penalty], tolerance: 1e-13 },
      )
        .mul(engine.tensor(normals(3 * n, 4), [3, n]))
        .sum();
    const arrays = [X, normals(3, 5), [0.3]];
    const shapes = [[rows, n], [3, 1], [1]];
    const tensors = (values: readonly number[][]): Tensor[] =>
      values.map((array, index) => engine.tensor(array, shapes[index]));
    const [, gradients] = await valueAndGrad((x, shift, weight) => lossOf(x, shift, weight), tensors(arrays));
    for (const [index, gradient] of gradients.entries()) {
      const lossAt = async (values: number[][]): Promise<number> => {
        const [x, shift, weight] = tensors(values);
        return (await lossOf(x, shift, weight).data())[0];
      };
      expect(gradientError(await gradient.data(), await centralDifferences(lossAt, arrays, index))).toBeLessThan(1e-6);
    }
  });

  test('the certificate uses the Hessian: it vanishes for (z − x)⁴, but not for (z − x)⁴ + z²', async () => {
    const at = (ψ: (z: Tensor, x: Tensor) => Tensor) =>
      argmin(ψ, { unknown: zeros(1, 1), inputs: [zeros(1, 1)], solver: 'given' }).solve.certify();
    expect(await at((z, x) => z.sub(x).square().square())).toMatchObject({
      status: 'failed',
      argument: 'singular base',
    });
    const certificate = await at((z, x) => z.sub(x).square().square().add(z.square()));
    expect(certificate).toMatchObject({ status: 'certified', argument: 'no kinks' });
    expect(certificate.samples[0].nearest?.smallestSingularValue).toBeCloseTo(2, 12);
  });

  test('wrong arguments', () => {
    const half = (z: Tensor): Tensor => z.square().mul(0.5);
    const given = { unknown: zeros(1, 1), inputs: [] };
    expect(() => argmin(half, { ...given, proximal: (x) => x })).toThrow(
      'argmin: step is undefined; with a proximal it must be a finite number > 0',
    );
    expect(() => argmin(half, { ...given, step: 1 })).toThrow(
      'argmin: step is 1; it is for a proximal, and none is given',
    );
    expect(() => argmin(half, { ...given, solver: 'picard' })).toThrow(
      'argmin: solver is "picard", which needs a proximal',
    );
    expect(() => argmin((z) => z.relu().square(), given)).toThrow('the derivative of relu jumps');
  });
});
