/** One run of the method of Theorem 3, and what its end is like. */
import { type Engine, stochasticGradient, train, valueAndGrad } from '../../src/index.ts';
import { cutNumbers, readNumbers } from './numbers.ts';
import { distanceFromZero, type PreparedProblem, type Problem } from './problem.ts';

/** What was found from one seed, which draws the start, the scale s and the samples. */
export interface RunFound {
  readonly seed: number;
  /** s */
  readonly scale: number;
  readonly steps: number;
  /** How near a kink had to be to count, in units of the parameters: a multiple of the longest of the last steps. */
  readonly radius: number;
  /** The objective at the start and at the end. */
  readonly objective: readonly [number, number];
  /** The largest minus the smallest objective over the last tenth of the epochs. */
  readonly unrest: number;
  /** The largest distance of 0 from the intervals, at the start and at the end. */
  readonly distance: readonly [number, number];
  /** The length of the gradient at the end, with one selection. */
  readonly gradient: number;
  /** The largest size of a parameter at the end. */
  readonly largest: number;
}

/** The method, or one like it for comparison. */
export type CreateOptimiser = (problem: Problem, seed: number) => ReturnType<typeof stochasticGradient>;

const byTheorem: CreateOptimiser = ({ rate, power, scale }, seed) =>
  stochasticGradient({ theorem3: true, rate, power, scale, seed });

/** Trains from one seed, and measures the end. */
export async function runProblem(
  engine: Engine,
  problem: Problem,
  seed: number,
  createOptimiser: CreateOptimiser = byTheorem,
): Promise<RunFound> {
  const { epochs, batch, reach } = problem;
  const prepared = await problem.prepare(engine, seed);
  const { model, samples, loss } = prepared;
  const stepsOfEpoch = Math.ceil(samples.count / batch);
  const optimiser = createOptimiser(problem, seed);
  const current = (): Promise<number[]> => readNumbers(model.parameters.map(({ value }) => value));
  const first = await current();
  const settled: number[] = [];
  let last = first;
  let step = 0;
  await train(engine, model, samples, {
    ...{ epochs, batch, seed, loss, optimiser },
    async onProgress({ kind, epoch }) {
      if (kind !== 'epoch' || epoch <= 0.9 * epochs) return;
      const values = model.parameters.map(({ value }) => value);
      const [value] = await engine.tidy(() => prepared.objective(values).data());
      settled.push(value);
      const next = await current();
      if (epoch > 0.95 * epochs) step = Math.max(step, distanceBetween(next, last) / stepsOfEpoch);
      last = next;
    },
  });
  const radius = reach * step;
  const [start, end] = [await measure(engine, prepared, first, radius), await measure(engine, prepared, last, radius)];
  const found: RunFound = {
    ...{ seed, scale: optimiser.scale, steps: epochs * stepsOfEpoch, radius },
    objective: [start.objective, end.objective],
    unrest: Math.max(...settled) - Math.min(...settled),
    distance: [start.distance, end.distance],
    gradient: end.gradient,
    largest: Math.max(...last.map(Math.abs)),
  };
  prepared.dispose();
  return found;
}

/** Whether the objective has settled, and 0 is in the intervals, to the tolerances of the problem. */
export function isCriticalEnd({ tolerance, unrest }: Pick<Problem, 'tolerance' | 'unrest'>, found: RunFound): boolean {
  return found.distance[1] <= tolerance && found.unrest <= unrest;
}

/** The objective at a point, the length of its gradient with one selection, and how far 0 is from the intervals. */
async function measure(
  engine: Engine,
  { model, objective, intervals }: PreparedProblem,
  point: readonly number[],
  radius: number,
): Promise<{ objective: number; gradient: number; distance: number }> {
  return engine.tidy(async (scope) => {
    const shapes = model.parameters.map(({ value }) => value.shape);
    const values = cutNumbers(point, shapes).map((part, index) => scope.tensor(part, shapes[index]));
    const [value, gradients] = await valueAndGrad((...moved) => objective(moved), values);
    const gradient = Math.hypot(...(await readNumbers(gradients)));
    for (const one of gradients) one.dispose();
    const found = await intervals(values, radius);
    return { objective: value, gradient, distance: Math.max(...found.map(distanceFromZero)) };
  });
}

const distanceBetween = (a: readonly number[], b: readonly number[]): number =>
  Math.hypot(...a.map((value, index) => value - b[index]));
