import { type Check, OBJECT } from './check.ts';
import { describeValue } from './describe-value.ts';
import { findNearestName } from './nearest.ts';

type Names<Options> = Options extends unknown ? keyof Options : never;

/** Every option, and its check; 0 if the option is checked elsewhere. */
export type Checks<Options> = Readonly<Record<Names<Options>, Check | 0>>;

/**
 * Reads the options into an object of their own: each is read once, so that the caller may change his object
 * meanwhile.
 * @param what the function that takes them, for error messages
 * @param given undefined counts as no options
 * @param needed options that must be present
 * @throws RangeError if an option is unknown, in which case it names the nearest one, or of the wrong kind
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
  // Inherited options count too, even if only a getter of the class has them.
  for (const name in given) if (!Object.hasOwn(checks, name)) throw createUnknownOptionError(what, name, names);
  for (const name of names) {
    const value = (given as Readonly<Record<string, unknown>> | undefined)?.[name];
    if (value === undefined && !needed.includes(name as never)) continue;
    const check = (checks as Readonly<Record<string, Check | 0>>)[name];
    if (check) check(`${what}: ${name}`, value);
    read[name] = value;
  }
  return read as Options;
}

function createUnknownOptionError(what: string, name: string, names: readonly string[]): RangeError {
  return new RangeError(
    `${what}: there is no option ${describeValue(name)}; the nearest is ${findNearestName(name, names)}, and all are ${names.join(', ')}`,
  );
}
