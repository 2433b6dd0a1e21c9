/** Batches of random cone programs that are regular at their solutions, with shared or own matrices. */
import type { ConeType } from '../../src/backends/cone-kernels.ts';
import { type Random, random } from '../../src/data/random.ts';
import { type Cone, dualOf, readCones, rowsOfCones } from '../../src/solvers/cones/cone.ts';
import { projectOntoCones } from '../../src/solvers/cones/projections/project.ts';
import { type PlantedConeProgram, plantConeProgram } from './planted-cone-programs.ts';

/** The cones of a program. zero has other cones beside it, and mixture is of any. */
export const FAMILIES = ['zero', 'nonneg', 'soc', 'psd', 'exp', 'expdual', 'pow', 'powdual', 'mixture'] as const;
export type Family = (typeof FAMILIES)[number];

const TYPES: readonly ConeType[] = ['zero', 'nonneg', 'soc', 'psd', 'exp', 'expdual', 'pow', 'powdual'];

/** Programs of one shape. */
export interface ConeTrialBatch {
  readonly name: string;
  readonly programs: readonly PlantedConeProgram[];
  /** Whether all have the P and the A of the first. */
  readonly isShared: boolean;
}

/** none: P = 0. some: P is singular. full: P is positive definite. */
export type Curvature = 'none' | 'some' | 'full';

export function coneOf(type: ConeType, draws: Random): Cone {
  if (type === 'pow' || type === 'powdual') return { type, dim: 3, alpha: 0.1 + 0.8 * draws.uniform() };
  if (type === 'exp' || type === 'expdual') return { type, dim: 3 };
  if (type === 'psd') return { type, dim: 2 + draws.integer(3) };
  if (type === 'soc') return { type, dim: 2 + draws.integer(4) };
  return { type, dim: type === 'zero' ? 1 + draws.integer(3) : 2 + draws.integer(5) };
}

export function conesFor(family: Family, draws: Random): readonly Cone[] {
  const some = (count: number, type: () => ConeType): Cone[] =>
    Array.from({ length: count }, () => coneOf(type(), draws));
  const any = (): ConeType => TYPES[draws.integer(TYPES.length)];
  if (family === 'mixture') return some(2 + draws.integer(3), any);
  if (family === 'zero') return [coneOf('zero', draws), ...some(1, () => TYPES[1 + draws.integer(TYPES.length - 1)])];
  return some(1 + draws.integer(family === 'psd' ? 2 : 3), () => family);
}

/** How many eigenvalues of J at the solution of a seed are 1, and how many are not 0. */
function ranksOf(seed: number, cones: readonly Cone[]): { readonly ones: number; readonly support: number } {
  const blocks = readCones('cones', cones);
  const v = vectorOf(seed, rowsOfCones(blocks));
  const eigenvectors = projectOntoCones(blocks.map(dualOf), v, () => 0).eigenvectors();
  return {
    ones: eigenvectors.filter(({ high }) => high === 1).length,
    support: eigenvectors.filter(({ low }) => low > 0).length,
  };
}

const vectorOf = (seed: number, m: number): Float64Array => {
  const draws = random(seed).fork('v');
  return Float64Array.from({ length: m }, () => draws.normal());
};

/**
 * For almost all matrices M is invertible where ker(I − J) has at most n dimensions and ker P at most as many as J has
 * eigenvalues that are not 0. So n and the rank of P are drawn among those that all programs of the batch allow.
 */
export function regularBatch(
  family: Family,
  seed: number,
  size: number,
  curvatures: readonly Curvature[],
): ConeTrialBatch {
  const draws = random(seed).fork('shape');
  const cones = conesFor(family, draws);
  const seeds = Array.from({ length: size }, (_, index) => 1000 * seed + index);
  const ranks = seeds.map((each) => ranksOf(each, cones));
  const [ones, support] = [
    Math.max(1, ...ranks.map((each) => each.ones)),
    Math.min(...ranks.map((each) => each.support)),
  ];
  const wanted = curvatures[draws.integer(curvatures.length)];
  const curvature = wanted === 'none' && ones > support ? 'full' : wanted;
  const n = curvature === 'none' ? ones + draws.integer(support - ones + 1) : ones + draws.integer(4);
  const least = Math.max(1, n - support);
  const rank = { none: 0, some: Math.min(n, least + draws.integer(n - least + 1)), full: n }[curvature];
  const isShared = draws.integer(2) === 0;
  const programs: PlantedConeProgram[] = [];
  for (const each of seeds) {
    const like = isShared ? programs[0] : undefined;
    const v = vectorOf(each, rowsOfCones(readCones('cones', cones)));
    programs.push(plantConeProgram({ seed: each, n, cones, rank, v, ...(like && { like }) }));
  }
  const shapes = cones.map(({ type, dim }) => `${type}${dim}`).join(' ');
  return {
    name: `${family} ${seed}: n ${n}, rank ${rank}, ${shapes}${isShared ? ', shared' : ''}`,
    programs,
    isShared,
  };
}

/** Batches with `count` programs together, of at most `size` each. */
export function regularBatches(
  family: Family,
  count: number,
  size: number,
  curvatures: readonly Curvature[] = ['none', 'some', 'full'],
): ConeTrialBatch[] {
  return Array.from({ length: Math.ceil(count / size) }, (_, index) =>
    regularBatch(family, index + 1, Math.min(size, count - index * size), curvatures),
  );
}
