/**
 * Lasso problems as a whole: solutions, gradients, tangents and verdicts of a backend against the float64 reference.
 */
import { pushforward } from '../../../src/autodiff/jacobian-products.ts';
import { Tape } from '../../../src/autodiff/tape.ts';
import type { Backend } from '../../../src/backends/backend.ts';
import { lasso } from '../../../src/implicit/lasso/lasso.ts';
import type { LassoOptions } from '../../../src/implicit/lasso/options.ts';
import { isSolved } from '../../../src/solvers/report.ts';
import { Engine } from '../../../src/tensor/engine.ts';
import { sizeOf } from '../../../src/tensor/shape.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { normals, relativeError } from '../../support/numbers.ts';
import type { ParityCase } from './parity.ts';

/** The arguments that are differentiated, by name: numbers and their shape. */
type Arguments = Readonly<
  Record<'X' | 'y' | 'logLambda', Argument> & Partial<Record<'weights' | 'ridge' | 'masks', Argument>>
>;
type Argument = readonly [values: readonly number[], shape: readonly number[]];

interface Answer {
  /** β, β₀, the gradients by name, and the tangent of β. */
  readonly parts: Readonly<Record<string, ArrayLike<number>>>;
  /** Support and equicorrelation set of each problem. */
  readonly verdict: string;
}

async function answer(
  backend: Backend,
  given: Arguments,
  options: Pick<LassoOptions, 'intercept' | 'solver' | 'selection'>,
): Promise<Answer> {
  const engine = new Engine(backend);
  return engine.tidy(async (scope) => {
    const tape = new Tape();
    const { masks, ...watched } = Object.fromEntries(
      Object.entries(given).map(([name, [values, shape]]) => [name, scope.tensor(values, shape)]),
    ) as Record<keyof Arguments, Tensor>;
    const names = Object.keys(watched) as (keyof typeof watched)[];
    const inputs = names.map((name) => tape.watch(watched[name]));
    const problem = Object.fromEntries(names.map((name, index) => [name, inputs[index]])) as typeof watched;
    const solution = lasso({ ...problem, ...options, ...(masks && { masks }) });
    const random = (shape: readonly number[], seed: number): Tensor =>
      scope.tensor(normals(sizeOf(shape), seed), shape);
    const gradients = tape.pullback(solution.beta, inputs, random(solution.beta.shape, 90));
    const directions = inputs.map(({ shape }, index) => random(shape, 91 + index));
    const [tangent] = pushforward(tape, inputs, directions, [solution.beta]);
    const parts = { beta: solution.beta, intercept: solution.intercept, tangent };
    const tensors = Object.entries({ ...parts, ...Object.fromEntries(names.map((name, at) => [name, gradients[at]])) });
    const numbers = await Promise.all(tensors.map(async ([name, tensor]) => [name, await tensor.data()] as const));
    const { samples } = await solution.certificate();
    const decided = samples.map(({ status, support, equicorrelation }) => ({ status, support, equicorrelation }));
    for (const report of [await solution.report, ...(await Promise.all(solution.backwardReports))]) {
      if (!report.samples.every(isSolved)) throw new Error(`unsolved: ${JSON.stringify(report)}`);
    }
    tape.dispose();
    return { parts: Object.fromEntries(numbers), verdict: JSON.stringify(decided) };
  });
}

function lassoCase(
  name: string,
  given: Arguments,
  options: Pick<LassoOptions, 'intercept' | 'solver' | 'selection'>,
): ParityCase {
  return {
    name: `lasso: ${name}`,
    async run(reference, candidate) {
      const expected = await answer(reference, given, options);
      const found = await answer(candidate, given, options);
      if (found.verdict !== expected.verdict) {
        throw new Error(`the certificate says ${found.verdict}, the reference ${expected.verdict}`);
      }
      for (const [part, values] of Object.entries(expected.parts)) {
        const error = relativeError(found.parts[part], values);
        if (!(error <= 256 * candidate.epsilon)) throw new Error(`${part} differs by ${error}`);
      }
    },
  };
}

/** Two groups of two problems each, with all arguments in use. The solvers use the Gram matrices of the groups. */
const everyArgument: Arguments = {
  X: [normals(20, 1).map((value) => value + 0.5), [5, 4]],
  y: [normals(20, 2, 2), [4, 5]],
  logLambda: [[-1, -2, -0.5, -1.5], [4]],
  weights: [[1, 0.5, 1.5, 0], [4]],
  ridge: [[0.5, 0, 0.25, 1], [4]],
  masks: [
    [1, 1, 0, 1, 0.5, 0.5, 1, 1, 1, 1],
    [2, 5],
  ],
};

/** More features than rows, so that X is used as it is; one right-hand side for all λ. */
const wide: Arguments = {
  X: [normals(36, 4), [4, 9]],
  y: [normals(4, 5, 2), [4]],
  logLambda: [[0, -1], [2]],
};

/** X = I, y = (2, 1, ½), λ = 0: β = (1, 0, 0), with the second feature exactly at its knot. */
const knot: Arguments = {
  X: [
    [1, 0, 0, 0, 1, 0, 0, 0, 1],
    [3, 3],
  ],
  y: [[2, 1, 0.5], [3]],
  logLambda: [[0], [1]],
};

export const lassoCases: readonly ParityCase[] = [
  lassoCase('masks in groups, weights, ridge and intercept', everyArgument, { intercept: true }),
  lassoCase('more features than rows, by ISTA', wide, { solver: 'ista' }),
  lassoCase('at a knot, with a fractional selection', knot, { selection: 0.75 }),
];
