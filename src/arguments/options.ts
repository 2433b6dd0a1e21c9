import { type Check, OBJECT } from './check.ts';
import { nearestTo } from './nearest.ts';
import { shown } from './shown.ts';

type Names<Options> = Options extends unknown ? keyof Options : never;

/** Every option there is, and how it is checked; 0 where that is done elsewhere. */
export type Checks<Options> = Readonly<Record<Names<Options>, Check | 0>>;

/**
 * The options that are given, in an object of their own: each is read once, whatever the caller does with his.
 * @param what they are of, for errors: the name of the function
 * @param given undefined as an object without options
 * @param needed must be there
 * @throws RangeError where one is unknown, with the nearest that there is, or of the wrong kind
 */
export function readOptions<Options extends object>(
  what: string,
  given: Options | undefined,
  checks: Checks<NoInfer<Options>>,
  ...needed: readonly Names<NoInfer<Options>>[]
): Options {
  if (given !== undefined) OBJECT(`${what}: options`, given);
  const read: Record<string, unknown> = {};
  const names = Object.keys(checks);
  // What the object inherits counts, also where only a getter of its class tells.
  for (const name in given) if (!Object.hasOwn(checks, name)) throw unknown(what, name, names);
  for (const name of names) {
    const value = (given as Readonly<Record<string, unknown>> | undefined)?.[name];
    if (value === undefined && !needed.includes(name as never)) continue;
    const check = (checks as Readonly<Record<string, Check | 0>>)[name];
    if (check) check(`${what}: ${name}`, value);
    read[name] = value;
  }
  return read as Options;
}

function unknown(what: string, name: string, names: readonly string[]): RangeError {
  return new RangeError(
    `${what}: there is no option ${shown(name)}; the nearest is ${nearestTo(name, names)}, and all are ${names.join(', ')}`,
  );
}
