/**
 * The homogeneous embedding of a program with a quadratic objective (Goulart and Chen, "Clarabel: An interior-point
 * solver for conic programs with quadratic objectives", 2024): find (x, z, s, τ, κ) with s, z in the cones, τ, κ ≥ 0 and
 *   Px + Aᵀz + cτ = 0,  Ax + s − bτ = 0,  xᵀPx/τ + cᵀx + bᵀz + κ = 0,  sᵀz = 0,  τκ = 0.
 * Where τ > 0, (x, z, s)/τ is a solution; where κ > 0, z or x shows that there is none. A step is Mehrotra's predictor
 * and corrector along Nesterov-Todd directions.
 */
import type { Interruptible } from '../../../backends/event-loop.ts';
import { Sums } from '../../programs/compensated.ts';
import type { Pair, Regularisation } from '../../programs/kkt.ts';
import { largestMagnitude } from '../../programs/residuals.ts';
import { multiply } from '../../programs/sparse.ts';
import type { ConeForm } from './form.ts';
import type { ConeProduct } from './product.ts';
import type { Iterate } from './start.ts';
import type { ConeSystem } from './system.ts';

/** The share of the way to the boundary. */
const TO_BOUNDARY = 0.99;
/** At most so many correctors; the second and third are kept if they make the step longer by this factor. */
const CORRECTORS = 3;
const GAIN = 1.05;
/** A step that leaves the cones by rounding is shortened by this, so often. */
const SHORTER = 0.8;
const SHORTENINGS = 60;

/** What the equations leave, to be removed by a direction. */
interface Defects {
  readonly dual: Float64Array;
  readonly primal: Float64Array;
  readonly gap: number;
}

/** A change of the iterate; `scaledS` = W⁻ᵀΔs and `scaledZ` = WΔz. */
interface Direction {
  readonly x: Float64Array;
  readonly z: Float64Array;
  readonly scaledZ: Float64Array;
  readonly scaledS: Float64Array;
  readonly tau: number;
  readonly kappa: number;
}

export class Embedding {
  readonly iterate: Iterate;
  private readonly form: ConeForm;
  private readonly product: ConeProduct;
  private readonly system: ConeSystem;
  private readonly regularisation: Regularisation;
  /** The solution of the linear system for the right-hand side (−c, b), which does not change within a step. */
  private readonly constant: Pair;
  private readonly variable: Pair;
  private rotatedB: Float64Array;

  constructor(
    form: ConeForm,
    product: ConeProduct,
    system: ConeSystem,
    iterate: Iterate,
    regularisation: Regularisation,
  ) {
    this.form = form;
    this.product = product;
    this.system = system;
    this.iterate = iterate;
    this.regularisation = regularisation;
    this.constant = { x: new Float64Array(form.n), y: new Float64Array(form.m) };
    this.variable = { x: new Float64Array(form.n), y: new Float64Array(form.m) };
    this.rotatedB = form.b;
  }

  /** (sᵀz + τκ)/(the degree of the cones + 1) */
  get complementarity(): number {
    const { s, z, tau, kappa } = this.iterate;
    return (dot(s, z) + tau * kappa) / (this.product.degree + 1);
  }

  /** How far the eigenvalues of λ ∘ λ are from their mean, relative to it: 0 on the central path. */
  *eccentricity(): Interruptible<number> {
    const { product, iterate } = this;
    const mean = this.complementarity;
    if (!(mean > 0 && product.scale(iterate.s, iterate.z))) return 0;
    yield;
    const products = product.multiply(product.lambda, product.lambda);
    product.addIdentity(products, -mean);
    return largestMagnitude(products) / mean;
  }

  /** From now on linear systems are solved to a residual of this share of their right-hand sides. */
  solveTo(share: number): void {
    this.system.enough = share;
  }

