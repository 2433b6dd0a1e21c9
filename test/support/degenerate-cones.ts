/** Cone programs whose solutions are at kinks, are not unique, or have multipliers that are not. */
import type { ConeType } from '../../src/backends/cone-kernels.ts';
import type { Random } from '../../src/data/random.ts';
import { random } from '../../src/data/random.ts';
import { type Cone, dualOf, readCones, rowsOfCones } from '../../src/solvers/cones/cone.ts';
import { projectValue } from '../../src/solvers/cones/projections/project.ts';
import { coneOf } from './cone-batches.ts';
import { type PlantedConeProgram, plantConeProgram } from './planted-cone-programs.ts';

/**
 * weak: nonnegative rows with y = s = 0. apex: a cone with y = s = 0. primal: s on the boundary, y = 0. dual: y on the
 * boundary, s = 0. double: a semidefinite cone with two eigenvalues of 0 or more. repeated: rows that occur twice.
 * vertex: more rows held than variables. flat: x is not unique. tight: no kink, and no freedom to spare.
 */
const DEGENERATE_KINDS = ['weak', 'apex', 'primal', 'dual', 'double', 'repeated', 'vertex', 'flat'] as const;
export type DegenerateKind = (typeof DEGENERATE_KINDS)[number];

const CURVED: readonly ConeType[] = ['soc', 'psd', 'exp', 'expdual', 'pow', 'powdual'];

interface Shape {
  readonly cones: readonly Cone[];
  readonly v: Float64Array;
  readonly n: number;
  /** By default n. */
  readonly rank?: number;
  /** Pairs of rows of A that are equal. */
  readonly repeated?: readonly (readonly [number, number])[];
}

const normals = (draws: Random, length: number): Float64Array => Float64Array.from({ length }, () => draws.normal());

/** y − s of some cones, of which `move` may change each. */
function vectorOf(
  cones: readonly Cone[],
  draws: Random,
  move: (index: number, own: Float64Array) => void,
): Float64Array {
  const blocks = readCones('cones', cones);
  const v = normals(draws, rowsOfCones(blocks));
  for (const [index, { start, rows }] of blocks.entries()) move(index, v.subarray(start, start + rows));
  return v;
}

/** v becomes y on the boundary of K*, or −s with s on that of K. */
function toBoundary(cone: Cone, own: Float64Array, part: 'primal' | 'dual', draws: Random): void {
  const [block] = readCones('cone', [cone]);
  const y = new Float64Array(own.length);
  // Until neither y nor s is 0.
  for (;;) {
    projectValue([dualOf(block)], own, y);
    const s = y.map((value, i) => value - own[i]);
    const isOutside = [y, s].every((each) => each.some((value) => Math.abs(value) > 1e-3));
    if (isOutside) {
      own.set(part === 'dual' ? y : s.map((value) => -value));
      return;
    }
    own.set(normals(draws, own.length));
  }
}

/** svec of Q diag(λ) Qᵀ for a random Q. */
function withEigenvalues(eigenvalues: readonly number[], draws: Random): Float64Array {
  const k = eigenvalues.length;
  const Q: Float64Array[] = [];
  while (Q.length < k) {
    const next = normals(draws, k);
    for (let pass = 0; pass < 2; pass++) {
      for (const q of Q) {
        const along = q.reduce((sum, value, i) => sum + value * next[i], 0);
        for (let i = 0; i < k; i++) next[i] -= along * q[i];
      }
    }
    const norm = Math.hypot(...next);
    Q.push(next.map((value) => value / norm));
  }
  const result: number[] = [];
  for (let j = 0; j < k; j++) {
    for (let i = j; i < k; i++) {
      const entry = eigenvalues.reduce((sum, value, r) => sum + value * Q[r][i] * Q[r][j], 0);
      result.push(i === j ? entry : Math.SQRT2 * entry);
    }
  }
  return Float64Array.from(result);
}

