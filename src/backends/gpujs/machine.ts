/** A machine holds data and runs kernels over them. There is one class for each mode of gpu.js. */
import type { AdapterDescription } from '../backend.ts';
import type { KernelSettings } from './library.ts';
import { KERNELS } from './sources.ts';
import { type KernelVariant, keyOf, sourceOf } from './variants.ts';

/** Numbers that never change. They are shared by all who hold a reference, and freed with the last one. */
export interface Data {
  readonly size: number;
  references: number;
}

/** The extents of a result: the numbers in a row, and the number of rows. */
export type Extents = readonly [columns: number, rows: number];

export interface Machine {
  readonly adapter: AdapterDescription;
  /** Takes the place of absent operands. */
  readonly nothing: Data;
  /** Whether `read` never waits, so that a flag can be read after each pass of a loop. */
  readonly isImmediate: boolean;
  /** Figures of the data to which there are references. */
  readonly live: Figures;
  /** Figures of the last results that kernels keep although there are no references to them. */
  pooled(): Figures;
  upload(values: ArrayLike<number>): Data;
  /** @param parameters the kernel's integers, then its numbers */
  launch(variant: KernelVariant, operands: readonly Data[], parameters: readonly number[], extents: Extents): Data;
  read(data: Data): Float32Array;
  /** Reads without blocking the thread. */
  readLater(data: Data): Promise<Float32Array>;
  retain(data: Data): Data;
  release(data: Data): void;
  close(): void;
}

/** The settings of a kernel that both modes share. */
export function settingsOf(
  variant: KernelVariant,
  native: boolean,
  operandType: string,
): { source: string; settings: KernelSettings } {
  const { source, parameterTypes, functions, nativeFunctions, injectedNative } = sourceOf(variant, native);
  const constants = variant.constants ?? {};
  const operands = Array<string>(KERNELS[variant.kernel].operands).fill(operandType);
  return {
    source,
    settings: {
      output: [1, 1],
      argumentTypes: [...operands, ...parameterTypes],
      returnType: 'Number',
      constants,
      constantTypes: Object.fromEntries(Object.keys(constants).map((name) => [name, 'Integer'])),
      functions,
      nativeFunctions,
      injectedNative,
      dynamicArguments: true,
      dynamicOutput: true,
      precision: 'single',
      tactic: 'precision',
      loopMaxIterations: 2 ** 31 - 1,
      pipeline: native,
      immutable: native,
    },
  };
}

/** gpu.js stores indices as float32 numbers, which are exact integers up to this one. */
const MAXIMUM_NUMBERS = 2 ** 24;

/** @throws RangeError where a tensor has too many numbers */
export function checkCount(numbers: number): void {
  if (numbers <= MAXIMUM_NUMBERS) return;
  throw new RangeError(
    `gpujs: a tensor of ${numbers} numbers is too large for gpu.js, which counts to ${MAXIMUM_NUMBERS}; ` +
      'split it, or choose another backend',
  );
}

/**
 * Creates each kernel once. It is found by the variant object, or by its key, where equal variants come from different
 * Programs.
 */
export class KernelCache<Kernel> {
  private readonly byVariant = new WeakMap<KernelVariant, Kernel>();
  private readonly byKey = new Map<string, Kernel>();

  constructor(private readonly make: (variant: KernelVariant) => Kernel) {}

  get(variant: KernelVariant): Kernel {
    let kernel = this.byVariant.get(variant);
    if (kernel) return kernel;
    const key = keyOf(variant);
    kernel = this.byKey.get(key) ?? this.make(variant);
    this.byKey.set(key, kernel);
    this.byVariant.set(variant, kernel);
    return kernel;
  }

  all(): Iterable<Kernel> {
    return this.byKey.values();
  }
}

export interface Figures {
  readonly count: number;
  readonly bytes: number;
}

export class Ledger implements Figures {
  count = 0;
  bytes = 0;

  add(size: number): void {
    this.count += 1;
    this.bytes += size * 4;
  }

  remove(size: number): void {
    this.count -= 1;
    this.bytes -= size * 4;
  }
}
