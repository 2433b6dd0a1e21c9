/**
 * Owners: the sample on which each number of a tensor depends. They form a small lattice, in which a sum joins its
 * terms.
 *
 * A number depends on no sample (NONE), on one, or on several. The dependence is doubtful where it was multiplied by
 * something that does not depend on the unknown and may be 0, such as an entry of a matrix: it may then not exist.
 */

/** The owner of each number of a tensor; undefined where none of them depends on a sample. */
export type Owners = Int32Array | undefined;

export const NONE = -1;
/** Stands for a sample where a number depends on several. */
export const SEVERAL = 2 ** 29;

/** The owner that stands for a certain dependence on a sample: twice the sample. A doubtful dependence adds 1. */
export const ownerOf = (sample: number): number => 2 * sample;
/** The sample of an owner other than NONE. */
export const sampleOf = (owner: number): number => owner >> 1;
export const isDoubtful = (owner: number): boolean => (owner & 1) === 1;
export const markDoubtful = (owner: number): number => (owner === NONE ? NONE : owner | 1);

/** The owner of the sum of two numbers. */
export function joinOwners(a: number, b: number): number {
  if (a === b || b === NONE) return a;
  if (a === NONE) return b;
  // The dependence is certain where one of the two is.
  if (a >> 1 === b >> 1) return a & b;
  // A certain dependence on several samples stays one. With two single samples, both dependences must be certain.
  const isCertain = a === ownerOf(SEVERAL) || b === ownerOf(SEVERAL) || !isDoubtful(a | b);
  return ownerOf(SEVERAL) | (isCertain ? 0 : 1);
}

/** `joinOwners` number by number, of owners of equal length. */
export function joinEach(a: Owners, b: Owners): Owners {
  if (!a || !b) return a ?? b;
  return a.map((owner, at) => joinOwners(owner, b[at]));
}

/** The owners of a tensor that holds `size / batch` numbers of each sample, one sample after the other. */
export function makeRowOwners(size: number, batch: number): Int32Array {
  const width = size / batch;
  return Int32Array.from({ length: size }, (_, at) => ownerOf(Math.floor(at / width)));
}

/**
 * The owners after an operation in which, within each of so many groups of neighbours, every number depends on all
 * numbers.
 */
export function joinInGroups(owners: Owners, groups: number): Owners {
  if (!owners) return undefined;
  const width = owners.length / groups;
  const result = new Int32Array(owners.length);
  for (let group = 0; group < groups; group++) {
    let all = NONE;
    for (let at = group * width; at < (group + 1) * width; at++) all = joinOwners(all, owners[at]);
    result.fill(all, group * width, (group + 1) * width);
  }
  return result;
}
