/** The options of `npm run bench`. */
import { formatValue, InputError } from '../src/cli/io.ts';
import { formatHelp, readArguments, readChoice } from '../src/cli/options.ts';
import { CONTESTANTS, LIBRARIES, type LibraryName } from './contestants.ts';
import { ENVIRONMENTS, type EnvironmentName } from './environment.ts';
import type { Limits } from './measure.ts';
import { PEER_CHOICES, type PeerChoice } from './peers/install.ts';
import type { Size } from './problems.ts';

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
const BACKENDS = [...new Set(CONTESTANTS.map(({ backend }) => backend))];

const TABLE = {
  quick: { description: `the ${QUICK_SIZES} smaller sizes, few repetitions, no Python, and only the peers present` },
  only: { value: '<where>', description: ENVIRONMENTS.join(', '), fallback: 'all' },
  library: { value: '<name>', description: LIBRARIES.join(', '), fallback: 'all' },
  backend: { value: '<name>', description: BACKENDS.join(', '), fallback: 'all' },
  size: { value: '<batch>x<width>', description: 'one size, such as 128x87', fallback: 'all' },
  peers: {
    value: '<what>',
    description: 'install the other libraries, measure those present, or none',
    fallback: 'install; present with --quick',
  },
  scaling: {
    description: 'time against the batch, memory against the iterations, in Chrome; with no option at all, too',
  },
  python: { value: '<program>', description: 'the Python that has PyTorch', fallback: 'that with the newest PyTorch' },
  output: {
    value: '<file>',
    description: 'where the JSON goes',
    fallback: 'bench/results/bench-<adapter>.json; dist/bench/ where any other option is given',
  },
};

export interface BenchOptions {
  readonly environments: readonly EnvironmentName[];
  /** Undefined: all libraries. */
  readonly library: LibraryName | undefined;
  readonly backend: string | undefined;
  readonly sizes: readonly Size[];
  readonly limits: Limits;
  readonly peers: PeerChoice;
  readonly scaling: boolean;
  /** Undefined: the Python with the newest PyTorch. */
  readonly python: string | undefined;
  /** Whether everything is measured, in full. */
  readonly complete: boolean;
  readonly output: string | undefined;
}

export function help(): string {
  const summary =
    'Times the library, and others on the same numbers beside it, in headless Chrome and in Node; prints a table and writes\n' +
    'JSON. The others are installed in bench/peers.';
  return formatHelp('npm run bench -- [options]', summary, TABLE);
}

/**
 * @returns undefined where help was requested
 * @throws InputError that names the option and the allowed values
 */
export function readOptions(argv: readonly string[]): BenchOptions | undefined {
  const given = readArguments('bench', TABLE, argv);
  const { help: wanted, quick, size, output, python, scaling } = given.options;
  if (wanted) return undefined;
  if (given.positionals.length > 0)
    throw new InputError(`${formatValue(given.positionals[0])}: bench takes options only`);
  const only = readChoice(given, 'only', ENVIRONMENTS);
  const backend = readChoice(given, 'backend', BACKENDS);
  const library = readChoice(given, 'library', LIBRARIES);
  const peers = readChoice(given, 'peers', PEER_CHOICES);
  const defaults = quick ? SIZES.slice(0, QUICK_SIZES) : SIZES;
  const places = quick ? ENVIRONMENTS.filter((name) => name !== 'python') : ENVIRONMENTS;
  const complete = !(quick || only || backend || library || size || peers);
  return {
    environments: only ? [only] : places,
    library,
    backend,
    sizes: size === undefined ? defaults : [sizeOf(size)],
    limits: quick ? QUICK : FULL,
    peers: peers ?? (quick ? 'present' : 'install'),
    scaling: complete || scaling !== undefined,
    python,
    complete,
    output,
  };
}

function sizeOf(text: string): Size {
  const [batch, width] = (text.match(/^(\d+)[x×](\d+)$/) ?? []).slice(1).map(Number);
  if (!(batch > 0 && width > 0)) {
    throw new InputError(
      `--size: it is ${formatValue(text)}; it must be batch x width, two positive integers, such as 128x87`,
    );
  }
  return { batch, width };
}
