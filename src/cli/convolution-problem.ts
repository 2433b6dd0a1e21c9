/** Reads a monotone convolution and checks all its fields. */
import { interiorMask } from '../index.ts';
import type { Torus } from '../solvers/maps/convolution/torus.ts';
import { PARAMETER_KEYS, readActivation } from './activation-parameters.ts';
import { InputError } from './io.ts';
import { checkKeys, checkNumber, checkObject, describeKind, type JSONObject } from './json.ts';
import { checkList, formatCount } from './matrix.ts';
import { type MonotoneInput, readMargin, readRows } from './monotone-problem.ts';

const REQUIRED = ['kind', 'tiers', 'kernel', 'activation', 'A', 'B', 'g', 'h', 'm', 'b'] as const;

export function readConvolutionProblem(object: JSONObject): MonotoneInput {
  checkKeys(object, 'a convolution problem', REQUIRED, [...PARAMETER_KEYS, 'v', 'selection']);
  const activation = readActivation(object);
  const { channels, torus, interior } = readTier(object.tiers);
  const size = checkNumber('kernel', object.kernel, 'an odd positive integer', (k) => isCount(k) && k % 2 === 1);
  const kernel = (name: 'A' | 'B'): Float64Array =>
    readKernel(`${name}[0]`, readOfTier(name, object[name]), channels, size);
  const number = (name: 'g' | 'h'): number =>
    checkNumber(`${name}[0]`, readOfTier(name, object[name]), 'a finite number', Number.isFinite);
  const weights = {
    ...{ kind: 'convolution' as const, channels, torus, size, A: kernel('A'), B: kernel('B') },
    ...{ g: number('g'), h: number('h'), m: readMargin(object) },
  };
  const n = channels * torus.rows * torus.columns;
  const rows = readRows(object, n, `tiers[0] has ${channels} × ${torus.rows} × ${torus.columns} numbers`);
  if (!interior) return { activation, weights, ...rows };
  const mask = interiorMask(channels, [torus.rows, torus.columns], [interior.rows, interior.columns]);
  return {
    activation: { ...(typeof activation === 'string' ? { name: activation } : activation), mask },
    weights,
    ...rows,
  };
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value > 0;

interface Tier {
  readonly channels: number;
  readonly torus: Torus;
  /** Where the activation keeps a border at zero: the extents of what is inside. */
  readonly interior: Torus | undefined;
}

function readTier(value: unknown): Tier {
  const tier = checkObject('tiers[0]', readOfTier('tiers', value));
  checkKeys(tier, 'tiers[0]', ['channels', 'torus'], ['interior']);
  const channels = checkNumber('tiers[0].channels', tier.channels, 'a positive integer', isCount);
  const torus = readExtents('tiers[0].torus', tier.torus);
  const interior = tier.interior === undefined ? undefined : readExtents('tiers[0].interior', tier.interior);
  if (interior && (interior.rows >= torus.rows || interior.columns >= torus.columns)) {
    throw new InputError(
      `tiers[0].interior: it is ${interior.rows} × ${interior.columns}; it must be smaller than the torus, ${torus.rows} × ${torus.columns}, whose first row and column are the border`,
    );
  }
  return { channels, torus, interior };
}

/** The entry of the only tier. */
function readOfTier(name: string, value: unknown): unknown {
  const entries = checkList(name, value, 'a list with one entry for each tier');
  if (entries.length === 1) return entries[0];
  throw new InputError(`${name}: it is a list of ${entries.length}; it must hold one entry, since there is one tier`);
}

function readExtents(name: string, value: unknown): Torus {
  const entries = checkList(name, value, 'a list of two positive integers, [rows, columns]');
  if (entries.length !== 2) {
    throw new InputError(`${name}: it holds ${formatCount(entries.length)}; it must hold two, [rows, columns]`);
  }
  const [rows, columns] = entries.map((each, axis) =>
    checkNumber(`${name}[${axis}]`, each, 'a positive integer', isCount),
  );
  return { rows, columns };
}

/** Reads [output][input][row][column]. */
function readKernel(name: string, value: unknown, channels: number, size: number): Float64Array {
  const numbers = readNested(name, value, [channels, channels, size, size]);
  if (numbers.every((each) => each === 0)) {
    throw new InputError(
      `${name}: all its numbers are 0; a kernel is divided by its length, so at least one must not be`,
    );
  }
  return Float64Array.from(numbers);
}

function readNested(name: string, value: unknown, [extent, ...inner]: readonly number[]): number[] {
  if (extent === undefined) return [checkNumber(name, value, 'a finite number', Number.isFinite)];
  if (!Array.isArray(value) || value.length !== extent) {
    const must = inner.length === 0 ? formatCount(extent) : [extent, ...inner].join(' × ');
    throw new InputError(`${name}: it is ${describeKind(value)}; it must be a list of ${extent}: ${must}`);
  }
  return value.flatMap((each, index) => readNested(`${name}[${index}]`, each, inner));
}
