/**
 * On which sample each number of a tensor depends, as an operation passes it on: a small lattice, with sums as its joins.
 *
 * A number depends on no sample (NONE), on one, or on several. Where what it depends on was multiplied by something that may be
 * 0 whatever the unknown is, such as a matrix that was given, the dependence is doubtful: it may not be there.
 */

/** For each number of a tensor; undefined where none of them depends on a sample. */
export type Owners = Int32Array | undefined;

export const NONE = -1;
/** In the place of a sample: several of them. */
export const SEVERAL = 2 ** 29;

/** Twice the sample, and 1 where the dependence is doubtful. */
export const ownedBy = (sample: number): number => 2 * sample;
/** @param owner not NONE */
export const sampleOf = (owner: number): number => owner >> 1;
export const isDoubtful = (owner: number): boolean => (owner & 1) === 1;
export const doubted = (owner: number): number => (owner === NONE ? NONE : owner | 1);

/** Of a sum of two numbers. */
export function joined(a: number, b: number): number {
  if (a === b || b === NONE) return a;
  if (a === NONE) return b;
  // Certain where one of the two is.
  if (a >> 1 === b >> 1) return a & b;
  // One dependence on several samples is certain already; of two samples both must be.
  const isCertain = a === ownedBy(SEVERAL) || b === ownedBy(SEVERAL) || !isDoubtful(a | b);
  return ownedBy(SEVERAL) | (isCertain ? 0 : 1);
}

/** Number by number, where a and b are as long. */
export function joinedEach(a: Owners, b: Owners): Owners {
  if (!a || !b) return a ?? b;
  return a.map((owner, at) => joined(owner, b[at]));
}

/** Of the first so many numbers of every sample, one sample after the other. */
export function rowOwners(size: number, batch: number): Int32Array {
  const width = size / batch;
  return Int32Array.from({ length: size }, (_, at) => ownedBy(Math.floor(at / width)));
}

/** The numbers in so many groups, one after the other, where everything in a group depends on everything. */
export function joinedInGroups(owners: Owners, groups: number): Owners {
  if (!owners) return undefined;
  const width = owners.length / groups;
  const result = new Int32Array(owners.length);
  for (let group = 0; group < groups; group++) {
    let all = NONE;
    for (let at = group * width; at < (group + 1) * width; at++) all = joined(all, owners[at]);
    result.fill(all, group * width, (group + 1) * width);
  }
  return result;
}
