/** Cotangents and directions of programs as callers give them. */
import { createArgumentError, isListLike, OBJECT } from '../../arguments/check.ts';
import { describeValue } from '../../arguments/describe-value.ts';
import { isTensor, type Tensor } from '../../tensor/tensor.ts';
import { type BatchData, DATA_NAMES, readDirectionData } from './data.ts';
import type { ProgramMatrix, ProgramVector } from './datum.ts';
import type { ProgramCotangents } from './derivative.ts';
import type { Directions } from './directions.ts';

/** Derivatives of a loss with respect to x, y and z = Ax. One that is absent is 0. */
export interface ProgramCotangent {
  /** [n] for every program alike, or [batch, n]. */
  readonly x?: Tensor | ArrayLike<number>;
  /** [m] or [batch, m] */
  readonly y?: Tensor | ArrayLike<number>;
  /** [m] or [batch, m] */
  readonly z?: Tensor | ArrayLike<number>;
}

/** Directions of the data, in arrays of the forms that the data may have. One that is absent is 0. */
export interface ProgramDirection {
  /** Symmetric, as P is. */
  readonly P?: Exclude<ProgramMatrix, Tensor>;
  /** n */
  readonly q?: Exclude<ProgramVector, Tensor>;
  /** m × n */
  readonly A?: Exclude<ProgramMatrix, Tensor>;
  /** m; not read on a row with l = u. */
  readonly l?: Exclude<ProgramVector, Tensor>;
  /** m; of a row with l = u it moves both bounds. */
  readonly u?: Exclude<ProgramVector, Tensor>;
}

/** @throws RangeError that names the cotangent */
export async function readCotangents(
  what: string,
  given: ProgramCotangent,
  { n, m, batch }: BatchData,
): Promise<(index: number) => ProgramCotangents> {
  OBJECT(`${what}: cotangent`, given);
  const lengths = { x: n, y: m, z: m };
  refuseOthers(what, given, Object.keys(lengths));
  const read: Partial<Record<'x' | 'y' | 'z', ArrayLike<number>>> = {};
  for (const name of ['x', 'y', 'z'] as const) {
    const each = given[name];
    if (each === undefined) continue;
    const place = `${what}: cotangent.${name}`;
    if (isTensor(each) ? each.isDisposed : !isListLike(each)) {
      throw createArgumentError(place, each, 'a tensor that was not disposed, or a list of numbers');
    }
    const numbers = isTensor(each) ? await each.data() : each;
    if (numbers.length !== lengths[name] && numbers.length !== batch * lengths[name]) {
      throw new RangeError(
        `${place} holds ${numbers.length} numbers; it must hold ${lengths[name]}, or ${batch * lengths[name]} for the whole batch`,
      );
    }
    for (let index = 0; index < numbers.length; index++) {
      if (!Number.isFinite(numbers[index]))
        throw createArgumentError(`${place}[${index}]`, numbers[index], 'a finite number');
    }
    read[name] = Float64Array.from(numbers);
  }
  return (index) => {
    const part = (name: 'x' | 'y' | 'z'): Float64Array | undefined => {
      const numbers = read[name];
      if (!numbers) return undefined;
      const start = numbers.length === lengths[name] ? 0 : index * lengths[name];
      return Float64Array.from({ length: lengths[name] }, (_, each) => numbers[start + each]);
    };
    return { x: part('x'), y: part('y'), z: part('z') };
  };
}

/** @throws RangeError that names the direction */
export function readDirections(given: ProgramDirection, data: BatchData): (index: number) => Directions {
  OBJECT('direction', given);
  refuseOthers('direction', given, DATA_NAMES);
  return readDirectionData('direction', given, data);
}

function refuseOthers(what: string, given: object, names: readonly string[]): void {
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    throw new RangeError(`${what}: there is no ${describeValue(name)}; the names are ${names.join(', ')}`);
  }
}
