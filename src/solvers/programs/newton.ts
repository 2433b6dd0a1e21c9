/** The Newton directions of the interior point method. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { Sums } from './compensated.ts';
import { BOX, EQUALITY, type Form } from './form.ts';
import type { KktSystem, Pair, Regularisation } from './kkt.ts';
import { multiply } from './sparse.ts';
import type { Iterate } from './start.ts';

/** What a direction is to remove. */
export interface Defects {
  /** Px + q + Aᵀy, n. */
  readonly dual: Float64Array;
  /** Ax − l for equality rows, m. */
  readonly equality: Float64Array;
  /** sign·(limit − Ax) − slack, by bound. */
  readonly slack: Float64Array;
}

export class Newton {
  private readonly form: Form;
  private readonly kkt: KktSystem;
  private readonly h: Float64Array;
  private readonly d: Float64Array;
  /** Σ multiplier/slack by row. */
  private readonly weights: Float64Array;
  private readonly right: Pair;
  private readonly solution: Pair;
  private iterate!: Iterate;

  constructor(form: Form, kkt: KktSystem) {
    this.form = form;
    this.kkt = kkt;
    this.h = new Float64Array(form.n);
    this.d = new Float64Array(form.systemRows.length);
    this.weights = new Float64Array(form.m);
    this.right = { x: new Float64Array(form.n), y: new Float64Array(form.systemRows.length) };
    this.solution = { x: new Float64Array(form.n), y: new Float64Array(form.systemRows.length) };
  }

  /** The multiplier of every row. */
  rowMultipliers({ y, multipliers }: Iterate): Float64Array {
    const { rows, signs, count } = this.form.bounds;
    const result = y.slice();
    for (let b = 0; b < count; b++) result[rows[b]] += signs[b] * multipliers[b];
    return result;
  }

  defectsOf(iterate: Iterate): Defects {
    const { P, q, A, n, m, l, kinds, bounds } = this.form;
    const z = new Sums(m).addProduct(A, iterate.x);
    const dual = new Sums(n).add(q).addProduct(P, iterate.x);
    dual.addTransposedProduct(A, this.rowMultipliers(iterate));
    const equality = new Float64Array(m);
    for (let i = 0; i < m; i++) if (kinds[i] === EQUALITY) equality[i] = z.high[i] - l[i] + z.low[i];
    const slack = new Float64Array(bounds.count);
    for (let b = 0; b < bounds.count; b++) {
      const i = bounds.rows[b];
      slack[b] = bounds.signs[b] * (bounds.limits[b] - z.high[i] - z.low[i]) - iterate.slacks[b];
    }
    return { dual: dual.round(), equality, slack };
  }

  /** Prepares for directions from an iterate. @returns whether there are finite factors */
  *factorise(iterate: Iterate, regularisation: Regularisation): Interruptible<boolean> {
    const { h, d, weights, form } = this;
    const { bounds, kinds, systemRows } = form;
    this.iterate = iterate;
    weights.fill(0);
    for (let b = 0; b < bounds.count; b++) weights[bounds.rows[b]] += iterate.multipliers[b] / iterate.slacks[b];
    h.fill(0);
    for (let i = 0; i < form.m; i++) {
      if (kinds[i] === BOX) h[form.boxVariables[i]] += form.boxEntries[i] ** 2 * weights[i];
    }
    systemRows.forEach((row, place) => {
      d[place] = kinds[row] === EQUALITY ? 0 : 1 / weights[row];
    });
    return yield* this.kkt.factorise(h, d, regularisation);
  }

  /**
   * Computes the direction that removes share · defects and makes slack · multiplier + its change = −complementarity
   * + slack · multiplier, to first order.
   * @returns how exactly the linear system was solved
   */
  *direction(
    defects: Defects,
    share: number,
    complementarity: Float64Array,
    direction: Iterate,
  ): Interruptible<number> {
    const { form, right, solution, weights, iterate } = this;
    const { bounds, kinds, systemRows, n, m } = form;
    const constants = new Float64Array(m);
    for (let b = 0; b < bounds.count; b++) {
      const constant = -complementarity[b] - iterate.multipliers[b] * share * defects.slack[b];
      constants[bounds.rows[b]] += (bounds.signs[b] * constant) / iterate.slacks[b];
    }
    for (let j = 0; j < n; j++) right.x[j] = -share * defects.dual[j];
    for (let i = 0; i < m; i++) {
      if (kinds[i] === BOX) right.x[form.boxVariables[i]] -= form.boxEntries[i] * constants[i];
    }
    systemRows.forEach((row, place) => {
      right.y[place] = kinds[row] === EQUALITY ? -share * defects.equality[row] : -constants[row] / weights[row];
    });
    const exactness = yield* this.kkt.solve(right, solution);
    direction.x.set(solution.x);
    direction.y.fill(0);
    systemRows.forEach((row, place) => {
      if (kinds[row] === EQUALITY) direction.y[row] = solution.y[place];
    });
    this.boundDirections(defects, share, complementarity, direction);
    return exactness;
  }

  /**
   * The changes of slacks and multipliers. Of the two bounds of a row, the one that holds it more firmly gets its
   * multiplier from that of the row, which is more accurate there than a difference of products.
   */
  private boundDirections(defects: Defects, share: number, complementarity: Float64Array, direction: Iterate): void {
    const { form, solution, iterate } = this;
    const { bounds, systemPlaces } = form;
    const { slacks, multipliers } = iterate;
    const change = multiply(form.A, direction.x);
    for (let b = 0; b < bounds.count; b++) {
      const defect = share * defects.slack[b];
      const slackChange = defect - bounds.signs[b] * change[bounds.rows[b]];
      direction.slacks[b] = slackChange;
      direction.multipliers[b] = (-complementarity[b] - multipliers[b] * slackChange) / slacks[b];
    }
    for (let b = 0; b < bounds.count; b++) {
      const place = systemPlaces[bounds.rows[b]];
      const firmness = multipliers[b] / slacks[b];
      if (place < 0 || firmness < 1) continue;
      const partner = bounds.partners[b];
      let multiplierChange = solution.y[place];
      if (partner >= 0) {
        if (multipliers[partner] / slacks[partner] >= firmness) continue;
        multiplierChange -= bounds.signs[partner] * direction.multipliers[partner];
      }
      multiplierChange *= bounds.signs[b];
      direction.multipliers[b] = multiplierChange;
      direction.slacks[b] = (-complementarity[b] - slacks[b] * multiplierChange) / multipliers[b];
    }
  }
}
