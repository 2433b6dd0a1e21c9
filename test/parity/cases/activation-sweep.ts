/**
 * Every activation with every forward solver, every backward solver and every selection: the gradients of a small
 * monotone layer, compared with those of the oracle with its default solvers. One unit is at a kink, if the activation
 * has one, and depends on no other unit.
 */

import { type Engine, monotoneFixedPoint, type Tensor, valueAndGrad } from '../../../src/index.ts';
import type { ActivationOption } from '../../../src/solvers/activations.ts';
import {
  FORWARD_SOLVERS,
  type ForwardSolverName,
  LINEAR_SOLVERS,
  type LinearSolverName,
} from '../../../src/solvers/index.ts';

/** Each activation with the pre-activation of a kink, or any number where it has none. */
const ACTIVATIONS: readonly (readonly [ActivationOption, number])[] = [
  ['relu', 0],
  ['tanh', 0.5],
  ['sigmoid', 0.5],
  ['softThreshold', 1],
  ['leakyRelu', 0],
  [{ name: 'leakyRelu', slope: 1 }, 0],
  ['clip', 1],
  ['softplus', -0.5],
  ['elu', 0],
  [{ name: 'elu', alpha: 0.625 }, 0],
  ['softsign', -0.5],
  ['arctan', 0.5],
  ['softmax', 0.25],
];

interface Combination {
  readonly activation: ActivationOption;
  readonly kink: number;
  readonly solver: ForwardSolverName | 'auto';
  readonly linearSolver: LinearSolverName | 'auto';
  readonly selection: number;
}

const FORWARD = Object.keys(FORWARD_SOLVERS) as ForwardSolverName[];
const LINEAR = Object.keys(LINEAR_SOLVERS) as LinearSolverName[];
const SELECTIONS = [0, 0.25, 1] as const;

export const ALL: readonly Combination[] = ACTIVATIONS.flatMap(([activation, kink]) =>
  FORWARD.flatMap((solver) =>
    LINEAR.flatMap((linearSolver) =>
      SELECTIONS.map((selection) => ({ activation, kink, solver, linearSolver, selection })),
    ),
  ),
);

/**
 * For each activation `count` of the pairs of solvers, different ones from activation to activation, and each selection
 * in turn.
 */
export function chooseShare(count: number): readonly Combination[] {
  return ACTIVATIONS.flatMap(([activation, kink], index) =>
    Array.from({ length: count }, (_, turn) => ({
      activation,
      kink,
      solver: FORWARD[(index + turn) % FORWARD.length],
      linearSolver: LINEAR[(index + 3 * turn) % LINEAR.length],
      selection: SELECTIONS[(index + turn) % SELECTIONS.length],
    })),
  );
}

const W = [0.25, -0.5, 0, 0.5, 0.25, 0, 0, 0, 0];

async function gradientsOf(engine: Engine, combination: Combination): Promise<number[][]> {
  const { activation, kink, solver, linearSolver, selection } = combination;
  const b = [1.85, -0.77, kink, -1.25, 0.4, kink];
  const inputs = [engine.tensor(W, [3, 3]), engine.tensor(b, [2, 3])];
  const options = { activation, margin: 0.5, solver, linearSolver, selection, tolerance: 1e-6, limit: 5000 } as const;
  const v = engine.tensor([1, 1, 1, -0.5, 2, 1], [2, 3]);
  const [, gradients] = await valueAndGrad(
    (map: Tensor, bias: Tensor) => monotoneFixedPoint(map, bias, options).z.mul(v).sum(),
    inputs,
  );
  return Promise.all(gradients.map(async (gradient) => [...(await gradient.data())]));
}

/**
 * The differences from the oracle; empty where there are none. @param expected the oracle's results, by activation and
 * selection
 */
export async function findFaults(
  oracle: Engine,
  engine: Engine,
  combinations: readonly Combination[],
  expected = new Map<string, Promise<number[][]>>(),
): Promise<string[]> {
  const faults: string[] = [];
  for (const combination of combinations) {
    const { activation, selection } = combination;
    const key = JSON.stringify([activation, selection]);
    const wanted = expected.get(key) ?? gradientsOf(oracle, { ...combination, solver: 'auto', linearSolver: 'auto' });
    expected.set(key, wanted);
    const [found, want] = await Promise.all([gradientsOf(engine, combination), wanted]);
    const distance = Math.max(
      ...want.flatMap((row, index) => row.map((value, at) => Math.abs(value - found[index][at]))),
    );
    if (!(distance <= 2e-4))
      faults.push(`${JSON.stringify(combination)}: ${JSON.stringify(found)}, want ${JSON.stringify(want)}`);
  }
  return faults;
}
