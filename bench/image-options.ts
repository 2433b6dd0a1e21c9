/** The options of `npm run images`. */
import { formatValue, InputError } from '../src/cli/io.ts';
import { formatHelp, readArguments, readChoice, readCount } from '../src/cli/options.ts';
import { IMAGE_SETS, type ImageSetName, RATE, TOLERANCE } from './image-networks.ts';
import type { ImagePlace } from './image-runs.ts';
import type { ImageSettings } from './image-table.ts';

const PLACES = ['node', 'chrome'] as const;
const SETS = Object.keys(IMAGE_SETS) as ImageSetName[];
/** Of `--quick`. */
const QUICK = { epochs: 1, seeds: 1, images: 512 };
/** Where Debian's package dataset-fashion-mnist has its files. */
export const FASHION = '/usr/share/datasets/fashion-mnist';
const OUTPUT = 'bench/results/images.json';
const QUICK_OUTPUT = 'dist/bench/images.json';

const TABLE = {
  data: { value: '<folder>', description: 'with the binary files of CIFAR-10', fallback: 'it is left out' },
  fashion: { value: '<folder>', description: 'with the four IDX files of Fashion-MNIST', fallback: FASHION },
  epochs: { value: '<count>', description: 'of each training', fallback: `5; ${QUICK.epochs} with --quick` },
  seeds: {
    value: '<count>',
    description: 'of CIFAR in Node; all else has one',
    fallback: `3; ${QUICK.seeds} with --quick`,
  },
  batch: { value: '<count>', description: 'of images', fallback: '128' },
  threads: { value: '<count>', description: 'of WebAssembly', fallback: '2' },
  only: {
    value: '<what>',
    description: `${PLACES.join(' or ')}, or a data set: ${SETS.join(' or ')}`,
    fallback: 'all',
  },
  images: { value: '<count>', description: 'of each part at most', fallback: `all; ${QUICK.images} with --quick` },
  quick: { description: 'few images, one epoch and one seed, to try everything in a minute or two' },
  continue: { description: 'keeps what the output has, and measures what it lacks' },
  output: {
    value: '<file>',
    description: 'where the JSON goes; the tables go beside it',
    fallback: `${OUTPUT}; ${QUICK_OUTPUT} with --quick`,
  },
};

export interface ImageOptions {
  readonly folders: Readonly<Partial<Record<ImageSetName, string>>>;
  readonly places: readonly ImagePlace[];
  readonly sets: readonly ImageSetName[];
  readonly seeds: number;
  readonly settings: ImageSettings;
  /** Whether the findings that the output has are kept. */
  readonly goesOn: boolean;
  readonly output: string;
}

export function help(): string {
  return formatHelp(
    'npm run images -- [options]',
    'Trains networks for images, in Node and in headless Chrome; prints tables and writes JSON.',
    TABLE,
  );
}

/** Undefined where help is asked for. @throws InputError that names the option and the allowed values */
export function readOptions(argv: readonly string[]): ImageOptions | undefined {
  const given = readArguments('images', TABLE, argv);
  const { options } = given;
  if (options.help) return undefined;
  if (given.positionals.length > 0) {
    throw new InputError(`${formatValue(given.positionals[0])}: images takes options only`);
  }
  const only = readChoice(given, 'only', [...PLACES, ...SETS]);
  const isQuick = options.quick !== undefined;
  const images = readCount(given, 'images', isQuick ? QUICK.images : undefined);
  const settings = {
    epochs: readCount(given, 'epochs', isQuick ? QUICK.epochs : 5),
    batch: readCount(given, 'batch', 128),
    threads: readCount(given, 'threads', 2),
    ...{ rate: RATE, tolerance: TOLERANCE },
    ...(images !== undefined && { images }),
  };
  return {
    folders: { fashion: options.fashion ?? FASHION, cifar: options.data },
    places: PLACES.filter((name) => only === name || !PLACES.some((place) => place === only)),
    sets: SETS.filter((name) => only === name || !SETS.some((set) => set === only)),
    seeds: readCount(given, 'seeds', isQuick ? QUICK.seeds : 3),
    settings,
    goesOn: options.continue !== undefined,
    output: options.output ?? (isQuick ? QUICK_OUTPUT : OUTPUT),
  };
}
