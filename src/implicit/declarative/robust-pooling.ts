/** Robust pooling as a differentiable function (Gould, Hartley & Campbell 2021, section 5.2). */
import { type Checks, readOptions } from '../../arguments/options.ts';
import type { Interruptible } from '../../backends/event-loop.ts';
import { minimiseHuber, minimisePseudoHuber, minimiseQuadratic } from '../../solvers/pooling/convex.ts';
import { PENALTIES, type PoolingPenalty } from '../../solvers/pooling/penalties.ts';
import type { PoolingData, PoolingMinimum } from '../../solvers/pooling/problem.ts';
import { minimiseTruncated } from '../../solvers/pooling/truncated.ts';
import { minimiseWelsch } from '../../solvers/pooling/welsch.ts';
import { isTensor, TENSOR, type Tensor } from '../../tensor/tensor.ts';
import { checkOneOf } from '../options.ts';
import { checkPositiveOrTensor, lastAxes, readNodeArguments, refuseWeights } from './arguments.ts';
import type { NodeInterval } from './node-interval.ts';
import { NODE_OPTIONS, type NodeOptions, nodeSettings, readNodeSelection } from './options.ts';
import { type PoolingCertificate, PoolingSample, TOLERANCE } from './pooling-sample.ts';
import { type NodeSolution, solveNode } from './solve-node.ts';

/** The options of `robustPooling`. */
export interface RobustPoolingOptions extends NodeOptions {
  /**
   * ρ of a residual z. quadratic: ½z². huber: ½z² up to |z| = α, then linear. pseudo-huber: α²(√(1 + z²/α²) − 1).
   * welsch: 1 − exp(−z²/2α²). truncated: ½min(z², α²).
   */
  penalty: PoolingPenalty;
  /** α > 0: a number, or a tensor [1], which gets a gradient. Default 1. */
  scale?: number | Tensor;
  /** w ≥ 0, [n] for every row alike or of the shape of x; each row needs a weight > 0. Default 1. */
  weights?: Tensor;
  /**
   * q from 0 to 1, or a list of n of these, one for each number of a row: where |y − xᵢ| = α, which is a kink of huber,
   * within 64 units of rounding, ρ″ is q. Default 1.
   */
  selection?: number | readonly number[];
}

/** What `robustPooling` returns. Its certificate is exact up to rounding. */
export interface RobustPooling extends NodeSolution<PoolingCertificate> {
  /** The minimisers, of the shape of x without its last axis. Reading it awaits the report. */
  readonly y: Tensor;
  /**
   * The least and the greatest value of each gradient of each row over all selections at the kinks: of x, and of the weights
   * and the scale where these are tensors. They are exact, however many kinks there are. Rows that share weights or a scale
   * have a part each.
   * @param cotangent v, of the shape of y
   */
  gradientIntervals(cotangent: Tensor): Promise<readonly PoolingInterval[]>;
}

/** The gradients of one row, those of weights and scale where these are tensors. */
export interface PoolingGradients {
  /** [n] */
  readonly x: Float64Array;
  /** [n] */
  readonly weights?: Float64Array;
  /** [1] */
  readonly scale?: Float64Array;
}

/** The range of each gradient of one row, as far as it is bounded. */
export type PoolingInterval = NodeInterval<PoolingCertificate, PoolingGradients>;

const OPTIONS: Checks<RobustPoolingOptions> = {
  ...NODE_OPTIONS,
  penalty: 0,
  scale: 0,
  weights: TENSOR,
  selection: 0,
};

/**
 * Pools the numbers of each row of x, along the last axis, into the y that minimises Σ wᵢρ(y − xᵢ), and differentiates it in x, the weights
 * and the scale: dy/dxᵢ = wᵢρ″ᵢ/H, dy/dwᵢ = −ρ′ᵢ/H and dy/dα = −Σ wᵢ(∂ρ′ᵢ/∂α)/H with H = Σ wᵢρ″ᵢ (S. Gould,
 * R. Hartley, D. Campbell, Deep Declarative Networks, 2021, section 5.2).
 *
 * The minimum is the least of all, also where there are several, as with welsch and truncated: it is computed by the
 * host, in float64 on every backend. The minimiser of these two jumps where two minima have the same value, and there it
 * refuses a gradient. Where the minimisers of huber are an interval, y is its middle.
 *
 * Returns at once. Reading y, or anything computed from it, rejects with a RangeError where a number of an argument is
 * not finite or not allowed, and with the signal's reason once the signal is aborted.
 * @param x [.., n]
 * @throws RangeError if a shape or an option is wrong; the signal's reason if the signal is aborted already
 */
