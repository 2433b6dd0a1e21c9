/** The minimiser of one robust pooling, with its derivatives and its certificate. */
import { PENALTIES, type PoolingPenalty } from '../../solvers/pooling/penalties.ts';
import { type PoolingData, type PoolingMinimum, sumOver } from '../../solvers/pooling/problem.ts';
import type { Known, SampleCertificate } from '../certificate.ts';
import type { NodeDerivative, NodeExamination, NodeSample, NodeSelection } from './node.ts';

/** The certificate of one robust pooling. */
export interface PoolingCertificate extends SampleCertificate {
  /** H = Σ wᵢρ″(y − xᵢ), with the least element at the kinks: the theorem needs that it is not 0. */
  readonly curvature: number;
  /** A second minimiser whose value is the same up to rounding; absent where there is none. */
  readonly rival?: number;
}

/** Units of rounding within which a residual counts as at a kink, and two values as equal in the precision of the data. */
const UNITS = 64;
/** A second derivative below this many ε of its largest possible value loses all but three digits of a gradient. */
const NEARLY_SINGULAR = 1000;

/** What belongs to the batch. */
export interface PoolingKind {
  readonly penalty: PoolingPenalty;
  /** ε of the backend. */
  readonly epsilon: number;
}

export class PoolingSample implements NodeSample<PoolingCertificate> {
  readonly row: Float64Array;
  readonly isSolved: boolean;
  readonly iterations: number;
  readonly residual: number;
  readonly refusal?: string;
  private readonly total: number;

  constructor(
    private readonly data: PoolingData,
    private readonly minimum: PoolingMinimum,
    private readonly kind: PoolingKind,
    /** The arguments that are tensors, in their order: 0 stands for x, 1 for the weights, 2 for the scale. */
    private readonly wanted: readonly number[],
  ) {
    const { x, weights, scale } = data;
    const { y, iterations, rival } = minimum;
    this.row = Float64Array.of(y);
    this.iterations = iterations;
    this.total = sumOver(x.length, (index) => weights[index]);
    const { first, value } = PENALTIES[kind.penalty];
    const size = sumOver(x.length, (index) => weights[index] * Math.abs(first(y - x[index], scale)));
    const slope = sumOver(x.length, (index) => weights[index] * first(y - x[index], scale));
    // Slopes of the least size that counts: those at a residual of a hundredth of α.
    const unit = (this.total * value(0.01 * scale, scale)) / (0.01 * scale);
    this.residual = Math.abs(slope) / Math.max(size, unit);
    this.isSolved = Number.isFinite(y) && this.residual <= TOLERANCE;
    if (rival && this.isTie) {
      this.refusal =
        `two minimisers have the same value, y = ${y} and y = ${rival.y}, between which it jumps, ` +
        'so that it has no derivative there';
    }
  }

  /** Whether the rival is as low as y up to the rounding of their values. */
  private get isTie(): boolean {
    const { rival } = this.minimum;
    return rival !== undefined && rival.excess <= (8 + this.data.x.length) * Number.EPSILON;
  }

  private kinkTolerance(index: number): number {
    const { x, scale } = this.data;
    return UNITS * this.kind.epsilon * Math.max(Math.abs(this.minimum.y), Math.abs(x[index]), scale);
  }

  /** Whether the number has a residual at which Huber's penalty has a kink. */
  private isKink(index: number): boolean {
    if (this.kind.penalty !== 'huber') return false;
    const { x, weights, scale } = this.data;
    const distance = Math.abs(Math.abs(this.minimum.y - x[index]) - scale);
    return weights[index] > 0 && distance <= this.kinkTolerance(index);
  }

  /** wᵢρ″ᵢ for the selection at kinks. */
  private curvatures(selection: NodeSelection): Float64Array {
    const { x, weights, scale } = this.data;
    const { second } = PENALTIES[this.kind.penalty];
    return Float64Array.from(x, (value, index) => {
      const share = typeof selection === 'number' ? selection : selection[index];
      return weights[index] * (this.isKink(index) ? share : second(this.minimum.y - value, scale));
    });
  }

