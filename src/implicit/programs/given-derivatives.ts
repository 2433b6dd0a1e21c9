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
export function readCotangents(
  what: string,
  given: ProgramCotangent,
  { n, m, batch }: BatchData,
): Promise<(index: number) => ProgramCotangents> {
  return readParts(what, given, { x: n, y: m, z: m }, batch);
}

/**
 * Cotangents of the parts of a solution.
 * @param lengths the number of numbers of each part, by name
 * @throws RangeError that names the cotangent
 */
export async function readParts<Name extends string>(
  what: string,
  given: Readonly<Partial<Record<Name, Tensor | ArrayLike<number>>>>,
  lengths: Readonly<Record<Name, number>>,
  batch: number,
): Promise<(index: number) => Partial<Record<Name, Float64Array>>> {
  OBJECT(`${what}: cotangent`, given);
  const names = Object.keys(lengths) as Name[];
  refuseOthers(what, given, names);
  const read: Partial<Record<Name, Float64Array>> = {};
  for (const name of names) {
    const each = given[name];
    if (each === undefined) continue;
    const place = `${what}: cotangent.${name}`;
    if (isTensor(each) ? each.isDisposed : !isListLike(each)) {
      throw createArgumentError(place, each, 'a tensor that was not disposed, or a list of numbers');
    }
    const numbers = isTensor(each) ? await each.data() : (each as ArrayLike<number>);
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
    const parts: Partial<Record<Name, Float64Array>> = {};
    for (const name of names) {
      const start = read[name]?.length === lengths[name] ? 0 : index * lengths[name];
      parts[name] = read[name]?.slice(start, start + lengths[name]);
    }
    return parts;
  };
}

/** @throws RangeError that names the direction */
export function readDirections(given: ProgramDirection, data: BatchData): (index: number) => Directions {
  OBJECT('direction', given);
  refuseOthers('direction', given, DATA_NAMES);
  return readDirectionData('direction', given, data);
}

/** @throws RangeError where there are other names */
export function refuseOthers(what: string, given: object, names: readonly string[]): void {
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    throw new RangeError(`${what}: there is no ${describeValue(name)}; the names are ${names.join(', ')}`);
  }
}
