/**
 * Solves a cone program by splitting, which comes near a solution from everywhere, and by Newton's method on the
 * residual map, which finds its last digits from nearby. Newton's method is tried whenever the splitting has come
 * clearly nearer than at the last trial, and the splitting goes on where it fails.
 */
import type { Interruptible } from '../../../backends/event-loop.ts';
import { powerOfTwo } from '../../programs/equilibration.ts';
import { ResidualMap } from '../newton/residual-map.ts';
import { semismoothNewton } from '../newton/semismooth.ts';
import type { ConeData, ConePoint, ConeSettings } from '../problem.ts';
import { type Judged, judge } from '../residuals.ts';
import { likelyRatio, type ScaledProgram, scalePoint, unscalePoint, withCost } from '../scaling.ts';
import { AcceleratedSplitting } from './accelerated.ts';
import { Splitting } from './splitting.ts';

/** Sweeps between two looks at the residuals. */
const CHECK = 10;
/** Sweeps before the penalty is first adapted, and before certificates are first sought; both then double. */
const FIRST_ADAPTATION = 20;
const FIRST_SEARCH = 100;
/** The penalty is adapted if it is wrong by more than this factor. */
const IMBALANCE = 4;
/** The largest factor of one adaptation, and of all together: of an infeasible program one residual never falls. */
const LARGEST_FACTOR = 2 ** 6;
const PENALTY_RANGE = 2 ** 20;
/** The first trial of Newton's method is made at this relative residual, or after so many sweeps. */
const NEAR = 1e-2;
const FIRST_TRIAL = 40;
/** The next one at this share of the residual at the last one, or after twice as many sweeps. */
const NEARER = 0.1;
const NEWTON_STEPS = 30;
/** The splitting goes on from Newton's point if ‖N‖ has fallen to this share. */
const WORTHWHILE = 0.1;
/** Zeros of the residual map, but for rounding, that do not meet the tolerances, after which nothing better will come. */
const MOST_ZEROS = 3;
/** Looks at the residuals, after they meet the tolerances, at which Newton's method is tried for the last digits. */
const EXTRA = 3;
/** Sweeps over which the least relative residual must at least halve. */
const PATIENCE = 2000;

/** met: the residuals meet the tolerances. certified: the search ended the iterations. exhausted: nothing helped. */
export type SplittingOutcome = 'met' | 'certified' | 'exhausted' | 'limit' | 'diverged';

export interface SplittingRun<Found> {
  readonly outcome: SplittingOutcome;
  /** Sweeps and Newton steps. */
  readonly iterations: number;
  readonly best: Judged;
  readonly found?: Found;
}

type PrimalDual = Pick<ConePoint, 'x' | 'y'>;

/** Looks for a certificate, given a point of the scaled program and its change since the last look. */
export type CertificateSearch<Found> = (at: PrimalDual, change: PrimalDual) => Interruptible<Found | undefined>;

/** A point of the scaled program whose objective is divided by the penalty. */
interface Measured {
  readonly point: ConePoint;
  /** Residuals relative to the sizes of their terms. */
  readonly primal: number;
  readonly dual: number;
}

export class SplittingSolve<Found> {
  private iterations = 0;
  private zeros = 0;
  private extra = 0;
  private penalty: number;
  private readonly firstPenalty: number;
  private adaptation = FIRST_ADAPTATION;
  private trial = { sweep: FIRST_TRIAL, error: NEAR };
  private look = FIRST_SEARCH;
  private halved = { sweep: 0, error: Number.POSITIVE_INFINITY };
  private lookedAt: PrimalDual;
  private best: Judged;
  private map: ResidualMap;

  private constructor(
    private readonly given: ConeData,
    private readonly scaled: ScaledProgram,
    private readonly settings: ConeSettings,
    start: Judged,
    private readonly search?: CertificateSearch<Found>,
  ) {
    this.best = start;
    this.lookedAt = scalePoint(scaled, start);
    this.map = new ResidualMap(scaled.data);
    this.firstPenalty = likelyRatio(scaled.data);
    this.penalty = this.firstPenalty;
  }

  /** @param search for certificates; without one, none are sought */
  static *of<Found>(
    given: ConeData,
    scaled: ScaledProgram,
    settings: ConeSettings,
    start: ConePoint,
    search?: CertificateSearch<Found>,
  ): Interruptible<SplittingSolve<Found>> {
    return new SplittingSolve(given, scaled, settings, yield* judge(given, start, settings), search);
  }

  *run(): Interruptible<SplittingRun<Found>> {
    let method = yield* this.methodAt(scalePoint(this.scaled, this.best));
    for (let sweep = 0; ; sweep++) {
      if (!method) return this.end('diverged');
      const isEnded = this.isEnded();
      if (sweep % CHECK === 0 || isEnded) {
        const measured = yield* this.measure(method);
        const error = Math.max(measured.primal, measured.dual);
        if (!Number.isFinite(error)) return this.end('diverged');
        if (isEnded) {
          yield* this.consider(measured.point);
          return this.end(this.best.merit <= 1 ? 'met' : 'limit');
        }
        const point = yield* this.finish(measured, error, sweep);
        if (this.best.merit <= 1 && (this.zeros > 0 || this.extra++ >= EXTRA)) return this.end('met');
        const found = yield* this.lookForCertificate(measured.point, sweep);
        if (found !== undefined) return this.end('certified', found);
        if (this.isStalled(error, sweep) || this.zeros >= MOST_ZEROS) return this.end('exhausted');
        const next = this.adapt(measured, point, sweep);
        if (next) method = yield* this.methodAt(next);
      }
      method?.sweep();
      this.iterations++;
      yield;
    }
  }