  /** dy/dxᵢ = wᵢρ″ᵢ/H, dy/dwᵢ = −ρ′ᵢ/H, dy/dα = −Σ wᵢ∂ρ′ᵢ/∂α/H. */
  differentiate(selection: NodeSelection): NodeDerivative {
    const { x, weights, scale } = this.data;
    const { first, firstInScale } = PENALTIES[this.kind.penalty];
    const { y } = this.minimum;
    const curvatures = this.curvatures(selection);
    const H = curvatures.reduce((sum, curvature) => sum + curvature, 0);
    const singular = !this.isSolved || Math.abs(H) <= UNITS * Number.EPSILON * this.largestCurvature;
    const inX = curvatures.map((curvature) => curvature / H);
    const inWeights = Float64Array.from(x, (value) => -first(y - value, scale) / H);
    // At a kink, ρ′ = ±α to the share 1 − q.
    const inScale = x.reduce((sum, value, index) => {
      const share = typeof selection === 'number' ? selection : selection[index];
      const z = y - value;
      const bent = this.isKink(index) ? (1 - share) * Math.sign(z) : firstInScale(z, scale);
      return sum - (weights[index] * bent) / H;
    }, 0);
    const all = [inX, inWeights, Float64Array.of(inScale)];
    const parts = this.wanted.map((place) => all[place]);
    return {
      residual: this.residual,
      singular,
      pull: ([cotangent]) => parts.map((part) => part.map((value) => (singular ? Number.NaN : cotangent * value))),
      push: (tangents) => {
        const moved = tangents.reduce((sum, tangent, part) => {
          if (!tangent) return sum;
          return sum + sumOver(tangent.length, (index) => tangent[index] * parts[part][index]);
        }, 0);
        return Float64Array.of(singular ? Number.NaN : moved);
      },
    };
  }

  /** Σ wᵢ·max ρ″ */
  private get largestCurvature(): number {
    return this.total / (this.kind.penalty === 'welsch' ? this.data.scale ** 2 : 1);
  }

  examine(): NodeExamination<PoolingCertificate> {
    const { x, scale } = this.data;
    const { y, rival } = this.minimum;
    const places = Array.from(x.keys())
      .filter((index) => this.isKink(index))
      .map((index) => {
        const value = y - x[index];
        return { index, value, distance: Math.abs(Math.abs(value) - scale) };
      });
    const curvature = this.curvatures(0).reduce((sum, each) => sum + each, 0);
    const relative = Math.abs(curvature) / this.largestCurvature;
    const nearlySingular = relative < NEARLY_SINGULAR * this.kind.epsilon;
    const hasKinks = this.kind.penalty === 'huber';
    const tolerance = hasKinks
      ? Array.from(x.keys(), (index) => this.kinkTolerance(index)).reduce((a, b) => Math.max(a, b))
      : 0;
    const certificate: PoolingCertificate = {
      ...(this.isSolved ? this.judge(curvature) : UNSOLVED),
      curvature,
      ...(rival && { rival: rival.y }),
      kinks: places.length,
      kinkTolerance: tolerance,
      nearlySingular,
      nearest: { smallestSingularValue: Math.abs(curvature), relativeSingularValue: relative, nearlySingular },
      exact: true,
    };
    return { certificate, places };
  }

