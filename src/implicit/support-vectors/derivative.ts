/**
 * The derivative of a solved support vector machine. With E the rows inside of their range and those at a kink with q > 0,
 * and R = 1/q − 1 at a kink, for step size 1: Q_EE dα_E + R dα_E + y_E db = −(dQ α)_E − Q_EU dα_U + R dC c, y_Eᵀdα_E =
 * −y_Uᵀdα_U, and dα_U = d(Cc)_U at the upper bound (Bolte et al. 2021, Theorem 2, for α = Π(α − s(Qα − 1 + by))).
 */
import { MarginSystem } from '../../solvers/support-vectors/margin-system.ts';
import type { NodeDerivative } from '../declarative/node.ts';
import type { ActiveRows, SupportVectorPoint } from './active-rows.ts';

/** The arguments in which there is a derivative, and y, in which there is none. */
export type Variable = 'X' | 'y' | 'logC' | 'rowWeights';

/** What a solution depends on. */
export interface SupportVectorOrigin extends SupportVectorPoint {
  /** C */
  readonly cost: number;
  /** c */
  readonly rowWeights: Float64Array;
  /** The arguments that are tensors, in their order. */
  readonly variables: readonly Variable[];
}

/** Directions of the data; one that is absent is 0. */
type Directions = { readonly [Name in Variable]?: ArrayLike<number> | undefined };

export class SupportVectorDerivative implements NodeDerivative {
  readonly singular: boolean;
  residual = 0;
  /** The rows whose α is at its upper bound and stays there. */
  private readonly bound: readonly number[];
  /** The rows whose α has an equation. */
  private readonly moving: readonly number[];
  /** R of each of these, and whether it is that of an upper kink. */
  private readonly extra: Float64Array;
  private readonly isUpperKink: readonly boolean[];
  private readonly system: MarginSystem;

  /** @param shares q of each kink, in their order */
  constructor(
    private readonly origin: SupportVectorOrigin,
    { inside, atUpper, kinks }: ActiveRows,
    shares: ArrayLike<number>,
  ) {
    const entering = kinks.flatMap((kink, at) => (shares[at] > 0 ? [{ ...kink, q: shares[at] }] : []));
    const staying = kinks.flatMap(({ row, isUpper }, at) => (isUpper && shares[at] === 0 ? [row] : []));
    this.bound = [...atUpper, ...staying, ...waiting(origin)];
    this.moving = [...inside, ...entering.map(({ row }) => row)];
    this.extra = Float64Array.from([...inside.map(() => 0), ...entering.map(({ q }) => 1 / q - 1)]);
    this.isUpperKink = [...inside.map(() => false), ...entering.map(({ isUpper }) => isUpper)];
    this.system = new MarginSystem(origin.problem, this.moving, this.extra);
    // Without a row on the margin nothing determines the intercept.
    this.singular = this.system.dependent !== undefined || (origin.problem.intercept && this.moving.length === 0);
  }

  /** @param cotangent of w, b and α side by side */
  pull(cotangent: Float64Array): readonly Float64Array[] {
    const { problem, result, cost, rowWeights, variables } = this.origin;
    const { margins } = problem;
    const { labels, features, count } = margins;
    const [toW, toB] = [cotangent.subarray(0, features), cotangent[features]];
    const toAlpha = margins.times(toW).map((value, row) => value + cotangent[features + 1 + row]);
    const { u, b } = this.solve(
      this.moving.map((row) => toAlpha[row]),
      problem.intercept ? toB : 0,
    );
    const whole = this.spread(u);
    const Zu = margins.combine(whole);
    const Qu = margins.times(Zu);
    /** The cotangent of each α that is at its upper bound. */
    const ofBound = new Float64Array(count);
    for (const row of this.bound) ofBound[row] = toAlpha[row] - Qu[row] - labels[row] * b;
    for (const [at, row] of this.moving.entries()) if (this.isUpperKink[at]) ofBound[row] = u[at] * this.extra[at];
    return variables.map((name): Float64Array => {
      if (name === 'y') return new Float64Array(count);
      if (name === 'rowWeights') return ofBound.map((value) => cost * value);
      if (name === 'logC') {
        return Float64Array.of(ofBound.reduce((sum, value, row) => sum + cost * rowWeights[row] * value, 0));
      }
      const X = new Float64Array(count * features);
      for (let row = 0; row < count; row++) {
        const [alpha, own, label] = [result.alpha[row], whole[row], labels[row]];
        if (alpha === 0 && own === 0) continue;
        for (let j = 0; j < features; j++) {
          X[row * features + j] = label * (alpha * (toW[j] - Zu[j]) - own * result.w[j]);
        }
      }
      return X;
    });
  }

  push(tangents: readonly (Float64Array | undefined)[]): Float64Array {
    return this.tangent(Object.fromEntries(this.origin.variables.map((name, at) => [name, tangents[at]])));
  }

  /** The derivatives of w, b and α side by side. */
  tangent({ X, logC, rowWeights: ofRows }: Directions): Float64Array {
    const { problem, result, cost, rowWeights } = this.origin;
    const { margins } = problem;
    const { labels, features, count } = margins;
    const { alpha, w } = result;
    const ofBound = (row: number): number => cost * (rowWeights[row] * (logC?.[0] ?? 0) + (ofRows?.[row] ?? 0));
    const dAlpha = new Float64Array(count);
    for (const row of this.bound) dAlpha[row] = ofBound(row);
    /** dw where the α inside stand still. */
    const dw = margins.combine(dAlpha);
    const dZw = new Float64Array(count);
    for (let row = 0; X && row < count; row++) {
      for (let j = 0; j < features; j++) {
        const change = labels[row] * X[row * features + j];
        dZw[row] += change * w[j];
        dw[j] += change * alpha[row];
      }
    }
    const dSlopes = margins.times(dw).map((value, row) => value + dZw[row]);
    const right = this.moving.map((row, at) =>
      this.isUpperKink[at] ? this.extra[at] * ofBound(row) - dSlopes[row] : -dSlopes[row],
    );
    const imbalance = this.bound.reduce((sum, row) => sum + labels[row] * dAlpha[row], 0);
    const { u, b } = this.solve(right, problem.intercept ? -imbalance : 0);
    const whole = this.spread(u);
    const more = margins.combine(whole);
    return Float64Array.from([
      ...dw.map((value, j) => value + more[j]),
      b,
      ...dAlpha.map((value, row) => value + whole[row]),
    ]);
  }

  private solve(t: readonly number[], h: number): { readonly u: Float64Array; readonly b: number } {
    if (this.singular) return { u: new Float64Array(t.length).fill(Number.NaN), b: Number.NaN };
    const { u, b, residual } = this.system.solve(t, h);
    this.residual = residual;
    return { u, b: this.origin.problem.intercept ? b : 0 };
  }

  /** Numbers of the moving rows at their places among all. */
  private spread(u: Float64Array): Float64Array {
    const whole = new Float64Array(this.origin.problem.margins.count);
    for (const [at, row] of this.moving.entries()) whole[row] = u[at];
    return whole;
  }
}

/** Rows of weight 0 on the wrong side of the margin: any weight more than 0 takes their α along. */
function waiting({ problem: { upper }, result: { slopes } }: SupportVectorPoint): number[] {
  return [...upper.keys()].filter((row) => upper[row] === 0 && slopes[row] < 0);
}