  private isEnded(): boolean {
    return this.iterations >= this.settings.limit || this.settings.isCutShort?.() === true;
  }

  private isStalled(error: number, sweep: number): boolean {
    if (error <= 0.5 * this.halved.error) this.halved = { sweep, error };
    return sweep - this.halved.sweep >= PATIENCE;
  }

  private end(outcome: SplittingOutcome, found?: Found): SplittingRun<Found> {
    return { outcome, iterations: this.iterations, best: this.best, found };
  }

  /** The method with the penalty, from a point of the scaled program. */
  private *methodAt({ x, y, s }: ConePoint): Interruptible<AcceleratedSplitting | undefined> {
    const data = withCost(this.scaled.data, 1 / this.penalty);
    this.map = new ResidualMap(data);
    yield;
    const splitting = yield* Splitting.of(data);
    if (!splitting) return undefined;
    const w = splitting.stateOf({ y: y.map((value) => value / this.penalty), s });
    return new AcceleratedSplitting(splitting, { x, w });
  }

  private *measure(method: AcceleratedSplitting): Interruptible<Measured> {
    const { x, w } = method.plainState;
    const point = { x, ...method.splitting.pointOf(w) };
    const { residuals, sizes } = yield* judge(method.splitting.data, point, this.settings);
    const relative = (kind: 'primal' | 'dual'): number => residuals[kind] / (sizes[kind] || 1);
    return { point, primal: relative('primal'), dual: relative('dual') };
  }

  /** Keeps the point, of the scaled program with the penalty, if it is the best so far. */
  private *consider(point: ConePoint): Interruptible<void> {
    const judged = yield* judge(this.given, unscalePoint(this.scaled, this.withoutPenalty(point)), this.settings);
    if (judged.merit < this.best.merit) this.best = judged;
  }

  private withoutPenalty({ x, y, s }: ConePoint): ConePoint {
    return { x, y: y.map((value) => value * this.penalty), s };
  }

  /** Tries Newton's method, if it is time. @returns a point from which the splitting should go on */
  private *finish({ point }: Measured, error: number, sweep: number): Interruptible<ConePoint | undefined> {
    if (error > this.trial.error && sweep < this.trial.sweep && this.best.merit > 1) return undefined;
    this.trial = { sweep: Math.max(2 * sweep, FIRST_TRIAL), error: NEARER * error };
    yield* this.consider(point);
    const limit = this.settings.limit - this.iterations;
    const v = point.y.map((value, i) => value - point.s[i]);
    const { isCutShort } = this.settings;
    const { value, sizes, isConverged } = yield* semismoothNewton(this.map, point.x, v, {
      limit,
      trial: NEWTON_STEPS,
      isCutShort,
    });
    this.iterations += sizes.length - 1;
    const next: ConePoint = { x: value.x, y: value.projection.value, s: value.s };
    yield* this.consider(next);
    if (isConverged) this.zeros++;
    return value.size < WORTHWHILE * sizes[0] ? next : undefined;
  }

  private *lookForCertificate(point: ConePoint, sweep: number): Interruptible<Found | undefined> {
    if (!this.search || sweep < this.look) return undefined;
    this.look = 2 * sweep;
    const at = this.withoutPenalty(point);
    const { x, y } = this.lookedAt;
    this.lookedAt = at;
    return yield* this.search(at, {
      x: at.x.map((value, j) => value - x[j]),
      y: at.y.map((value, i) => value - y[i]),
    });
  }

  /**
   * Balances the residuals: the primal one falls with the penalty, the dual one with its inverse.
   * @returns the point of the scaled program from which a new method should go on
   */
  private adapt(measured: Measured, better: ConePoint | undefined, sweep: number): ConePoint | undefined {
    const next = better && this.withoutPenalty(better);
    if (sweep < this.adaptation) return next;
    this.adaptation = 2 * sweep;
    const point = next ?? this.withoutPenalty(measured.point);
    const factor = powerOfTwo(clamp(Math.sqrt(measured.primal / measured.dual), LARGEST_FACTOR));
    if (!(factor >= IMBALANCE || factor <= 1 / IMBALANCE)) return next;
    const penalty = this.firstPenalty * clamp((this.penalty * factor) / this.firstPenalty, PENALTY_RANGE);
    if (penalty === this.penalty) return next;
    this.penalty = penalty;
    return point;
  }
}

/** The ratio, between 1/range and range. */
function clamp(ratio: number, range: number): number {
  return Math.min(range, Math.max(1 / range, ratio));
}