const SHAPES: Readonly<Record<DegenerateKind, (draws: Random) => Shape>> = {
  weak(draws) {
    const cones: Cone[] = [{ type: 'nonneg', dim: 3 + draws.integer(5) }, coneOf('soc', draws)];
    const weak = 1 + draws.integer(2);
    const v = vectorOf(cones, draws, (index, own) => {
      if (index === 0) own.fill(0, 0, weak);
    });
    return { cones, v, n: 2 + draws.integer(6), ...(draws.integer(2) === 0 && { rank: 1 }) };
  },
  apex(draws) {
    const cones = [coneOf(CURVED[draws.integer(CURVED.length)], draws), coneOf('nonneg', draws)];
    const v = vectorOf(cones, draws, (index, own) => {
      if (index === 0) own.fill(0);
    });
    return { cones, v, n: 3 + draws.integer(8) };
  },
  primal: (draws) => boundaryShape('primal', draws),
  dual: (draws) => boundaryShape('dual', draws),
  double(draws) {
    const order = 3 + draws.integer(2);
    const cones: Cone[] = [{ type: 'psd', dim: order }, coneOf('nonneg', draws)];
    const zeros = 2 + draws.integer(order - 2);
    const eigenvalues = Array.from({ length: order }, (_, i) => (i < zeros ? 0 : draws.normal()));
    const v = vectorOf(cones, draws, (index, own) => {
      if (index === 0) own.set(withEigenvalues(eigenvalues, draws));
    });
    return { cones, v, n: 4 + draws.integer(8) };
  },
  repeated(draws) {
    const type = draws.integer(2) === 0 ? 'zero' : 'nonneg';
    const dim = 2 + draws.integer(3);
    const cones: Cone[] = [{ type, dim }, coneOf(CURVED[draws.integer(CURVED.length)], draws)];
    const v = vectorOf(cones, draws, (index, own) => {
      if (index === 0) own.set(own.map(Math.abs));
    });
    return { cones, v, n: dim + 3 + draws.integer(4), repeated: [[0, 1]] };
  },
  vertex(draws) {
    const dim = 4 + draws.integer(3);
    const cones: Cone[] = [{ type: 'nonneg', dim }];
    const v = vectorOf(cones, draws, (_, own) => own.set(own.map(Math.abs)));
    return { cones, v, n: 1 + draws.integer(dim - 2) };
  },
  flat(draws) {
    const cones = [coneOf(CURVED[draws.integer(CURVED.length)], draws), coneOf('nonneg', draws)];
    const v = vectorOf(cones, draws, () => {});
    const m = v.length;
    return { cones, v, n: m + 1 + draws.integer(2), rank: 0 };
  },
};

function boundaryShape(part: 'primal' | 'dual', draws: Random): Shape {
  const cones = [coneOf(CURVED[draws.integer(CURVED.length)], draws), coneOf('nonneg', draws)];
  const v = vectorOf(cones, draws, (index, own) => {
    if (index === 0) toBoundary(cones[0], own, part, draws);
  });
  const n = 2 + draws.integer(6);
  return { cones, v, n, rank: draws.integer(3) === 0 ? Math.max(1, n - 2) : n };
}

export interface DegenerateProgram {
  readonly kind: DegenerateKind;
  readonly name: string;
  readonly program: PlantedConeProgram;
}

export function degenerateProgram(seed: number): DegenerateProgram {
  const kind = DEGENERATE_KINDS[seed % DEGENERATE_KINDS.length];
  const draws = random(seed).fork(kind);
  const { cones, v, n, rank = n, repeated = [] } = SHAPES[kind](draws);
  const { P, A } = plantConeProgram({ seed, n, cones, rank });
  for (const [from, to] of repeated) A.copyWithin(to * n, from * n, (from + 1) * n);
  const program = plantConeProgram({ seed, n, cones, v, like: { P, A } });
  const shapes = cones.map(({ type, dim }) => type + dim).join(' ');
  return { kind, name: `${kind}, seed ${seed}: n ${n}, rank ${rank}, ${shapes}`, program };
}