  /**
   * Takes a step towards a solution.
   * @param settled if the predictor changes x, z and s by less than this, relative to their sizes, nothing is done
   * @returns its length, 0 where there is no direction
   */
  *step(settled = 0): Interruptible<number> {
    if (!(yield* this.prepare())) return 0;
    const { product, iterate } = this;
    const { tau, kappa } = iterate;
    const defects = this.defects();
    yield;
    const squares = product.multiply(product.lambda, product.lambda);
    let direction = yield* this.direction(defects, 1, squares, tau * kappa);
    if (this.relativeChange(direction) <= settled) return 0;
    let longest = yield* this.longestStep(direction);
    const centring = (1 - Math.min(1, longest)) ** 3;
    const target = centring * this.complementarity;
    // Each corrector has the products of the direction before: more of them stay nearer to the central path.
    for (let corrector = 0; corrector < CORRECTORS; corrector++) {
      const products = product.multiply(direction.scaledS, direction.scaledZ);
      for (let i = 0; i < products.length; i++) products[i] += squares[i];
      product.addIdentity(products, -target);
      const scalar = tau * kappa + direction.tau * direction.kappa - target;
      const next = yield* this.direction(defects, 1 - centring, products, scalar);
      const nextLongest = yield* this.longestStep(next);
      if (corrector > 0 && !(nextLongest > GAIN * longest)) break;
      direction = next;
      longest = nextLongest;
      if (longest > 1) break;
    }
    return yield* this.move(direction, defects, 1 - centring);
  }

  /**
   * Takes a step towards the point of the central path with the same defects and the same complementarity. Off the path
   * an error of x, y and s may be the root of the complementarity, on it it is of its size (Potra and Sheng, "On the
   * convergence of infeasible-start algorithms for semidefinite programming", 1998).
   * @returns its length
   */
  *centre(): Interruptible<number> {
    if (!(yield* this.prepare())) return 0;
    const { product, iterate } = this;
    const mean = this.complementarity;
    const defects = this.defects();
    yield;
    const products = product.multiply(product.lambda, product.lambda);
    product.addIdentity(products, -mean);
    const direction = yield* this.direction(defects, 0, products, iterate.tau * iterate.kappa - mean);
    return yield* this.move(direction, defects, 0);
  }

  /** Factorises the system at the iterate and solves for what does not change within a step. */
  private *prepare(): Interruptible<boolean> {
    const { product, system, iterate, form } = this;
    if (!product.scale(iterate.s, iterate.z)) return false;
    yield;
    if (!(yield* system.factorise(this.regularisation))) return false;
    this.rotatedB = product.rotate(form.b);
    yield* system.solve({ x: form.c.map((value) => -value), y: this.rotatedB }, this.constant);
    yield;
    return true;
  }

  private defects(): Defects {
    const { n, m, P, A, c, b } = this.form;
    const { x, z, s, tau, kappa } = this.iterate;
    const dual = new Sums(n).addProduct(P, x).addTransposedProduct(A, z).addScaled(c, filled(n, tau), 1);
    const primal = new Sums(m).addProduct(A, x).add(s).addScaled(b, filled(m, tau), -1);
    const gap = kappa + dot(x, multiply(P, x)) / tau + dot(c, x) + dot(b, z);
    return { dual: dual.round(), primal: primal.round(), gap };
  }

  /**
   * The direction that removes share · defects, with λ ∘ (WΔz + W⁻ᵀΔs) = −products and τΔκ + κΔτ = −scalar. With
   * ξ = x/τ, (x₁, z₁) for the defects and (x₂, z₂) for (−c, b):
   * Δτ = (share·gap − scalar/τ + (2Pξ + c)ᵀx₁ + bᵀz₁)/(κ/τ + ‖ξ − x₂‖²_P + ‖Wz₂‖²), where the last two terms, with the
   * regularisation of the system, are ξᵀPξ − (2Pξ + c)ᵀx₂ − bᵀz₂ without its cancellation.
   */
  private *direction(
    defects: Defects,
    share: number,
    products: Float64Array,
    scalar: number,
  ): Interruptible<Direction> {
    const { form, product, system, iterate, constant, variable, regularisation } = this;
    const { n, m, P, c, isEquality } = form;
    const { x, tau, kappa } = iterate;
    const divided = product.divide(products);
    const primal = product.unscalePrimal(divided);
    for (let i = 0; i < m; i++) primal[i] -= share * defects.primal[i];
    const right = { x: defects.dual.map((value) => -share * value), y: product.rotate(primal) };
    yield* system.solve(right, variable);
    yield;
    const gradient = multiply(P, x);
    for (let j = 0; j < n; j++) gradient[j] = (2 * gradient[j]) / tau + c[j];
    const difference = constant.x.map((value, j) => x[j] / tau - value);
    let denominator = kappa / tau + dot(difference, multiply(P, difference));
    denominator += regularisation.variables * dot(constant.x, constant.x);
    for (let i = 0; i < m; i++) {
      denominator += system.d[i] * constant.y[i] ** 2;
    }
    const numerator = share * defects.gap - scalar / tau + dot(gradient, variable.x) + dot(this.rotatedB, variable.y);
    const deltaTau = numerator / denominator;
    const z = product.rotateBack(variable.y.map((value, i) => value + deltaTau * constant.y[i]));
    const scaledZ = product.scaleDual(z);
    return {
      x: variable.x.map((value, j) => value + deltaTau * constant.x[j]),
      z,
      scaledZ,
      scaledS: divided.map((value, i) => (isEquality[i] ? 0 : -value - scaledZ[i])),
      tau: deltaTau,
      kappa: -(scalar + kappa * deltaTau) / tau,
    };
  }

