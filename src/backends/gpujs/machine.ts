/** Where the kernels run: data that stays there, and kernels over it. There is one for each mode of gpu.js. */
import type { AdapterDescription } from '../backend.ts';
import type { KernelSettings } from './library.ts';
import { KERNELS } from './sources.ts';
import { type KernelVariant, keyOf, sourceOf } from './variants.ts';

/** Numbers that never change. Shared by whoever holds a reference, freed with the last one. */
export interface Data {
  readonly size: number;
  references: number;
}

/** Extents of a result: numbers in a row, and rows. */
export type Extents = readonly [columns: number, rows: number];

export interface Machine {
  readonly adapter: AdapterDescription;
  /** Bound where an operand is absent. */
  readonly nothing: Data;
  /** Whether `read` waits for nothing, so that a flag may be read after each pass of a loop. */
  readonly isImmediate: boolean;
  /** Of the data that are alive. */
  readonly live: Figures;
  /** Of what the kernels keep of their last results, which nobody else holds. */
  pooled(): Figures;
  upload(values: ArrayLike<number>): Data;
  /** @param parameters the kernel's integers, then its numbers */
  launch(variant: KernelVariant, operands: readonly Data[], parameters: readonly number[], extents: Extents): Data;
  read(data: Data): Float32Array;
  /** As `read`, without keeping the thread waiting. */
  readLater(data: Data): Promise<Float32Array>;
  retain(data: Data): Data;
  release(data: Data): void;
  close(): void;
}

/** Settings common to both modes. */
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

/** gpu.js keeps indices as float32 numbers, which count no further. */
const MAXIMUM_NUMBERS = 2 ** 24;

/** @throws RangeError where the numbers are too many */
export function checkCount(numbers: number): void {
  if (numbers <= MAXIMUM_NUMBERS) return;
  throw new RangeError(
    `gpujs: a tensor of ${numbers} numbers is too large for gpu.js, which counts to ${MAXIMUM_NUMBERS}; ` +
      'split it, or choose another backend',
  );
}

/** Kernels made once: found by the variant itself, and by its key where equal forms come from different Programs. */
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