export function robustPooling(x: Tensor, given: RobustPoolingOptions): RobustPooling {
  const what = 'robustPooling';
  const [n] = lastAxes(`${what}: x`, x, 1);
  const options = readOptions(what, given, OPTIONS, 'penalty');
  const { scale = 1, weights, selection = 1 } = options;
  const penalty = checkOneOf(`${what}: penalty`, options.penalty, PENALTIES);
  checkPositiveOrTensor(`${what}: scale`, scale);
  const read = readNodeArguments(what, {
    x: [x, [n]],
    weights: weights && [weights, [n]],
    scale: isTensor(scale) ? [scale, [1]] : undefined,
  });
  const { engine, args } = read;
  const { epsilon } = engine;
  const order = args.map(({ name }) => ['x', 'weights', 'scale'].indexOf(name));
  const { tensors, solution, gradientIntervals } = solveNode<PoolingCertificate>(read, [{ shape: [], width: 1 }], {
    what,
    settings: nodeSettings(options, TOLERANCE),
    solver: SOLVERS[penalty],
    examined: 'the second derivative',
    singular: SINGULAR,
    selection: readNodeSelection(what, selection, n, 'numbers in each row'),
    unsolved:
      'A residual of rounding is larger than the tolerance: scale x, so that its numbers are not large beside their differences',
    isSelected: options.selection !== undefined,
    ...(penalty === 'huber' && {
      equation: (rows: Tensor, inputs: readonly Tensor[]) => huberResidual(rows, inputs, order, scale),
    }),
    *solve(numbers, sample) {
      const own = (place: number): Float64Array | undefined => numbers[order.indexOf(place)];
      const data: PoolingData = {
        x: numbers[0],
        weights: own(1) ?? new Float64Array(n).fill(1),
        scale: own(2)?.[0] ?? (scale as number),
      };
      refuseWeights(what, data.weights, sample);
      if (!(data.scale > 0)) throw new RangeError(`${what}: scale is ${data.scale}; it must be > 0`);
      if (!(data.scale ** 2 > 0 && Number.isFinite(data.scale ** 2))) {
        throw new RangeError(`${what}: scale is ${data.scale}; its square must be a finite number > 0`);
      }
      const minimum = yield* minimise(penalty, data, 64 * epsilon);
      return new PoolingSample(data, minimum, { penalty, epsilon }, order);
    },
  });
  // The names of the arguments are those of the gradients.
  const named = gradientIntervals as unknown as RobustPooling['gradientIntervals'];
  return { y: tensors[0], ...solution, gradientIntervals: named };
}

/** Σ wᵢρ′(y − xᵢ) = Σ wᵢ·max(min(y − xᵢ, α), −α), [batch, 1]. @param order what each input is: 0 for x, 1 for the weights, 2 for α */
function huberResidual(
  rows: Tensor,
  inputs: readonly Tensor[],
  order: readonly number[],
  given: number | Tensor,
): Tensor {
  const [batch] = rows.shape;
  const asRows = (tensor: Tensor): Tensor =>
    tensor.shape.length > 1 ? tensor.reshape([batch, tensor.size / batch]) : tensor;
  const of = (place: number): Tensor | undefined => inputs[order.indexOf(place)];
  const [x, weights] = [asRows(inputs[0]), of(1)];
  const scale = of(2) ?? rows.context.upload([given as number], [1], rows);
  const pull = rows.sub(x).minimum(scale).maximum(scale.neg());
  return (weights ? pull.mul(asRows(weights)) : pull).sum(1, { keepAxes: true });
}

/** The name of the method for each penalty, in reports. */
const SOLVERS: Readonly<Record<PoolingPenalty, string>> = {
  quadratic: 'mean',
  huber: 'breakpoints',
  'pseudo-huber': 'newton',
  welsch: 'branch and bound',
  truncated: 'windows',
};

const SINGULAR =
  'the second derivative of the objective is 0, so that the minimiser has no derivative; certificate() tells why. With huber take a larger scale';

/** @param near how much more than the least a value may be, relative, for its minimiser to be told */
function* minimise(penalty: PoolingPenalty, data: PoolingData, near: number): Interruptible<PoolingMinimum> {
  switch (penalty) {
    case 'quadratic':
      return minimiseQuadratic(data);
    case 'huber':
      return minimiseHuber(data);
    case 'pseudo-huber':
      return minimisePseudoHuber(data);
    case 'welsch':
      return yield* minimiseWelsch(data, near);
    case 'truncated':
      return yield* minimiseTruncated(data, near);
  }
}