  /** How far the direction may be followed. */
  private *longestStep({ scaledS, scaledZ, tau, kappa }: Direction): Interruptible<number> {
    const { product, iterate } = this;
    const ofS = product.inverseStep(scaledS);
    yield;
    const ofZ = product.inverseStep(scaledZ);
    yield;
    const inverse = Math.max(ofS, ofZ, -tau / iterate.tau, -kappa / iterate.kappa);
    return 1 / inverse;
  }

  /** The largest change of x/τ, z/τ and s/τ along the direction, to first order and relative to their sizes. */
  private relativeChange(direction: Direction): number {
    const { iterate, form } = this;
    const Ax = multiply(form.A, direction.x);
    const s = Ax.map((value, i) => (form.isEquality[i] ? 0 : form.b[i] * direction.tau - value));
    const changes = { x: direction.x, z: direction.z, s };
    const parts = (['x', 'z', 's'] as const).map((part) => {
      const change = changes[part].map((value, i) => value - (iterate[part][i] * direction.tau) / iterate.tau);
      return largestMagnitude(change) / (iterate.tau + largestMagnitude(iterate[part]));
    });
    return Math.max(...parts);
  }

  /** Follows the direction; Δs comes from the equation Ax + s = bτ, which it then meets to rounding. */
  private *move(direction: Direction, defects: Defects, share: number): Interruptible<number> {
    const { form, product, iterate } = this;
    const { m, isEquality } = form;
    const { z } = direction;
    const Ax = multiply(form.A, direction.x);
    const s = new Float64Array(m);
    for (let i = 0; i < m; i++) {
      if (!isEquality[i]) s[i] = form.b[i] * direction.tau - share * defects.primal[i] - Ax[i];
    }
    let step = Math.min(1, TO_BOUNDARY * (yield* this.longestStep(direction)));
    for (let attempt = 0; attempt < SHORTENINGS && step > 0; attempt++, step *= SHORTER) {
      const nextS = iterate.s.map((value, i) => value + step * s[i]);
      const nextZ = iterate.z.map((value, i) => value + step * z[i]);
      const isInside = product.scale(nextS, nextZ);
      yield;
      if (!isInside) continue;
      iterate.s.set(nextS);
      iterate.z.set(nextZ);
      for (let j = 0; j < form.n; j++) iterate.x[j] += step * direction.x[j];
      iterate.tau += step * direction.tau;
      iterate.kappa += step * direction.kappa;
      normalise(iterate);
      return step;
    }
    return 0;
  }
}

/** Every multiple of a point of the embedding is one; that with the larger of τ and κ near 1 is kept, to the bit. */
function normalise(iterate: Iterate): void {
  const factor = 2 ** -Math.round(Math.log2(Math.max(iterate.tau, iterate.kappa)));
  if (factor === 1 || !Number.isFinite(factor)) return;
  for (const part of [iterate.x, iterate.z, iterate.s]) for (let i = 0; i < part.length; i++) part[i] *= factor;
  iterate.tau *= factor;
  iterate.kappa *= factor;
}

function filled(length: number, value: number): Float64Array {
  return new Float64Array(length).fill(value);
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] * y[i];
  return sum;
}
