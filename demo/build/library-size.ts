/**
 * Measures how much of the page is the library, with its shaders. equilibra/data, an entry of its own, is not counted.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Metafile } from 'esbuild';

/** The bytes of the library, gzipped, that a page may load to train on WebGPU. */
export const LIMIT = 75_000;

export interface LibraryPart {
  /** The purpose for which the page loads these bytes. */
  readonly name: string;
  readonly bytes: number;
}

/**
 * The entries that are loaded for each purpose. Of the files that are fetched when needed, those of the backend count.
 */
const PARTS = [
  { name: 'to train on WebGPU', entries: ['page', 'training-worker', 'model-worker'], backend: 'webgpu' },
  { name: 'to train on the CPU', entries: ['page', 'training-worker', 'model-worker'], backend: 'cpu' },
  {
    name: 'to train models of images',
    entries: ['page', 'image-training-worker', 'image-model-worker'],
    backend: 'webgpu',
  },
  { name: 'for the Lasso path', entries: ['lasso-worker'], backend: 'cpu' },
  { name: 'for the exhibits', entries: ['gradients-worker'], backend: 'cpu' },
  { name: 'for Sudoku', entries: ['sudoku-worker'], backend: 'wasm' },
] as const;

/** @param root the folder of the package, to which the names in the metafile are relative */
export async function measureLibrary(root: string, outputs: Metafile['outputs']): Promise<LibraryPart[]> {
  const shares = new Map<string, number>();
  for (const [path, { inputs, bytes }] of Object.entries(outputs)) {
    const own = Object.entries(inputs).reduce(
      (sum, [input, part]) => sum + (isLibrary(input) ? part.bytesInOutput : 0),
      0,
    );
    if (own === 0) continue;
    // A file may contain library and page: its gzipped size is divided in proportion to the bytes.
    shares.set(path, (own / bytes) * gzipSync(await readFile(join(root, path)), { level: 9 }).length);
  }
  return PARTS.map(({ name, entries, backend }) => {
    const files = new Set<string>();
    for (const entry of entries)
      collectLoadedFiles(outputs, findEntry(outputs, entry), `src/backends/${backend}/index.ts`, files);
    return { name, bytes: Math.round([...files].reduce((sum, path) => sum + (shares.get(path) ?? 0), 0)) };
  });
}

/** Exhibits and pictures belong to the page and the command line, not to the library. */
function isLibrary(input: string): boolean {
  return /^(src|shaders)\//.test(input) && !/^src\/(data|gallery|pictures)\//.test(input);
}

function findEntry(outputs: Metafile['outputs'], entry: string): string {
  const path = Object.keys(outputs).find((each) => each.endsWith(`/${entry}.js`));
  if (!path) throw new Error(`the build has no entry ${entry}`);
  return path;
}

function collectLoadedFiles(outputs: Metafile['outputs'], path: string, backend: string, files: Set<string>): void {
  if (files.has(path)) return;
  files.add(path);
  for (const { path: imported, kind, external } of outputs[path].imports) {
    if (external) continue;
    const isWanted = kind !== 'dynamic-import' || outputs[imported].entryPoint === backend;
    if (isWanted) collectLoadedFiles(outputs, imported, backend, files);
  }
}

/** @throws Error where the page loads more of the library than LIMIT */
export function checkLibrarySize(parts: readonly LibraryPart[]): void {
  const [training] = parts;
  if (training.bytes <= LIMIT) return;
  throw new Error(
    `the library ${training.name} is ${formatKilobytes(training.bytes)} gzipped; at most ${formatKilobytes(LIMIT)} are allowed`,
  );
}

export function formatKilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
