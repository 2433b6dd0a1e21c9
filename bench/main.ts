/** Times the library in headless Chrome and in Node: `npm run bench`, with `-- --help` for the options. */
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { type Browser, findBrowsers } from '../src/cli/browsers.ts';
import { EXIT, InputError } from '../src/cli/io.ts';
import { type Probe, probeWebGPU } from '../src/cli/probe.ts';
import { softwareDriver } from '../src/cli/vulkan.ts';
import type { AdapterDescription, BackendName } from '../src/index.ts';
import { bundleMeasurements } from './bundle.ts';
import { CASES, type CaseName } from './cases.ts';
import { openChrome } from './chrome.ts';
import type { Environment, EnvironmentName, Session } from './environment.ts';
import type { Assignment, Finding } from './measurements.ts';
import { openNode } from './node.ts';
import { type BenchOptions, help, readOptions } from './options.ts';
import { type Entry, fileNameOf, type Place, resultsOf } from './results.ts';
import { caseOf, describe, tableOf } from './table.ts';

/** What the run has to tell besides its entries. */
interface Log {
  readonly notes: string[];
  failed: boolean;
}

/** What this computer has. */
interface Machine {
  readonly bundle: string;
  readonly browsers: readonly Browser[];
  readonly probe: Probe;
}

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  try {
    const options = readOptions(argv);
    if (options) return await bench(options);
    process.stdout.write(help());
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    console.error(error.message);
    return EXIT.badInput;
  }
}

async function bench(options: BenchOptions): Promise<number> {
  const log: Log = { notes: [], failed: false };
  const [load] = loadavg();
  const cores = availableParallelism();
  if (load > cores / 4) note(log, `other work was going on before the run: load ${load.toFixed(1)} on ${cores} cores`);
  const machine: Machine = { bundle: await bundleMeasurements(), browsers: browsersHere(), probe: await probeWebGPU() };
  const entries: Entry[] = [];
  for (const name of options.environments) {
    const environment = await openEnvironment(name, machine, log);
    if (!environment) continue;
    try {
      entries.push(...(await measureIn(environment, options, log)));
    } finally {
      await environment.close();
    }
  }
  if (entries.length === 0) {
    console.error('nothing was measured');
    return EXIT.failure;
  }
  console.log(`\n${tableOf(entries)}`);
  const folder = options.complete ? 'bench/results' : 'dist/bench';
  const file = options.output ?? join(folder, fileNameOf(entries));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(resultsOf(entries, options.limits, log.notes), undefined, 1)}\n`);
  console.log(`written to ${file}`);
  return log.failed ? EXIT.failure : EXIT.done;
}

function browsersHere(): readonly Browser[] {
  try {
    return findBrowsers();
  } catch (error) {
    throw new InputError((error as Error).message);
  }
}

/** Undefined, with a note, where there is none. */
async function openEnvironment(
  name: EnvironmentName,
  { bundle, browsers, probe }: Machine,
  log: Log,
): Promise<Environment | undefined> {
  if (name === 'node') return openNode(bundle, probe.adapter ? {} : softwareDriver(browsers, process.env));
  if (browsers.length === 0) {
    note(log, 'no browser was found, so there are no figures of Chrome: npx puppeteer browsers install chrome');
    return undefined;
  }
  if (!probe.package && process.platform === 'linux') {
    note(log, 'the package webgpu, which looks for a graphics card, is not installed: Chrome is run on SwiftShader');
  }
  try {
    return await openChrome(bundle, browsers[0], adapterFor(probe));
  } catch (error) {
    failure(log, `${browsers[0].version} does not start: ${firstLine(error)}`);
    return undefined;
  }
}

/** Elsewhere than on Linux the browser may be left to find out for itself. */
function adapterFor({ adapter }: Probe): 'software' | 'hardware' {
  return process.platform !== 'linux' || (adapter && !adapter.software) ? 'hardware' : 'software';
}

async function measureIn(environment: Environment, options: BenchOptions, log: Log): Promise<Entry[]> {
  const { sizes, limits } = options;
  const names = Object.keys(CASES) as CaseName[];
  const assignments = sizes.flatMap((size) => names.map((name) => ({ case: name, ...size, limits })));
  const entries: Entry[] = [];
  for (const backend of options.backends) {
    let opened: Opened;
    try {
      opened = await openBackend(environment, backend);
    } catch (error) {
      note(log, `${environment.version} has no ${backend}: ${firstLine(error)}`);
      continue;
    }
    if (backend === 'webgpu' && opened.adapter.software) {
      const what = describe(opened.adapter);
      note(log, `${environment.version}: the adapter is ${what}: these are no figures of a graphics card`);
    }
    entries.push(...(await measureOn(environment, backend, opened, assignments, log)));
  }
  return entries;
}

/** After a failure what is left of the session is not to be trusted: the other cases get a new one. */
async function measureOn(
  environment: Environment,
  backend: BackendName,
  { session: first, adapter }: Opened,
  assignments: readonly Assignment[],
  log: Log,
): Promise<Entry[]> {
  const { name, version } = environment;
  const place: Place = { environment: name, version, backend, adapter };
  const entries: Entry[] = [];
  let session: Session | undefined = first;
  for (const assignment of assignments) {
    let entry: Entry;
    try {
      session ??= (await openBackend(environment, backend)).session;
      entry = entryOf(place, assignment, await session.call<Finding>('measure', assignment));
    } catch (error) {
      const { limits, ...assigned } = assignment;
      entry = { ...place, ...assigned, error: firstLine(error) };
      log.failed = true;
      await session?.close();
      session = undefined;
    }
    entries.push(entry);
    console.error(progressOf(entry));
  }
  await session?.close();
  return entries;
}

interface Opened {
  readonly session: Session;
  readonly adapter: AdapterDescription;
}

async function openBackend(environment: Environment, backend: BackendName): Promise<Opened> {
  const session = await environment.openSession();
  try {
    return { session, adapter: await session.call<AdapterDescription>('openBackend', backend) };
  } catch (error) {
    await session.close();
    throw error;
  }
}

function entryOf(place: Place, { limits, ...assigned }: Assignment, finding: Finding): Entry {
  const chosen = CASES[assigned.case];
  const nanoseconds = finding.timing.median * 1e6; // operations in a nanosecond are GFLOP/s
  return {
    ...place,
    ...assigned,
    ...finding,
    ...('operations' in chosen && { gigaflops: chosen.operations(assigned) / nanoseconds }),
  };
}

function progressOf(entry: Entry): string {
  const { timing, error } = entry;
  return `${caseOf(entry)}: ${timing ? `${timing.median.toFixed(2)} ms` : `failed: ${error}`}`;
}

function note(log: Log, text: string): void {
  log.notes.push(text);
  console.error(text);
}

function failure(log: Log, text: string): void {
  log.failed = true;
  note(log, text);
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0];
}
