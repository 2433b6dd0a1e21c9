/** Ranges of the derivative of an objective along directions, by `gradientInterval`. */
import { type Engine, fixedPoint, type Tensor, valueAndGrad } from '../../src/index.ts';
import { leastNormNear } from './criticality.ts';
import { cutNumbers, readNumbers } from './numbers.ts';
import type { DerivativeInterval } from './problem.ts';

/** An objective that is the mean of losses, one for each sample. */
export interface MeanOfLosses {
  readonly engine: Engine;
  /** Tensors that the losses depend on besides the parameters. */
  readonly data: readonly Tensor[];
  /** [samples, 1] */
  losses(values: readonly Tensor[], data: readonly Tensor[]): Tensor;
}

/** Within this distance of a kink an argument counts as at it. */
interface Neighbourhood {
  /** Of the arguments of operations with kinks, in their units. */
  readonly radius: number;
  /** Of the parameters: gradients are sampled within it. */
  readonly reach: number;
  readonly seed: number;
}

/** So many gradients near the point decide which direction is the most demanding. */
const SAMPLED_GRADIENTS = 30;

/**
 * The ranges along each coordinate, and along the direction in which the gradients near the point agree most: the element of
 * least norm of their convex hull. 0 is in the convex hull of all gradients near the point exactly where it is in the
 * range along every direction.
 */
export async function findIntervals(
  objective: MeanOfLosses,
  values: readonly Tensor[],
  { radius, reach, seed }: Neighbourhood,
): Promise<DerivativeInterval[]> {
  const { engine } = objective;
  const shapes = values.map(({ shape }) => shape);
  const centre = await readNumbers(values);
  const gradientAt = (point: readonly number[]): Promise<number[]> =>
    engine.tidy(async (scope) => {
      const [, gradients] = await valueAndGrad(
        (...moved) => objective.losses(moved, objective.data).mean(),
        cutNumbers(point, shapes).map((part, index) => scope.tensor(part, shapes[index])),
      );
      const numbers = await readNumbers(gradients);
      for (const gradient of gradients) gradient.dispose();
      return numbers;
    });
  const agreed = await leastNormNear(gradientAt, centre, { radius: reach, points: SAMPLED_GRADIENTS, seed });
  const length = Math.hypot(...agreed);
  const coordinates = centre.map((_, at) => centre.map((_, index) => Number(index === at)));
  const directions = length > 0 ? [...coordinates, agreed.map((x) => x / length)] : coordinates;
  const intervals: DerivativeInterval[] = [];
  for (const direction of directions) intervals.push(await intervalAlong(objective, values, direction, radius));
  return intervals;
}

/**
 * The range of d/dt of the objective at θ + t·d. The losses are written as the solution ℓ = losses(θ + t·d) of an equation
 * whose samples are those of the objective: solves inside of it and all kinks become unknowns of one lifted system each.
 */
function intervalAlong(
  { engine, data, losses }: MeanOfLosses,
  values: readonly Tensor[],
  direction: readonly number[],
  radius: number,
): Promise<DerivativeInterval> {
  const count = values.length;
  return engine.tidy(async (scope) => {
    const shapes = values.map(({ shape }) => shape);
    const moves = cutNumbers(direction, shapes).map((part, index) => scope.tensor(part, shapes[index]));
    const moved = (t: Tensor, given: readonly Tensor[]): Tensor[] =>
      given.slice(0, count).map((value, index) => value.add(given[count + index].mul(t)));
    const unknown = losses(values, data);
    const { solve } = fixedPoint((_, t, ...given) => losses(moved(t, given), given.slice(2 * count)), {
      unknown,
      inputs: [scope.tensor([0], [1]), ...values, ...moves, ...data],
      // ℓ is known, so that nothing is to be iterated.
      ...{ solver: 'given', limit: 1, linearSolver: 'dense' },
    });
    const shares = scope.tensor(new Float32Array(unknown.size).fill(1 / unknown.size), unknown.shape);
    return solve.gradientInterval(shares, { radius });
  });
}
