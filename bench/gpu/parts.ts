/** What each step of bench/gpu.sh leaves behind for the report: written as it goes, since a step may be stopped or crash. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AdapterDescription } from '../../src/index.ts';
import type { LoadRule } from '../load.ts';
import type { Timing } from '../measure.ts';
import type { Size } from '../problems.ts';

export interface AdapterPart {
  readonly adapter: AdapterDescription;
  readonly limits: Readonly<Record<string, number>>;
  /** What nvidia-smi tells: name, driver, memory, highest clock of its processors; absent where there is none. */
  readonly driver?: string;
  /** Short runs of small problems: always on a software adapter. */
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
  /** A·Bᵀ, as in a layer, in place of A·B. */
  readonly transposeB: boolean;
  readonly size: number;
  /** Of one product. */
  readonly milliseconds?: number;
  readonly gigaflops?: number;
  /** Relative, of some entries, from sums in float64. */
  readonly difference?: number;
  readonly error?: string;
}

export interface LayerResult extends Size {
  readonly case: 'relu' | 'solve';
  readonly timing?: Timing;
  /** Those of the sample that took most, which the whole batch makes. */
  readonly iterations?: { readonly forward: number; readonly backward: number };
  readonly error?: string;
}

export interface LayersPart {
  readonly load: LoadRule;
  readonly results: readonly LayerResult[];
}

/** What bench/python/mondeq_cuda.py prints, a line each. */
export type TorchLine =
  | { readonly kind: 'about'; readonly text: string }
  | { readonly kind: 'product'; readonly size: number; readonly milliseconds: number; readonly gigaflops: number }
  | (Size & {
      readonly kind: 'layer';
      readonly case: 'relu' | 'solve';
      readonly mode: TorchMode;
      /** Milliseconds of each repetition. */
      readonly all?: readonly number[];
      /** Of the answer from that of Equilibra, relative. */
      readonly difference?: number;
      readonly error?: string;
    });

/** Eagerly or captured in a CUDA graph; the inverse by Newton-Schulz, as Equilibra has it on a GPU, or by torch.linalg. */
export const TORCH_MODES = ['eager', 'eager-linalg', 'graph', 'graph-linalg'] as const;
export type TorchMode = (typeof TORCH_MODES)[number];

export interface TorchPart {
  /** In the place of lines: why there are none. */
  readonly skipped?: string;
  readonly lines: readonly TorchLine[];
}

export const WORK_FOLDER = 'dist/gpu/work';

export function writePart(name: string, part: unknown): void {
  mkdirSync(WORK_FOLDER, { recursive: true });
  writeFileSync(join(WORK_FOLDER, `${name}.json`), JSON.stringify(part));
}

/** Undefined where the step has left nothing. */
export function readPart<Part>(name: string): Part | undefined {
  try {
    return JSON.parse(readFileSync(join(WORK_FOLDER, `${name}.json`), 'utf8')) as Part;
  } catch {
    return undefined;
  }
}

/** All lines of a file of one JSON value a line; the last may be cut off. */
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
