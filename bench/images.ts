/**
 * Trains networks for images on real ones, in Node and in headless Chrome: `npm run images`. Prints tables and writes
 * them to bench/results/images.json and images.md, after each network, so that `-- --continue` goes on where a run
 * ended.
 */
import { join } from 'node:path';
import { findBrowsers } from '../src/cli/browsers.ts';
import { EXIT } from '../src/cli/io.ts';
import { type Bundles, bundleMeasurements } from './bundle.ts';
import { openChrome } from './chrome.ts';
import { describeRun, runCommand } from './command.ts';
import type { Environment } from './environment.ts';
import { findFiles, type ImageFiles, readFindings } from './image-files.ts';
import { IMAGE_SETS } from './image-networks.ts';
import { help, type ImageOptions, readOptions } from './image-options.ts';
import { type ImageFinding, type ImagePlace, type ImageRun, isSameRun, measureRun, planRuns } from './image-runs.ts';
import { type ImageResults, type ImageSettings, imageTextOf } from './image-table.ts';
import { LoadWatch } from './load.ts';
import { firstLine, Log } from './log.ts';
import { openNode } from './node.ts';
import { writeTables } from './program-contestants.ts';

await runCommand({ readOptions, help, bench });

async function bench(options: ImageOptions): Promise<number> {
  const log = new Log();
  const files = await findFiles(options, log);
  const findings = options.goesOn ? await readFindings(options) : [];
  const bundles = await bundleMeasurements('image-training');
  const watch = new LoadWatch();
  const plan = planRuns(
    options.places,
    options.sets.filter((set) => files[set]),
    (where, set) => (where === 'node' && set === 'cifar' ? options.seeds : 1),
  );
  let text = '';
  for (const where of options.places) {
    const runs = plan.filter((run) => run.where === where && !findings.some((finding) => isSameRun(finding, run)));
    const environment = runs.length > 0 && (await openPlace(where, bundles, files, log));
    if (!environment) continue;
    try {
      for (const run of runs) {
        const finding = await measure(environment, run, files, options.settings, watch, log);
        if (!finding) continue;
        findings.push(finding);
        text = await write(options, findings, log);
      }
    } finally {
      await environment.close();
    }
  }
  process.stdout.write(text || (await write(options, findings, log)));
  return log.failed ? EXIT.failure : EXIT.done;
}

async function write(
  { output, settings }: ImageOptions,
  findings: readonly ImageFinding[],
  { notes }: Log,
): Promise<string> {
  const results: ImageResults = { ...describeRun(), settings, notes, findings };
  return writeTables(output, results, imageTextOf(results));
}

async function openPlace(
  where: ImagePlace,
  bundles: Bundles,
  files: ImageFiles,
  log: Log,
): Promise<Environment | undefined> {
  if (where === 'node') return openNode(`${bundles.node}/measurements.js`, {});
  const served = Object.fromEntries(Object.entries(files).map(([set, { folder }]) => [`/${set}/`, folder]));
  try {
    return await openChrome(bundles.chrome, findBrowsers()[0], 'software', served);
  } catch (error) {
    log.failure(`no figures of Chrome: ${firstLine(error)}`);
    return undefined;
  }
}

/** Undefined, with a note, where it fails. */
async function measure(
  environment: Environment,
  run: ImageRun,
  all: ImageFiles,
  { epochs, batch, threads, images }: ImageSettings,
  watch: LoadWatch,
  log: Log,
): Promise<ImageFinding | undefined> {
  const title = `${environment.version}, ${IMAGE_SETS[run.set].title}, ${run.network}, seed ${run.seed}`;
  const { folder = '', names = [] } = all[run.set] ?? {};
  const files = names.map((name) => ({
    name,
    address: run.where === 'node' ? join(folder, name) : `/${run.set}/${encodeURIComponent(name)}`,
  }));
  try {
    return await measureRun(environment, run, { epochs, batch, threads, images, files }, watch, (epoch, count) => {
      const { accuracy, seconds } = epoch;
      console.error(`${title}, epoch ${count}: ${(100 * accuracy).toFixed(1)} %, ${seconds.toFixed(1)} s`);
    });
  } catch (error) {
    log.failure(`${title}: ${firstLine(error)}`);
    return undefined;
  }
}
