/** Runs a few steps of an optimiser along given gradients. */
import type { Engine } from '../../src/tensor/engine.ts';
import type { Optimiser, OptimiserState } from '../../src/train/optimiser.ts';

/** Two parameters, [3] and [2, 2]. */
export const START: readonly number[][] = [
  [1, -2, 3],
  [0.5, 0, -0.25, 4],
];
const SHAPES = [[3], [2, 2]];

export const GRADIENTS: readonly number[][][] = [1, 2, 3, 4].map((t) => [
  [t, -0.5 * t, 0],
  [0.25, 1 / t, (-1) ** t, 0.125 * t],
]);

/**
 * The parameters after each step, as one list; step k is epoch k. If interrupted, the run continues with a state
 * restored from the memory of the first one.
 */
export async function runOptimiser(
  engine: Engine,
  optimiser: Optimiser,
  { interruptedAt = -1 }: { interruptedAt?: number } = {},
): Promise<number[][]> {
  let values = START.map((numbers, index) => engine.tensor(numbers, SHAPES[index]));
  let state = optimiser.start(engine, values);
  const path: number[][] = [];
  for (const [step, numbers] of GRADIENTS.entries()) {
    if (step === interruptedAt) state = await restart(engine, optimiser, state, values);
    const gradients = numbers.map((gradient, index) => engine.tensor(gradient, SHAPES[index]));
    const next = state.update(values, gradients, step, step);
    for (const tensor of [...values, ...gradients]) tensor.dispose();
    values = next;
    path.push((await Promise.all(values.map((value) => value.data()))).flatMap((data) => Array.from(data)));
  }
  state.dispose();
  for (const value of values) value.dispose();
  return path;
}

async function restart(
  engine: Engine,
  optimiser: Optimiser,
  state: OptimiserState,
  values: Parameters<Optimiser['start']>[1],
): Promise<OptimiserState> {
  const memory = new Map<string, (Float32Array | Float64Array)[]>();
  for (const [name, tensors] of state.memory) memory.set(name, await Promise.all(tensors.map((one) => one.data())));
  state.dispose();
  return optimiser.start(engine, values, memory);
}
