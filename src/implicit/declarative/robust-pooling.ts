/** Robust pooling as a differentiable function (Gould, Hartley & Campbell 2021, section 5.2). */
import { createArgumentError } from '../../arguments/check.ts';
import { type Checks, readOptions } from '../../arguments/options.ts';
import type { Interruptible } from '../../backends/event-loop.ts';
import { minimiseHuber, minimisePseudoHuber, minimiseQuadratic } from '../../solvers/pooling/convex.ts';
import { PENALTIES, type PoolingPenalty } from '../../solvers/pooling/penalties.ts';
import type { PoolingData, PoolingMinimum } from '../../solvers/pooling/problem.ts';
import { minimiseTruncated } from '../../solvers/pooling/truncated.ts';
import { minimiseWelsch } from '../../solvers/pooling/welsch.ts';
import type { SolveReport } from '../../solvers/report.ts';
import { engineOf } from '../../tensor/engine-of.ts';
import { formatShape, sameShape, sizeOf } from '../../tensor/shape.ts';
import { checkTogether, isTensor, TENSOR, type Tensor } from '../../tensor/tensor.ts';
import type { LinearReport } from '../certificate.ts';
import { checkOneOf } from '../options.ts';
import { rowLength } from '../sorting/sort.ts';
import type { NodeArgument } from './node.ts';
import { NODE_OPTIONS, type NodeOptions, nodeSettings, readNodeSelection } from './options.ts';
import { type PoolingCertificate, PoolingSample, TOLERANCE } from './pooling-sample.ts';
import { type NodeCertificates, SolvedNode } from './solved-node.ts';

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

/** What `robustPooling` returns. */
export interface RobustPooling {
  /** The minimisers, of the shape of x without its last axis. Reading it awaits the report. */
  readonly y: Tensor;
  /** The report of the solve, once it has ended. */
  readonly report: Promise<SolveReport>;
  /** The report and certificate of each linear solve for a gradient or a tangent, in the order in which these were asked for. */
  readonly backwardReports: readonly Promise<LinearReport>[];
  /**
   * Decides whether the theorem applies, exactly up to rounding. huber: certified if and only if some residual is
   * strictly inside of (−α, α). welsch: failed where H = 0, and, as truncated, where two minimisers have the same value.
   */
  certificate(): Promise<NodeCertificates<PoolingCertificate>>;
  /** Frees y. Not needed inside `tidy` or a differentiated function. */
  dispose(): void;
}

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
  const n = rowLength(what, x);
  const options = readOptions(what, given, OPTIONS, 'penalty');
  const { scale = 1, weights, selection = 1 } = options;
  const penalty = checkOneOf(`${what}: penalty`, options.penalty, PENALTIES);
  checkScale(scale);
  checkTogether(what, { x, ...(weights && { weights }), ...(isTensor(scale) && { scale }) });
  if (weights) checkWeights(weights, x);
  const engine = engineOf(`${what}: x`, x);
  const settings = nodeSettings(options, TOLERANCE);
  const chosen = readNodeSelection(what, selection, n, 'numbers in each row');
  settings.limits.signal?.throwIfAborted();
  const shape = x.shape.slice(0, -1);
  const args: NodeArgument[] = [{ name: 'x', tensor: x, width: n, isShared: false }];
  const places = [0];
  if (weights) {
    places.push(1);
    args.push({ name: 'weights', tensor: weights, width: n, isShared: !sameShape(weights.shape, x.shape) });
  }
  if (isTensor(scale)) {
    places.push(2);
    args.push({ name: 'scale', tensor: scale, width: 1, isShared: true });
  }
  const node = engine.runOrFree(() => {
    const solved = new SolvedNode<PoolingCertificate>({
      what,
      engine,
      batch: sizeOf(shape),
      width: 1,
      args,
      settings,
      solver: SOLVERS[penalty],
      examined: 'the second derivative',
      singular: SINGULAR,
      selection: chosen,
      isSelected: options.selection !== undefined,
      *solve(numbers, sample) {
        const byName = new Map(args.map(({ name }, index) => [name, numbers[index]]));
        const data: PoolingData = {
          x: numbers[0],
          weights: byName.get('weights') ?? new Float64Array(n).fill(1),
          scale: byName.get('scale')?.[0] ?? (scale as number),
        };
        refuseUnlessAllowed(data, sample);
        const minimum = yield* minimise(penalty, data, 64 * engine.epsilon);
        return new PoolingSample(data, minimum, { penalty, epsilon: engine.epsilon }, places);
      },
    });
    return { solved, y: solved.cut(0, shape) };
  });
  return {
    y: node.y,
    report: node.solved.report,
    backwardReports: node.solved.backwardReports,
    certificate: () => node.solved.certificate(),
    dispose() {
      node.y.dispose();
      node.solved.dispose();
    },
  };
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

/** @throws RangeError unless it is a number > 0 or a tensor [1] */
function checkScale(scale: number | Tensor): void {
  const must = 'a finite number > 0, or a tensor [1]';
  if (!isTensor(scale)) {
    if (typeof scale === 'number' && Number.isFinite(scale) && scale > 0) return;
    throw createArgumentError('robustPooling: scale', scale, must);
  }
  TENSOR('robustPooling: scale', scale);
  if (scale.size === 1 && scale.shape.length <= 1) return;
  throw new RangeError(`robustPooling: scale has shape ${formatShape(scale.shape)}; it must be ${must}`);
}

function checkWeights({ shape }: Tensor, x: Tensor): void {
  const n = x.shape[x.shape.length - 1];
  if (sameShape(shape, [n]) || sameShape(shape, x.shape)) return;
  throw new RangeError(
    `robustPooling: weights has shape ${formatShape(shape)}; it must be [${n}], or ${formatShape(x.shape)} as x`,
  );
}

/** @throws RangeError that names the argument and the sample */
function refuseUnlessAllowed({ weights, scale }: PoolingData, sample: number): void {
  if (!(scale > 0)) throw new RangeError(`robustPooling: scale is ${scale}; it must be > 0`);
  const negative = weights.find((weight) => weight < 0);
  if (negative !== undefined) {
    throw new RangeError(`robustPooling: weights, sample ${sample}, hold ${negative}; every weight must be ≥ 0`);
  }
  if (weights.every((weight) => weight === 0)) {
    throw new RangeError(`robustPooling: weights, sample ${sample}, are all 0; one of them must be > 0`);
  }
}
