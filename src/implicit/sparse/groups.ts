/** Which coefficients of a sparse model share a norm. */
import { createArgumentError, isList } from '../../arguments/check.ts';
import { describeValue } from '../../arguments/describe-value.ts';

/** See `SparseData.groups`. */
export type SparseGroups = 'entries' | 'rows' | readonly (readonly number[])[];

/** @throws RangeError that names the group */
export function readGroups(given: SparseGroups | undefined, features: number, outputs: number): Int32Array[] {
  const groups = given ?? (outputs === 1 ? 'entries' : 'rows');
  if (groups === 'entries') return Array.from({ length: features * outputs }, (_, at) => Int32Array.of(at));
  if (groups === 'rows') {
    return Array.from({ length: features }, (_, j) => Int32Array.from({ length: outputs }, (_, k) => j * outputs + k));
  }
  if (!isList(groups))
    throw createArgumentError('groups: it', groups, "'entries', 'rows', or a list of lists of places in β");
  const size = features * outputs;
  const owner = new Int32Array(size).fill(-1);
  const read = groups.map((members, group) => {
    if (!isList(members) || members.length === 0) {
      throw createArgumentError(`groups[${group}]: it`, members, 'a list of at least one place in β');
    }
    for (const at of members) {
      if (!(Number.isInteger(at) && at >= 0 && at < size)) {
        throw new RangeError(
          `groups[${group}]: it holds ${describeValue(at)}; places in β are integers from 0 to ${size - 1}`,
        );
      }
      if (owner[at] >= 0) {
        throw new RangeError(
          `groups[${group}]: it holds ${at}, as groups[${owner[at]}] does; each place belongs to one group`,
        );
      }
      owner[at] = group;
    }
    return Int32Array.from(members);
  });
  const missing = owner.indexOf(-1);
  if (missing >= 0) {
    throw new RangeError(
      `groups: none of them holds ${missing}; each place in β, from 0 to ${size - 1}, belongs to one group`,
    );
  }
  return read;
}
