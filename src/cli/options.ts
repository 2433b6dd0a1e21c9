/** The options of a command. One table serves to read, check and explain them. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { formatValue, InputError, suggestName } from './io.ts';

export interface Option {
  readonly description: string;
  /** The placeholder for the value in the help, such as `<number>`. A switch has none. */
  readonly value?: string;
  /** The default as the help shows it. The command itself applies it. */
  readonly fallback?: string;
}

type OptionTable = Readonly<Record<string, Option>>;

export interface Arguments {
  /** Values by name, without the leading dashes. A switch that is on has the value 'true'. */
  readonly options: Readonly<Record<string, string | undefined>>;
  readonly positionals: readonly string[];
}

const HELP: OptionTable = { help: { description: 'show this help' } };

/**
 * @param command the name of the command, for error messages
 * @param table the options that are allowed, in addition to --help
 * @throws InputError that names the option and says what is allowed
 */
export function readArguments(command: string, table: OptionTable, argv: readonly string[]): Arguments {
  const allowed = { ...HELP, ...table };
  const options: NonNullable<ParseArgsConfig['options']> = Object.fromEntries(
    Object.entries(allowed).map(([name, { value }]) => [name, { type: value ? 'string' : 'boolean' }]),
  );
  options.help = { ...options.help, short: 'h' };
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options, strict: true, allowPositionals: true });
    const texts = Object.entries(values).map(([name, value]) => [name, String(value)]);
    return { options: Object.fromEntries(texts), positionals };
  } catch (error) {
    throw new InputError(explainParseError(command, allowed, argv, error));
  }
}

/** Writes a message of its own, since those of parseArgs have several lines and do not say what is allowed. */
function explainParseError(command: string, allowed: OptionTable, argv: readonly string[], error: unknown): string {
  const { code, message } = error as { code?: string; message: string };
  const quoted = message.match(/'([^']*)'/)?.[1] ?? '';
  const short = argv.find((each) => /^-[^-]/.test(each) && each.startsWith(quoted))?.replace(/=.*/, '');
  const name = quoted.match(/--[^ =]+/)?.[0] ?? short ?? quoted;
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
    const names = Object.keys(allowed).map((each) => `--${each}`);
    const suggestion = suggestName(name.replace(/^-+/, '--'), names);
    // A suggestion after a list of forty names would not be seen.
    if (suggestion) return `${name}: ${command} has no such option${suggestion} (--help lists them all)`;
    return `${name}: ${command} has no such option; it has ${names.join(', ')}`;
  }
  if (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE') {
    if (/does not take an argument/.test(message)) return `${name}: it takes no value; write ${name} alone`;
    return `${name}: its value is missing, or starts with a dash; write ${name}=<value>`;
  }
  return message.replace(/\s+/g, ' ');
}

export function formatHelp(usage: string, summary: string, table: OptionTable, notes = ''): string {
  const rows = Object.entries({ ...table, ...HELP }).map(([name, { value, description, fallback }]) => {
    const left = `--${name}${value ? ` ${value}` : ''}`;
    return `  ${left.padEnd(28)}${description}${fallback ? ` (default ${fallback})` : ''}`;
  });
  return `Usage: ${usage}\n\n${summary}\n\n${rows.join('\n')}\n${notes && `\n${notes}\n`}`;
}

/**
 * Reads a number that `allows` accepts, or returns the fallback where the option is absent.
 * @param must what `allows` accepts, in words
 */
export function readNumber<Fallback extends number | undefined>(
  { options }: Arguments,
  name: string,
  fallback: Fallback,
  must: string,
  allows: (value: number) => boolean,
): number | Fallback {
  const text = options[name];
  if (text === undefined) return fallback;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!allows(value)) throw new InputError(`--${name}: it is ${formatValue(text)}; it must be ${must}`);
  return value;
}

export function readCount<Fallback extends number | undefined>(
  given: Arguments,
  name: string,
  fallback: Fallback,
): number | Fallback {
  return readNumber(given, name, fallback, 'a positive integer', (value) => Number.isSafeInteger(value) && value > 0);
}

export function readPositive<Fallback extends number | undefined>(
  given: Arguments,
  name: string,
  fallback: Fallback,
): number | Fallback {
  const allows = (value: number): boolean => value > 0 && Number.isFinite(value);
  return readNumber(given, name, fallback, 'a finite number > 0', allows);
}

export function readChoice<Choice extends string>(
  { options }: Arguments,
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  const text = options[name];
  if (text === undefined) return undefined;
  const chosen = choices.find((choice) => choice === text);
  if (!chosen) throw new InputError(`--${name}: it is ${formatValue(text)}; it must be one of ${choices.join(', ')}`);
  return chosen;
}
