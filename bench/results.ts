/** The results of a run of the benchmark: the JSON that is written. */
import { cpus } from 'node:os';
import { readVersion } from '../src/cli/version.ts';
import type { AdapterDescription } from '../src/index.ts';
import type { CaseName } from './cases.ts';
import type { Contestant, LibraryName } from './contestants.ts';
import type { EnvironmentName } from './environment.ts';
import type { LoadRule } from './load.ts';
import { type Limits, ratioOf } from './measure.ts';
import type { Finding } from './measurements.ts';
import { peerVersions } from './peers/install.ts';
import type { Size } from './problems.ts';
import type { Scaling } from './scaling.ts';

/** A library on one of its backends, in one environment. */
interface Place extends Contestant {
  readonly environment: EnvironmentName;
  /** The version of the browser, of Node or of Python. */
  readonly version: string;
  /** The adapter of the library's own engine. A peer on the same backend uses the same one. */
  readonly adapter?: AdapterDescription;
}

export interface Entry extends Place, Size, Omit<Finding, keyof Contestant> {
  readonly case: CaseName;
  /** At the median; only where the operations can be counted. */
  readonly gigaflops?: number;
}

/** How many times longer an entry took than Equilibra. */
interface Ratios {
  /** Compared with Equilibra on the same backend. */
  readonly sameBackend?: number;
  /** Compared with Equilibra on its fastest backend in the same environment. */
  readonly best?: number;
}

export interface Results {
  readonly date: string;
  readonly equilibra: string;
  readonly node: string;
  /** Versions of the libraries measured beside it. */
  readonly versions: Readonly<Record<string, string>>;
  readonly processor: { readonly name: string; readonly cores: number };
  readonly limits: Limits;
  /** What counted as foreign load, and how it was treated. */
  readonly load: LoadRule;
  /** Failures, and remarks on the other results. */
  readonly notes: readonly string[];
  /** What the figures of an entry mean. */
  readonly legend: string;
  readonly entries: readonly (Entry & { readonly ratios: Ratios })[];
  readonly scaling: readonly Scaling[];
}

const LEGEND = [
  'timing: milliseconds of one unit (relu: 50 iterations and reading z; solve: W from A and B, forward and backward solve to 1e-4, ' +
    'and reading the gradient of b; training: one step with Adam)',
  'foreign: repetitions during which others had more than the share of the processors that stands under load, although they were ' +
    'tried so often; repeated: tries that do not count',
  'threads: that worked on processors',
  'iterations: mean over the samples, of the first repetition',
  'gigaflops: 1e9 floating-point operations a second at the median, for relu alone, since a report does not tell how many ' +
    'products a solve took',
  'difference: of the answer from that of the first contestant, relative',
  'ratios: how many times as long as Equilibra on the same backend, and on its fastest one there, median over the repetitions, ' +
    'in each of which all worked on the same numbers by turns',
].join('; ');

export function resultsOf({
  entries,
  limits,
  load,
  notes,
  scaling,
}: Pick<Results, 'limits' | 'load' | 'notes' | 'scaling'> & { readonly entries: readonly Entry[] }): Results {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    equilibra: readVersion(),
    node: process.versions.node,
    versions: peerVersions(),
    processor: { name: processors[0]?.model.trim() ?? 'unknown', cores: processors.length },
    limits,
    load,
    notes,
    legend: LEGEND,
    entries: entries.map((entry) => ({ ...entry, ratios: ratiosOf(entry, entries) })),
    scaling,
  };
}

/** Equilibra does not run in Python, so entries from Python are compared with the best in any environment. */
export function ratiosOf(entry: Entry, entries: readonly Entry[]): Ratios {
  const { timing } = entry;
  if (!timing) return {};
  const rivals = entries.filter((other) => isRival(other, entry) && other.timing);
  const same = rivals.find(({ backend }) => backend === entry.backend)?.timing;
  const medians = rivals.map((rival) => rival.timing?.median ?? Number.POSITIVE_INFINITY);
  const best = rivals[medians.indexOf(Math.min(...medians))]?.timing;
  return {
    ...(same && { sameBackend: ratioOf(timing, same) }),
    ...(best && { best: ratioOf(timing, best) }),
  };
}

function isRival(other: Entry, { environment, case: name, batch, width }: Entry): boolean {
  const together = environment === 'python' || other.environment === environment;
  const alike = other.case === name && other.batch === batch && other.width === width;
  return together && alike && other.library === ('equilibra' satisfies LibraryName);
}

/** Named after the adapter of WebGPU where there is one, otherwise after the first backend. */
export function fileNameOf(entries: readonly Pick<Place, 'backend' | 'adapter'>[]): string {
  const device = entries.find(({ backend, adapter }) => adapter && backend === 'webgpu')?.adapter;
  return `bench-${slugOf(device?.description ?? entries[0]?.backend ?? '')}.json`;
}

/** Lower-case letters and digits, joined by dashes. */
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