  /**
   * Each gradient is a quotient of affine functions of the q at the kinks, whose denominator H has no zero, so that its
   * extremes are at q in {0, 1}. Few of these are needed. Those of the weights depend on H alone, which is least at no kink
   * and greatest at all. dy/dxᵢ at a kink is 0 without it, and greatest with it alone. The scale has a part of each sign.
   */
  *extremes(): Iterable<NodeSelection> {
    const { x } = this.data;
    const kinks = Array.from(x.keys()).filter((index) => this.isKink(index));
    const isAbove = (index: number): boolean => this.minimum.y > x[index];
    const sides = [kinks.filter(isAbove), kinks.filter((index) => !isAbove(index))];
    const chosen = kinks.length > 0 ? [[], kinks, ...sides, ...kinks.map((index) => [index])] : [[]];
    for (const set of chosen) {
      const selection = new Float64Array(x.length);
      for (const index of set) selection[index] = 1;
      yield selection;
    }
  }

  private judge(curvature: number): Known {
    const { rival, length } = this.minimum;
    const argument = 'curvature';
    if (rival) {
      const reason = `y = ${this.minimum.y} and y = ${rival.y} are minimisers of equal value, between which the minimiser jumps`;
      if (this.isTie) return { status: 'failed', argument: 'equal minima', reason };
      const doubt = `the values of y = ${this.minimum.y} and of y = ${rival.y} differ by no more than the precision of the data tells`;
      return { status: 'unknown', argument: 'equal minima', reason: doubt };
    }
    if (this.kind.penalty === 'huber') return this.judgeHuber(curvature, length);
    if (this.kind.penalty === 'welsch') return this.judgeWelsch(curvature);
    return { status: 'certified', argument, reason: `H = Σ wᵢρ″ᵢ = ${curvature} > 0, and the minimiser is unique` };
  }

  /** Exact: every element is > 0 if and only if a residual is strictly inside of (−α, α). */
  private judgeHuber(curvature: number, length: number | undefined): Known {
    const argument = 'curvature';
    if (length !== undefined) {
      return {
        status: 'failed',
        argument,
        reason: `the minimisers are an interval of length ${length}, in which no number is nearer to y than α`,
      };
    }
    if (!(curvature > 0)) {
      return {
        status: 'failed',
        argument,
        reason: 'no residual is strictly inside of (−α, α), so that an element with H = 0 is among those at the kinks',
      };
    }
    // y is off by rounding divided by H, which must not move the residuals inside beyond α.
    const { x, weights, scale } = this.data;
    const { y } = this.minimum;
    const size = x.reduce((largest, value) => Math.max(largest, Math.abs(value)), scale);
    const error = (UNITS * Number.EPSILON * this.total * size) / curvature;
    const isInside = x.some(
      (value, index) => weights[index] > 0 && !this.isKink(index) && scale - Math.abs(y - value) > error,
    );
    if (!isInside) {
      return {
        status: 'unknown',
        argument,
        reason: 'the residuals inside of (−α, α) are as near to its ends as the rounding of y',
      };
    }
    return {
      status: 'certified',
      argument,
      reason: `a residual is strictly inside of (−α, α), so that H ≥ ${curvature} > 0 for every choice at the kinks`,
    };
  }

  /** H > 0 at the true minimiser if H² is above what |ρ‴| makes of the rounding of the slope, by Kantorovich's test. */
  private judgeWelsch(curvature: number): Known {
    const argument = 'curvature';
    const largest = this.largestCurvature;
    if (Math.abs(curvature) <= UNITS * Number.EPSILON * largest) {
      return { status: 'failed', argument, reason: 'H = Σ wᵢρ″ᵢ is 0: the minimiser is about to split into two' };
    }
    const rounding = UNITS * Number.EPSILON;
    if ((curvature / largest) ** 2 <= 6 * rounding) {
      return {
        status: 'unknown',
        argument,
        reason: `H = ${curvature} is too small for the rounding of y to tell whether it is 0`,
      };
    }
    return { status: 'certified', argument, reason: `H = Σ wᵢρ″ᵢ = ${curvature} > 0, and the minimiser is unique` };
  }
}

/** The relative residual up to which a sample counts as solved. */
export const TOLERANCE = 1e-9;

const UNSOLVED: Known = { status: 'unknown', argument: 'not examined', reason: 'the problem was not solved' };
