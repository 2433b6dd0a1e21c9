/** The projections onto {0}, onto the whole space, and onto the nonnegative orthant: row by row. */

import type { ConeBlock } from '../../../backends/cone-kernels.ts';
import type { Eigenvector, ProjectionKink } from '../projection.ts';
import { type BlockJacobian, type ConeKind, unitEigenvectors, unitVector } from './kind.ts';

/** Π(v) = 0, J = 0. A NaN remains one, so that nobody takes it for a solution. */
export const zeroCone: ConeKind = {
  value({ start, rows }, v, out) {
    for (let i = start; i < start + rows; i += 1) out[i] = Number.isNaN(v[i]) ? Number.NaN : 0;
  },
  project(block, v, out) {
    this.value(block, v, out);
    return constantJacobian(block, 0);
  },
};

/** Π(v) = v, J = I. */
export const freeCone: ConeKind = {
  value: copyBlock,
  project(block, v, out) {
    copyBlock(block, v, out);
    return constantJacobian(block, 1);
  },
};

/** Π(v) = max(v, 0); J is 1 where v > 0, 0 where v < 0, and [0, 1] where v = 0. */
export const nonnegativeCone: ConeKind = {
  value({ start, rows }, v, out) {
    for (let i = start; i < start + rows; i += 1) out[i] = v[i] < 0 ? 0 : v[i]; // a NaN remains one
  },
  project(block, v, out, tolerance) {
    this.value(block, v, out);
    return new OrthantJacobian(block, v, tolerance);
  },
};

function copyBlock({ start, rows }: ConeBlock, v: Float64Array, out: Float64Array): void {
  if (v !== out) for (let i = start; i < start + rows; i += 1) out[i] = v[i];
}

/** J = 0 or J = I, without kinks. */
export function constantJacobian({ start, rows }: ConeBlock, eigenvalue: 0 | 1): BlockJacobian {
  return {
    kinks: [],
    apply(h, out) {
      for (let i = start; i < start + rows; i += 1) out[i] = eigenvalue === 1 ? h[i] : 0;
    },
    eigenvectors: () => unitEigenvectors({ start, rows }, eigenvalue, eigenvalue, -1),
  };
}

/** What the derivative of max(v, 0) is in a row where it is not 0. */
const ALL = 1;
const KINK = 2;

class OrthantJacobian implements BlockJacobian {
  readonly kinks: readonly ProjectionKink[];
  readonly #start: number;
  /** rows: 0, ALL or KINK */
  readonly #slopes: Uint8Array;

  constructor({ start, rows }: ConeBlock, v: Float64Array, tolerance: number) {
    const kinks: ProjectionKink[] = [];
    this.#start = start;
    this.#slopes = new Uint8Array(rows);
    for (let i = 0; i < rows; i += 1) {
      const distance = Math.abs(v[start + i]);
      if (distance <= tolerance) {
        this.#slopes[i] = KINK;
        kinks.push({ kind: 'segment', row: start + i, rows: 1, direction: Float64Array.of(1), distance });
      } else if (v[start + i] > 0) this.#slopes[i] = ALL;
    }
    this.kinks = kinks;
  }

  apply(h: Float64Array, out: Float64Array, shares: ArrayLike<number>, first: number): void {
    let kink = first;
    for (let i = 0; i < this.#slopes.length; i += 1) {
      const row = this.#start + i;
      const slope = this.#slopes[i];
      if (slope === KINK) {
        out[row] = shares[kink] * h[row];
        kink += 1;
      } else out[row] = slope === ALL ? h[row] : 0;
    }
  }

  eigenvectors(first: number): Eigenvector[] {
    let kink = first;
    return Array.from(this.#slopes, (slope, i) => {
      const vector = unitVector(this.#start + i);
      if (slope === KINK) return { vector, low: 0, high: 1, kink: kink++ };
      const eigenvalue = slope === ALL ? 1 : 0;
      return { vector, low: eigenvalue, high: eigenvalue, kink: -1 };
    });
  }
}
