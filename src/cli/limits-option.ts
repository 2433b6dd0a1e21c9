/** `--limits`: bounds on the size of the files that a command reads. */
import type { Limits } from '../data/index.ts';
import { LIMIT_NAMES } from '../data/limits.ts';
import { formatValue, InputError } from './io.ts';
import type { Arguments } from './options.ts';

export const LIMITS_OPTION = {
  limits: { value: '<name=count>', description: `what files may hold: ${LIMIT_NAMES.join(', ')}` },
};

export function readLimits({ options }: Arguments): Partial<Limits> {
  const entries = (options.limits?.split(',') ?? []).map((entry) => {
    const [name, count] = entry.split('=').map((part) => part.trim());
    if (!LIMIT_NAMES.some((limit) => limit === name) || !(Number(count) > 0)) {
      throw new InputError(
        `--limits: ${formatValue(entry)} must be a name, = and a number > 0; the names are ${LIMIT_NAMES.join(', ')}`,
      );
    }
    return [name, Number(count)];
  });
  return Object.fromEntries(entries);
}
