/** The projection onto a product of cones in float64, with its conservative Jacobian as an operator. */
import { createArgumentError, isListLike, NOT_NEGATIVE } from '../../arguments/check.ts';
import { readOptions } from '../../arguments/options.ts';
import { type Cone, readCones, rowsOfCones } from '../../solvers/cones/cone.ts';
import { largestOf } from '../../solvers/cones/projections/kind.ts';
import { projectOntoCones as project } from '../../solvers/cones/projections/project.ts';

/** Options of `projectOntoCones`. */
export interface ProjectorOptions {
  /**
   * How far v may be from a kink and count as at it: at least 0, in the units of v. Default 64 units of rounding of the
   * largest number of each cone.
   */
  tolerance?: number;
}

/**
 * A place at which the projection is not smooth. The elements J of its Clarke Jacobian obey J_min ⪯ J ⪯ J_max. segment:
 * J_max = J_min + aaᵀ, and the elements are those between them. interval: J_min and J_max are elements, and differ by
 * more than rank one. bounds: whether J_min and J_max are elements is not known.
 */
export interface ConeKink {
  /** segment, interval or bounds. */
  readonly kind: 'segment' | 'interval' | 'bounds';
  /** The first row that the kink concerns. */
  readonly row: number;
  /** How many rows it concerns. */
  readonly rows: number;
  /** a, with `rows` numbers. Only of a segment. */
  readonly direction?: Float64Array;
  /** How far v is from the kink, in the units of v. */
  readonly distance: number;
}

/** What `projectOntoCones` returns. */
export interface ConeProjector {
  /** x, the projection of v. */
  readonly value: Float64Array;
  /** The kinks at which v is, within the tolerance. */
  readonly kinks: readonly ConeKink[];
  /**
   * Jh for J = (1 − q)J_min + qJ_max, which is symmetric with 0 ⪯ J ⪯ I: its own transpose.
   * @param h as many numbers as v has
   * @param selection q from 0 to 1: one number for all kinks, or a list with one for each. Default 0
   * @throws RangeError if h has another length, or a q is wrong
   */
  apply(h: ArrayLike<number>, selection?: number | ArrayLike<number>): Float64Array;
}

const UNITS = 64;

/**
 * Projects v onto a product of cones in float64, on the host: the value, the kinks at v, and the conservative Jacobian
 * as an operator. `coneProjection` is the same as an operation on tensors.
 * @param v one vector, of finite numbers
 * @param cones in the order of the rows of v, which they have together
 * @throws RangeError if v holds what is no finite number, or if the cones do not fit it
 */
export function projectOntoCones(
  v: ArrayLike<number>,
  cones: readonly Cone[],
  options?: ProjectorOptions,
): ConeProjector {
  const { tolerance } = readOptions('projectOntoCones', options, { tolerance: NOT_NEGATIVE });
  const numbers = readNumbers('projectOntoCones: v', v);
  const blocks = readCones('projectOntoCones: cones', cones);
  const rows = rowsOfCones(blocks);
  if (rows !== numbers.length) {
    throw new RangeError(`projectOntoCones: cones have ${rows} rows together; v has ${numbers.length}`);
  }
  const projection = project(blocks, numbers, (index) => {
    const { start, rows: own } = blocks[index];
    return tolerance ?? UNITS * Number.EPSILON * largestOf(numbers, start, start + own);
  });
  const { value, kinks } = projection;
  return {
    value,
    kinks,
    apply(h, selection = 0) {
      const direction = readNumbers('apply: h', h);
      if (direction.length !== rows) {
        throw new RangeError(`apply: h holds ${direction.length} numbers; v has ${rows}, so it must hold ${rows}`);
      }
      const image = new Float64Array(rows);
      projection.apply(direction, image, readShares(selection, kinks.length));
      return image;
    },
  };
}

function readNumbers(place: string, given: ArrayLike<number>): Float64Array {
  if (!isListLike(given)) throw createArgumentError(place, given, 'a list of numbers');
  return Float64Array.from({ length: given.length }, (_, index) => {
    const value = (given as ArrayLike<unknown>)[index];
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw createArgumentError(`${place}[${index}]`, value, 'a finite number');
  });
}

function readShares(selection: number | ArrayLike<number>, count: number): Float64Array {
  const isShare = (q: unknown): boolean => typeof q === 'number' && q >= 0 && q <= 1;
  if (isShare(selection)) return new Float64Array(count).fill(selection as number);
  if (!isListLike(selection) || !Array.from(selection).every(isShare)) {
    throw createArgumentError('apply: selection', selection, 'a number from 0 to 1, or a list of these');
  }
  if (selection.length !== count) {
    throw new RangeError(`apply: selection holds ${selection.length} numbers; there are ${count} kinks`);
  }
  return Float64Array.from(selection as ArrayLike<number>);
}
