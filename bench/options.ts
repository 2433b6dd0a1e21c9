/** The options of `npm run bench`. */
import { BACKENDS } from '../src/backends/open.ts';
import { InputError, shown } from '../src/cli/io.ts';
import { choiceOption, helpOf, readArguments } from '../src/cli/options.ts';
import type { BackendName } from '../src/index.ts';
import type { Size } from './cases.ts';
import { ENVIRONMENTS, type EnvironmentName } from './environment.ts';
import type { Limits } from './measure.ts';

const SIZES: readonly Size[] = [
  { batch: 32, width: 64 },
  { batch: 128, width: 87 },
  { batch: 128, width: 128 },
  { batch: 256, width: 256 },
  { batch: 256, width: 512 },
];
const QUICK_SIZES = 3;
const FULL: Limits = { repetitions: 15, milliseconds: 2000 };
const QUICK: Limits = { repetitions: 3, milliseconds: 200 };

const TABLE = {
  quick: { description: `the ${QUICK_SIZES} smaller sizes and few repetitions: about a minute` },
  only: { value: '<where>', description: `${ENVIRONMENTS.join(' or ')}`, fallback: 'both' },
  backend: { value: '<name>', description: BACKENDS.join(', '), fallback: 'all' },
  size: { value: '<batch>x<width>', description: 'one size, such as 128x87', fallback: 'all' },
  output: {
    value: '<file>',
    description: 'where the JSON goes',
    fallback: 'bench/results/bench-<adapter>.json; dist/bench/ where any other option is given',
  },
};

export interface BenchOptions {
  readonly environments: readonly EnvironmentName[];
  readonly backends: readonly BackendName[];
  readonly sizes: readonly Size[];
  readonly limits: Limits;
  /** All that there is to measure, in full. */
  readonly complete: boolean;
  readonly output: string | undefined;
}

export function help(): string {
  const summary = 'Times the library in headless Chrome and in Node; prints a table and writes JSON.';
  return helpOf('npm run bench -- [options]', summary, TABLE);
}

/**
 * @returns undefined where help is asked for
 * @throws InputError that names the option and what is allowed
 */
export function readOptions(argv: readonly string[]): BenchOptions | undefined {
  const given = readArguments('bench', TABLE, argv);
  const { help: wanted, quick, size, output } = given.options;
  if (wanted) return undefined;
  if (given.positionals.length > 0) throw new InputError(`${shown(given.positionals[0])}: bench takes options only`);
  const only = choiceOption(given, 'only', ENVIRONMENTS);
  const backend = choiceOption(given, 'backend', BACKENDS);
  const defaults = quick ? SIZES.slice(0, QUICK_SIZES) : SIZES;
  return {
    environments: only ? [only] : ENVIRONMENTS,
    backends: backend ? [backend] : BACKENDS,
    sizes: size === undefined ? defaults : [sizeOf(size)],
    limits: quick ? QUICK : FULL,
    complete: !(quick || only || backend || size),
    output,
  };
}

function sizeOf(text: string): Size {
  const [batch, width] = (text.match(/^(\d+)[x×](\d+)$/) ?? []).slice(1).map(Number);
  if (!(batch > 0 && width > 0)) {
    throw new InputError(
      `--size: it is ${shown(text)}; it must be batch x width, two positive integers, such as 128x87`,
    );
  }
  return { batch, width };
}
