/** Cones, and how a product of them lies in the rows of a vector. */
import { createArgumentError, isListLike, isObject } from '../../arguments/check.ts';
import { describeValue } from '../../arguments/describe-value.ts';
import { CONE_TYPES, type ConeBlock, type ConeType } from '../../backends/cone-kernels.ts';

export type { ConeType };

/** One cone of a product. */
export interface Cone {
  /** See `ConeType`. */
  readonly type: ConeType;
  /** The number of rows; of psd the order k, which takes k(k + 1)/2 rows; of exp, expdual, pow and powdual 3. */
  readonly dim: number;
  /** Of pow and powdual: 0 < α < 1. */
  readonly alpha?: number;
}

/** The largest order of a psd cone. */
export const LARGEST_ORDER = 32;

const TRIPLES: ReadonlySet<ConeType> = new Set<ConeType>(['exp', 'expdual', 'pow', 'powdual']);
const DUALS: Readonly<Partial<Record<ConeType, ConeType>>> = {
  zero: 'free',
  free: 'zero',
  exp: 'expdual',
  expdual: 'exp',
  pow: 'powdual',
  powdual: 'pow',
};

/** Lays cones out one after another. @throws RangeError that names the cone, what it was and what it must be */
export function readCones(name: string, given: unknown): readonly ConeBlock[] {
  if (!isListLike(given)) throw createArgumentError(`${name}: it`, given, 'a list of { type, dim }');
  let start = 0;
  return Array.from(given, (each, index) => {
    const block = readCone(`${name}[${index}]`, each, start);
    start += block.rows;
    return block;
  });
}

function readCone(place: string, given: unknown, start: number): ConeBlock {
  if (!isObject(given)) throw createArgumentError(`${place}: it`, given, '{ type, dim }');
  const { type, dim, alpha, ...others } = given as Partial<Cone> & Record<string, unknown>;
  const [other] = Object.keys(others);
  if (other !== undefined) {
    throw new RangeError(`${place}: there is no ${describeValue(other)}; the names are type, dim and alpha`);
  }
  if (typeof type !== 'string' || !CONE_TYPES.includes(type)) {
    throw createArgumentError(`${place}.type: it`, type, `one of ${CONE_TYPES.join(', ')}`);
  }
  const isTriple = TRIPLES.has(type);
  const largest = type === 'psd' ? LARGEST_ORDER : isTriple ? 3 : 2 ** 31 - 2;
  if (!Number.isInteger(dim) || (dim as number) < (isTriple ? 3 : 1) || (dim as number) > largest) {
    const allowed = isTriple ? '3' : type === 'psd' ? `an order from 1 to ${LARGEST_ORDER}` : 'a number of rows ≥ 1';
    throw createArgumentError(`${place}.dim: it`, dim, allowed);
  }
  const hasAlpha = type === 'pow' || type === 'powdual';
  if (hasAlpha ? !(typeof alpha === 'number' && alpha > 0 && alpha < 1) : alpha !== undefined) {
    throw createArgumentError(
      `${place}.alpha: it`,
      alpha,
      hasAlpha ? 'a number above 0 and below 1' : 'undefined: only pow and powdual have it',
    );
  }
  return { type, dim: dim as number, start, rows: rowsOfCone(type, dim as number), alpha: alpha ?? Number.NaN };
}

/** The number of rows of a cone. */
export function rowsOfCone(type: ConeType, dim: number): number {
  return type === 'psd' ? (dim * (dim + 1)) / 2 : dim;
}

/** The number of rows of a product. */
export function rowsOfCones(blocks: readonly ConeBlock[]): number {
  return blocks.reduce((sum, { rows }) => sum + rows, 0);
}

/** The dual cone, at the same place. */
export function dualOf(block: ConeBlock): ConeBlock {
  return { ...block, type: DUALS[block.type] ?? block.type };
}
