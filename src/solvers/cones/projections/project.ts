/** The projection onto a cone, or onto a product of cones, in float64. */

import type { ConeBlock, ConeType } from '../../../backends/cone-kernels.ts';
import { rowsOfCones } from '../cone.ts';
import type { Projection } from '../projection.ts';
import { type ConeKind, normOf } from './kind.ts';
import { freeCone, nonnegativeCone, zeroCone } from './orthant.ts';
import { secondOrderCone } from './second-order.ts';
import { semidefiniteCone } from './semidefinite.ts';
import { dualExponentialCone, dualPowerCone, exponentialCone, powerCone } from './three-dimensional.ts';

const KINDS: Readonly<Record<ConeType, ConeKind>> = {
  zero: zeroCone,
  free: freeCone,
  nonneg: nonnegativeCone,
  soc: secondOrderCone,
  psd: semidefiniteCone,
  exp: exponentialCone,
  expdual: dualExponentialCone,
  pow: powerCone,
  powdual: dualPowerCone,
};

/**
 * Projects onto a product of cones.
 * @param v all rows; a block with entries that are not finite gives NaN
 * @param toleranceOf for each block how far v may be from a kink and count as at it, in the units of v; with 0 it must be
 *   there exactly
 */
export function projectOntoCones(
  blocks: readonly ConeBlock[],
  v: Float64Array,
  toleranceOf: (index: number) => number,
): Projection {
  const value = new Float64Array(rowsOfCones(blocks));
  const jacobians = blocks.map((block, index) => KINDS[block.type].project(block, v, value, toleranceOf(index)));
  return {
    value,
    kinks: jacobians.flatMap(({ kinks }) => kinks),
    apply(h, out, shares) {
      let first = 0;
      for (const jacobian of jacobians) {
        jacobian.apply(h, out, shares, first);
        first += jacobian.kinks.length;
      }
    },
    eigenvectors() {
      let first = 0;
      return jacobians.flatMap((jacobian) => {
        const own = jacobian.eigenvectors(first);
        first += jacobian.kinks.length;
        return own;
      });
    },
  };
}

/** Writes the projection of v, without its derivative. `out` may be v. */
export function projectValue(blocks: readonly ConeBlock[], v: Float64Array, out: Float64Array): void {
  for (const block of blocks) KINDS[block.type].value(block, v, out);
}

/** ‖v − Π(v)‖ of each block. */
export function distancesToCones(blocks: readonly ConeBlock[], v: Float64Array): Float64Array {
  const difference = new Float64Array(v.length);
  projectValue(blocks, v, difference);
  for (let i = 0; i < v.length; i += 1) difference[i] -= v[i];
  return Float64Array.from(blocks, ({ start, rows }) => normOf(difference, start, start + rows));
}
