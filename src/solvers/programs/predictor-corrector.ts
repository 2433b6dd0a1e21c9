/**
 * One iteration of the primal-dual interior point method: Mehrotra's predictor and corrector (Mehrotra, "On the
 * implementation of a primal-dual interior point method", 1992) with Gondzio's centrality corrections (Gondzio,
 * "Multiple centrality corrections in a primal-dual method for linear programming", 1996).
 */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { Form } from './form.ts';
import type { KktSystem, Regularisation } from './kkt.ts';
import { type Defects, Newton } from './newton.ts';
import type { Iterate } from './start.ts';

/** The share of the way to the boundary. */
const TO_BOUNDARY = 0.995;
/** At most so many centrality corrections an iteration. */
const CORRECTIONS = 2;
/** Products of slack and multiplier between these factors of the target need no correction. */
const LEAST_PRODUCT = 0.1;
const LARGEST_PRODUCT = 10;
/** A correction aims at a step longer by this, and is kept if a tenth of it is gained. */
const LONGER = 0.1;
/** A linear system solved worse than this is tried with more regularisation. */
const INEXACT = 1e-3;
const LARGEST_REGULARISATION = 1e-5;

interface Steps {
  readonly primal: number;
  readonly dual: number;
}

export class PredictorCorrector {
  readonly iterate: Iterate;
  readonly newton: Newton;
  private readonly form: Form;
  private readonly direction: Iterate;
  private readonly trial: Iterate;
  private readonly products: Float64Array;
  private regularisation: Regularisation;

  constructor(form: Form, kkt: KktSystem, iterate: Iterate, regularisation: Regularisation) {
    this.regularisation = regularisation;
    this.form = form;
    this.iterate = iterate;
    this.newton = new Newton(form, kkt);
    this.direction = emptyIterate(form);
    this.trial = emptyIterate(form);
    this.products = new Float64Array(form.bounds.count);
  }

  /** The mean product of slack and multiplier. */
  get complementarity(): number {
    const { slacks, multipliers } = this.iterate;
    let sum = 0;
    for (let b = 0; b < slacks.length; b++) sum += slacks[b] * multipliers[b];
    return slacks.length === 0 ? 0 : sum / slacks.length;
  }

  /** Takes a step. @returns its length, 0 where there is no direction */
  *step(): Interruptible<number> {
    const { newton, iterate, direction, products } = this;
    const defects = newton.defectsOf(iterate);
    if (!(yield* this.predict(defects))) return 0;
    yield;
    if (iterate.slacks.length > 0) {
      const mean = this.complementarity;
      const target = this.centring(mean) * mean;
      for (let b = 0; b < products.length; b++) {
        const { slacks, multipliers } = iterate;
        products[b] = slacks[b] * multipliers[b] + direction.slacks[b] * direction.multipliers[b] - target;
      }
      yield* newton.direction(defects, 1, products, direction);
      yield;
      yield* this.correctCentrality(target);
    }
    const { primal, dual } = this.stepsAlong(direction, TO_BOUNDARY);
    addScaled(iterate.x, direction.x, primal);
    addScaled(iterate.slacks, direction.slacks, primal);
    addScaled(iterate.y, direction.y, dual);
    addScaled(iterate.multipliers, direction.multipliers, dual);
    return Math.min(primal, dual);
  }

  /** Computes the predictor, with more regularisation where the linear system could not be solved. */
  private *predict(defects: Defects): Interruptible<boolean> {
    const { newton, iterate, direction, products } = this;
    for (let b = 0; b < products.length; b++) products[b] = iterate.slacks[b] * iterate.multipliers[b];
    for (;;) {
      const hasFactors = yield* newton.factorise(iterate, this.regularisation);
      if (hasFactors) {
        const inexactness = yield* newton.direction(defects, 1, products, direction);
        if (inexactness < INEXACT) return true;
        if (this.regularisation.variables >= LARGEST_REGULARISATION) return inexactness < 1;
      } else if (this.regularisation.variables >= LARGEST_REGULARISATION) return false;
      const { variables, rows, isProximal } = this.regularisation;
      this.regularisation = { variables: 10 * variables, rows: 10 * rows, isProximal };
    }
  }

  /** Mehrotra's centring parameter, from the complementarity after the predictor. */
  private centring(mean: number): number {
    const { iterate, direction } = this;
    const { primal, dual } = this.stepsAlong(direction, 1);
    let sum = 0;
    for (let b = 0; b < iterate.slacks.length; b++) {
      sum +=
        (iterate.slacks[b] + primal * direction.slacks[b]) * (iterate.multipliers[b] + dual * direction.multipliers[b]);
    }
    return Math.min(1, Math.max(0, sum / iterate.slacks.length / mean)) ** 3;
  }

  private *correctCentrality(target: number): Interruptible<void> {
    const { newton, iterate, direction, trial, products, form } = this;
    const none: Defects = {
      dual: new Float64Array(form.n),
      equality: new Float64Array(form.m),
      slack: new Float64Array(form.bounds.count),
    };
    for (let correction = 0; correction < CORRECTIONS; correction++) {
      const steps = this.stepsAlong(direction, 1);
      if (Math.min(steps.primal, steps.dual) > 0.9) return;
      const primal = Math.min(1, steps.primal + LONGER);
      const dual = Math.min(1, steps.dual + LONGER);
      for (let b = 0; b < products.length; b++) {
        const product =
          (iterate.slacks[b] + primal * direction.slacks[b]) *
          (iterate.multipliers[b] + dual * direction.multipliers[b]);
        const wanted = Math.min(Math.max(product, LEAST_PRODUCT * target), LARGEST_PRODUCT * target);
        products[b] = -Math.max(wanted - product, -LARGEST_PRODUCT * target);
      }
      yield* newton.direction(none, 0, products, trial);
      for (const part of ['x', 'y', 'slacks', 'multipliers'] as const) addScaled(trial[part], direction[part], 1);
      const longer = this.stepsAlong(trial, 1);
      const gained = longer.primal + longer.dual - steps.primal - steps.dual;
      if (!(gained > 0.1 * LONGER)) return;
      for (const part of ['x', 'y', 'slacks', 'multipliers'] as const) direction[part].set(trial[part]);
      yield;
    }
  }

  /** How far the direction may be followed; as far in both for a quadratic objective, which couples them. */
  private stepsAlong(direction: Iterate, share: number): Steps {
    const primal = Math.min(1, share * reach(this.iterate.slacks, direction.slacks));
    const dual = Math.min(1, share * reach(this.iterate.multipliers, direction.multipliers));
    if (this.form.isLinear) return { primal, dual };
    return { primal: Math.min(primal, dual), dual: Math.min(primal, dual) };
  }
}

/** The largest factor of the changes that keeps all values positive. */
function reach(values: Float64Array, changes: Float64Array): number {
  let result = Number.POSITIVE_INFINITY;
  for (let b = 0; b < values.length; b++) {
    if (changes[b] < 0) result = Math.min(result, -values[b] / changes[b]);
  }
  return result;
}

function addScaled(target: Float64Array, terms: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i] += factor * terms[i];
}

function emptyIterate({ n, m, bounds }: Form): Iterate {
  return {
    x: new Float64Array(n),
    y: new Float64Array(m),
    slacks: new Float64Array(bounds.count),
    multipliers: new Float64Array(bounds.count),
  };
}
