/** What a run of the benchmark found: the JSON that is written. */
import { cpus } from 'node:os';
import { version } from '../src/cli/version.ts';
import type { AdapterDescription, BackendName } from '../src/index.ts';
import type { CaseName, Size } from './cases.ts';
import type { EnvironmentName } from './environment.ts';
import type { Limits } from './measure.ts';
import type { Finding } from './measurements.ts';

/** One backend in one environment. */
export interface Place {
  readonly environment: EnvironmentName;
  /** Of the browser or of Node. */
  readonly version: string;
  readonly backend: BackendName;
  readonly adapter: AdapterDescription;
}

export interface Entry extends Place, Size, Partial<Finding> {
  readonly case: CaseName;
  /** Of the median; only where the operations can be counted. */
  readonly gigaflops?: number;
  /** What went wrong, in the place of a finding. */
  readonly error?: string;
}

export interface Results {
  readonly date: string;
  readonly equilibra: string;
  readonly node: string;
  readonly processor: { readonly name: string; readonly cores: number };
  readonly limits: Limits;
  /** What could not be measured, and what to know about the rest. */
  readonly notes: readonly string[];
  /** What the figures of an entry mean. */
  readonly legend: string;
  readonly entries: readonly Entry[];
}

const LEGEND =
  'timing: milliseconds of one unit (relu: 50 iterations and reading z; solve: W from A and B, forward and backward solve, ' +
  'reading the reports and the gradient of b; training: one step of train); iterations: mean over the samples, of the first ' +
  'repetition; gigaflops: 1e9 floating-point operations a second at the median, for relu alone, since a report does not ' +
  'tell how many products a solve took';

export function resultsOf(entries: readonly Entry[], limits: Limits, notes: readonly string[]): Results {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    equilibra: version(),
    node: process.versions.node,
    processor: { name: processors[0]?.model.trim() ?? 'unknown', cores: processors.length },
    limits,
    notes,
    legend: LEGEND,
    entries,
  };
}

/** Named after the adapter of WebGPU where there is one, else after the first. */
export function fileNameOf(entries: readonly Pick<Place, 'backend' | 'adapter'>[]): string {
  const { adapter } = entries.find(({ backend }) => backend === 'webgpu') ?? entries[0];
  return `bench-${slugOf(adapter.description)}.json`;
}

/** Small letters and digits, joined by dashes. */
export function slugOf(name: string): string {
  return (
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '')
      .slice(0, 60)
      .replace(/-$/, '') || 'unnamed'
  );
}
