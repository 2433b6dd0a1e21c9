/**
 * The files in which the steps of bench/gpu.sh leave their results for the report. They are written as a step proceeds,
 * since it may be stopped or crash.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AdapterDescription } from '../../src/index.ts';
import type { LoadRule } from '../load.ts';
import type { Timing } from '../measure.ts';
import type { Size } from '../problems.ts';

export interface AdapterPart {
  readonly adapter: AdapterDescription;
  readonly limits: Readonly<Record<string, number>>;
  /**
   * The output of nvidia-smi: name, driver, memory, highest clock of the processors. Absent where there is no
   * nvidia-smi.
   */
  readonly driver?: string;
  /** Whether the runs are short and the problems small. Always true on a software adapter. */
  readonly small: boolean;
}

/** A line of parity.jsonl. */
export interface ParityLine {
  readonly title: string;
  readonly seconds: number;
  /** Absent where the test passed. */
  readonly error?: string;
}

export interface ProductResult {
  readonly form: string;
  /** Whether the product is A·Bᵀ, as in a layer, rather than A·B. */
  readonly transposeB: boolean;
  readonly size: number;
  /** Milliseconds of one product. */
  readonly milliseconds?: number;
  readonly gigaflops?: number;
  /** Relative difference of some entries from sums in float64. */
  readonly difference?: number;
  readonly error?: string;
}

export interface LayerResult extends Size {
  readonly case: 'relu' | 'solve';
  readonly timing?: Timing;
  /** Iterations of the slowest sample; the whole batch carries out this many. */
  readonly iterations?: { readonly forward: number; readonly backward: number };
  readonly error?: string;
}

export interface LayersPart {
  readonly load: LoadRule;
  readonly results: readonly LayerResult[];
}

/** A line of the output of bench/python/mondeq_cuda.py. */
export type TorchLine =
  | { readonly kind: 'about'; readonly text: string }
  | { readonly kind: 'product'; readonly size: number; readonly milliseconds: number; readonly gigaflops: number }
  | (Size & {
      readonly kind: 'layer';
      readonly case: 'relu' | 'solve';
      readonly mode: TorchMode;
      /** Milliseconds of each repetition. */
      readonly all?: readonly number[];
      /** Relative difference of the answer from Equilibra's. */
      readonly difference?: number;
      readonly error?: string;
    });

/**
 * Eagerly or captured in a CUDA graph; the inverse by Newton-Schulz iterations, as in Equilibra on a GPU, or by
 * torch.linalg.
 */
export const TORCH_MODES = ['eager', 'eager-linalg', 'graph', 'graph-linalg'] as const;
export type TorchMode = (typeof TORCH_MODES)[number];

export interface TorchPart {
  /** The reason why there are no lines. */
  readonly skipped?: string;
  readonly lines: readonly TorchLine[];
}

export const WORK_FOLDER = 'dist/gpu/work';

export function writePart(name: string, part: unknown): void {
  mkdirSync(WORK_FOLDER, { recursive: true });
  writeFileSync(join(WORK_FOLDER, `${name}.json`), JSON.stringify(part));
}

/** Undefined where the step has left no file. */
export function readPart<Part>(name: string): Part | undefined {
  try {
    return JSON.parse(readFileSync(join(WORK_FOLDER, `${name}.json`), 'utf8')) as Part;
  } catch {
    return undefined;
  }
}

/** All lines of a file that has one JSON value on each line. The last one may be cut off. */
export function readLines<Line>(name: string): Line[] {
  try {
    const lines = readFileSync(join(WORK_FOLDER, `${name}.jsonl`), 'utf8')
      .split('\n')
      .slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Line);
  } catch {
    return [];
  }
}
