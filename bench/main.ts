/**
 * Times the library and its peers in headless Chrome, in Node and in Python: `npm run bench`, with `-- --help` for the
 * options.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { type Browser, findBrowsers } from '../src/cli/browsers.ts';
import { EXIT, InputError } from '../src/cli/io.ts';
import { type Probe, probeWebGPU } from '../src/cli/probe.ts';
import { findSoftwareDriver } from '../src/cli/vulkan.ts';
import { type Bundles, bundleMeasurements } from './bundle.ts';
import { drawBench } from './chart.ts';
import { openChrome } from './chrome.ts';
import { runCommand } from './command.ts';
import type { Environment, EnvironmentName } from './environment.ts';
import { measureIn, scalingOf } from './field.ts';
import { LoadWatch } from './load.ts';
import { firstLine, Log } from './log.ts';
import { openNode } from './node.ts';
import { type BenchOptions, help, readOptions } from './options.ts';
import { installPeers } from './peers/install.ts';
import { openPython } from './python.ts';
import { type Entry, fileNameOf, resultsOf } from './results.ts';
import type { Scaling } from './scaling.ts';
import { tableOf } from './table.ts';

/** The environments that this computer has. */
interface Machine {
  readonly bundles: Bundles;
  readonly browsers: readonly Browser[];
  readonly probe: Probe;
}

await runCommand({ readOptions, help, bench });

async function bench(options: BenchOptions): Promise<number> {
  const log = new Log();
  const [load] = loadavg();
  const cores = availableParallelism();
  if (load > cores / 4) log.note(`other work was going on before the run: load ${load.toFixed(1)} on ${cores} cores`);
  if (options.peers === 'install' && options.environments.some((name) => name !== 'python')) {
    const problem = installPeers();
    if (problem) log.note(`the peers could not be installed: ${problem}`);
  }
  const watch = new LoadWatch();
  if (!watch.watched)
    log.note('this system does not tell what other programs do: no repetition is known to be undisturbed');
  const machine: Machine = {
    bundles: await bundleMeasurements(),
    browsers: findInstalledBrowsers(),
    probe: await probeWebGPU(),
  };
  const entries: Entry[] = [];
  const scaling: Scaling[] = [];
  for (const name of options.environments) {
    const environment = await openEnvironment(name, machine, options, log);
    if (!environment) continue;
    try {
      entries.push(...(await measureIn(environment, options, log, watch)));
      if (options.scaling && name === 'chrome') scaling.push(...(await scalingOf(environment, options, log, watch)));
    } finally {
      await environment.close();
    }
  }
  if (entries.length === 0) {
    console.error('nothing was measured');
    return EXIT.failure;
  }
  noteLoaded(entries, log);
  console.log(`\n${tableOf(entries)}`);
  const folder = options.complete ? 'bench/results' : 'dist/bench';
  const file = options.output ?? join(folder, fileNameOf(entries));
  await mkdir(dirname(file), { recursive: true });
  const results = resultsOf({ entries, limits: options.limits, load: watch.rule, notes: log.notes, scaling });
  await writeFile(file, `${JSON.stringify(results, undefined, 1)}\n`);
  const picture = file.replace(/(\.json)?$/, '.svg');
  await writeFile(picture, drawBench(results));
  console.log(`written to ${file} and ${picture}`);
  return log.failed ? EXIT.failure : EXIT.done;
}

/** Notes which figures were worsened by other work. */
function noteLoaded(entries: readonly Entry[], log: Log): void {
  const timings = entries.flatMap(({ timing }) => timing ?? []);
  const loaded = timings.filter(({ foreign, all }) => foreign > all.length / 2).length;
  if (loaded === 0) return;
  log.note(`other work went on during most repetitions of ${loaded} of ${timings.length} figures: these are too long`);
}

function findInstalledBrowsers(): readonly Browser[] {
  try {
    return findBrowsers();
  } catch (error) {
    throw new InputError((error as Error).message);
  }
}

/** Undefined, with a note, where the environment cannot be opened. */
async function openEnvironment(
  name: EnvironmentName,
  { bundles, browsers, probe }: Machine,
  { python }: BenchOptions,
  log: Log,
): Promise<Environment | undefined> {
  if (name === 'node') {
    return openNode(`${bundles.node}/measurements.js`, probe.adapter ? {} : findSoftwareDriver(browsers, process.env));
  }
  if (name === 'python') {
    return openPython(python).catch((error: unknown) => {
      log.note(`no figures of Python: ${firstLine(error)}`);
      return undefined;
    });
  }
  if (browsers.length === 0) {
    log.note('no browser was found, so there are no figures of Chrome: npx puppeteer browsers install chrome');
    return undefined;
  }
  if (!probe.package && process.platform === 'linux') {
    log.note('the package webgpu, which looks for a graphics card, is not installed: Chrome is run on SwiftShader');
  }
  try {
    return await openChrome(bundles.chrome, browsers[0], adapterFor(probe));
  } catch (error) {
    log.failure(`${browsers[0].version} does not start: ${firstLine(error)}`);
    return undefined;
  }
}

/** Elsewhere than on Linux, the browser chooses between hardware and software by itself. */
function adapterFor({ adapter }: Probe): 'software' | 'hardware' {
  return process.platform !== 'linux' || (adapter && !adapter.software) ? 'hardware' : 'software';
}
