/** Where the interior point method starts. */
import type { Interruptible } from '../../../backends/event-loop.ts';
import type { ConeForm } from './form.ts';
import type { ConeProduct } from './product.ts';
import type { ConeSystem } from './system.ts';

/** A point of the homogeneous embedding: x/τ, z/τ and s/τ are x, y and s of the scaled program. */
export interface Iterate {
  readonly x: Float64Array;
  readonly z: Float64Array;
  readonly s: Float64Array;
  tau: number;
  kappa: number;
}

const REGULARISATION = { variables: 1e-8, rows: 1e-8, isProximal: true };

/**
 * Without the cones, the point that minimises ½xᵀPx + cᵀx + ½‖Ax − b‖², moved into the cones by multiples of e
 * (Vandenberghe 2010, section 7.3).
 */
export function* startOf(form: ConeForm, product: ConeProduct, system: ConeSystem): Interruptible<Iterate> {
  const { n, m, c, b } = form;
  const unit = new Float64Array(m);
  product.addIdentity(unit, 1);
  const iterate: Iterate = { x: new Float64Array(n), z: new Float64Array(m), s: unit.slice(), tau: 1, kappa: 1 };
  product.scale(unit, unit);
  const solution = { x: new Float64Array(n), y: new Float64Array(m) };
  if (yield* system.factorise(REGULARISATION)) {
    yield* system.solve({ x: c.map((value) => -value), y: b }, solution);
  }
  if ([solution.x, solution.y].every((part) => part.every(Number.isFinite))) {
    iterate.x.set(solution.x);
    iterate.z.set(solution.y);
    for (let i = 0; i < m; i++) iterate.s[i] = form.isEquality[i] ? 0 : -solution.y[i];
  }
  for (const part of [iterate.s, iterate.z]) {
    yield;
    moveInside(product, part);
  }
  return iterate;
}

function moveInside(product: ConeProduct, v: Float64Array): void {
  const margin = product.margin(v);
  if (margin < 1) product.addIdentity(v, 1 - margin);
}
