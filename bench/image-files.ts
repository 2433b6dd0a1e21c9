/** What `npm run images` reads: the names of the files with images, and the findings of an earlier run. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { InputError } from '../src/cli/io.ts';
import { findBatches } from '../src/data/cifar-dataset.ts';
import { imageFileNames } from '../src/data/index.ts';
import type { ImageSetName } from './image-networks.ts';
import { FASHION, type ImageOptions } from './image-options.ts';
import type { ImageFinding } from './image-runs.ts';
import type { ImageResults } from './image-table.ts';
import { firstLine, type Log } from './log.ts';

/** The findings of an earlier run. @throws InputError where it had other settings */
export async function readFindings({
  output,
  settings,
}: Pick<ImageOptions, 'output' | 'settings'>): Promise<ImageFinding[]> {
  if (!existsSync(output)) return [];
  const earlier = JSON.parse(await readFile(output, 'utf8')) as ImageResults;
  const own: Readonly<Record<string, number | undefined>> = { ...settings };
  const other: Readonly<Record<string, number | undefined>> = { ...earlier.settings };
  const changed = [...new Set([...Object.keys(own), ...Object.keys(other)])].find((name) => own[name] !== other[name]);
  if (changed === undefined) return [...earlier.findings];
  throw new InputError(
    `--continue: ${output} has ${changed} ${other[changed]}, and this run ${own[changed]}; they must be the same`,
  );
}

export type ImageFiles = Readonly<
  Partial<Record<ImageSetName, { readonly folder: string; readonly names: readonly string[] }>>
>;

/** The files of the data sets that are wanted, and there. */
export async function findFiles(
  { folders, sets }: Pick<ImageOptions, 'folders' | 'sets'>,
  log: Log,
): Promise<ImageFiles> {
  const found: Partial<Record<ImageSetName, { folder: string; names: string[] }>> = {};
  for (const set of sets) {
    const folder = folders[set];
    if (folder === undefined) {
      log.note('CIFAR was not measured: no --data was given.');
    } else if (folder === FASHION && !existsSync(folder)) {
      log.note(`Fashion-MNIST was not measured: there is no ${FASHION}, and no --fashion was given.`);
    } else {
      found[set] = { folder: resolve(folder), names: await listNames(set, folder) };
    }
  }
  if (Object.keys(found).length === 0) throw new InputError('there are no images; --data and --fashion name folders');
  return found;
}

/** @throws InputError where the folder has not the files */
async function listNames(set: ImageSetName, folder: string): Promise<string[]> {
  const option = set === 'cifar' ? '--data' : '--fashion';
  try {
    const names = await readdir(folder);
    if (set === 'fashion') return Object.values(imageFileNames(names));
    const { train, test } = findBatches(names);
    if (train.length === 0 || test.length === 0) throw new Error('it has no data_batch_1.bin, … and test_batch.bin');
    return [...train, ...test];
  } catch (error) {
    throw new InputError(`${option} ${folder}: ${firstLine(error)}`);
  }
}
