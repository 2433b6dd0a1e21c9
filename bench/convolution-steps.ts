/** How many iterations of Peaceman-Rachford the networks need under the rule of Winston & Kolter's code. */
import type { Samples } from '../src/data/index.ts';
import { interiorMask, monotoneConvolutionMap } from '../src/implicit/monotone-convolution.ts';
import {
  crossEntropy,
  type Engine,
  type Model,
  monotoneFixedPoint,
  oneHot,
  type Tensor,
  valueAndGrad,
} from '../src/index.ts';
import { cutBorder } from '../src/layers/image-border.ts';
import { inputConvolution } from '../src/layers/input-convolution.ts';
import { emptyMemory } from '../src/layers/layer.ts';
import { CLASSES, type Network, TOLERANCE, UNREACHABLE } from './convolution-networks.ts';

/** Iterations up to the first whose step is at most 1e-2 of what it leads to, over the whole batch. */
export interface StepCounts {
  readonly forward: number;
  readonly backward: number;
}

/** No network needs more by far. */
const MOST = 50;
const KERNEL = 3;

/**
 * Counts by solves that end after 1, 2, 3, … iterations. Forward, the steps are those of z; backward, those of the
 * gradient in Ux + c, which is J in place of σ of the adjoint's iterate.
 * @param model a monotone convolution and a dense layer
 */
export async function countSteps(
  engine: Engine,
  model: Model,
  network: Network,
  samples: Samples,
): Promise<StepCounts> {
  const { channels, size } = network;
  const ring = (KERNEL - 1) / 2;
  const outer = [size[0] + 2 * ring, size[1] + 2 * ring] as const;
  const border = { inner: size, outer, ring };
  const activation = { name: 'relu', mask: interiorMask(channels, outer, size, ring) } as const;
  const [A, B, g, h, U, c, ...head] = model.parameters.map(({ value }) => value);
  const { count, features } = samples;
  const options = {
    activation,
    solver: 'peaceman-rachford',
    linearSolver: 'peaceman-rachford',
    onFailure: 'report',
  } as const;
  return engine.tidy(async (scope) => {
    const x = scope.tensor(samples.inputs, [count, features]);
    const targets = scope.tensor(oneHot(samples.labels, CLASSES), [count, CLASSES]);
    const b = inputConvolution(engine, [x, U, c], border);
    const map = monotoneConvolutionMap(A, B, g, h, { torus: outer });
    const solve = (bias: Tensor, more: object): Tensor =>
      monotoneFixedPoint(map, bias, { ...options, tolerance: TOLERANCE, ...more }).z;
    const after = (limit: number): Promise<Iterate> =>
      engine.tidy(async () => solve(b, { tolerance: UNREACHABLE, limit }).data());
    const adjointAfter = (limit: number): Promise<Iterate> =>
      engine.tidy(async () => {
        const lossOf = (bias: Tensor): Tensor => {
          const z = solve(bias, { backwardTolerance: UNREACHABLE, backwardLimit: limit });
          const pass = { solves: [], memory: emptyMemory() };
          return crossEntropy(model.layers[1].forward(cutBorder(z, border), head, pass), targets);
        };
        const [, [gradient]] = await valueAndGrad(lossOf, [b]);
        return gradient.data();
      });
    return { forward: await countUntilSettled(after), backward: await countUntilSettled(adjointAfter) };
  });
}

type Iterate = ArrayLike<number>;

/** The first number of iterations whose result differs from the one before by at most the tolerance; it starts from 0. */
async function countUntilSettled(after: (limit: number) => Promise<Iterate>): Promise<number> {
  let before: Iterate = [];
  for (let limit = 1; limit <= MOST; limit++) {
    const now = await after(limit);
    let [change, size] = [0, 0];
    for (let index = 0; index < now.length; index++) {
      change += (now[index] - (before[index] ?? 0)) ** 2;
      size += now[index] ** 2;
    }
    if (Math.sqrt(change) <= TOLERANCE * Math.sqrt(size)) return limit;
    before = now;
  }
  throw new Error(`no step of ${MOST} was at most ${TOLERANCE} of what it leads to`);
}
