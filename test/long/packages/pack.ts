/** Packs the package as npm would publish it, and installs it in fresh folders, as its users do. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root, runOrThrow } from './tools.ts';

const sources = fileURLToPath(new URL('./project/', import.meta.url));

export interface Projects {
  /** The folder that holds all others. */
  readonly folder: string;
  readonly tarball: string;
  /** Makes a new project with the package installed, and returns its folder. */
  create(name: string): string;
}

export async function packProject(): Promise<Projects> {
  const folder = mkdtempSync(join(tmpdir(), 'equilibra-packages-'));
  await runOrThrow('npm', ['run', '--silent', 'build'], root);
  await runOrThrow('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], root);
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const tarball = join(folder, `equilibra-${version}.tgz`);
  const first = join(folder, 'first');
  mkdirSync(first);
  const manifest = { private: true, type: 'module', dependencies: { equilibra: `file:${tarball}` } };
  writeFileSync(join(first, 'package.json'), JSON.stringify(manifest));
  await runOrThrow('npm', ['install', '--no-audit', '--no-fund'], first);
  cpSync(sources, first, { recursive: true });
  const create = (name: string): string => {
    const created = join(folder, name);
    cpSync(first, created, { recursive: true, verbatimSymlinks: true });
    return created;
  };
  return { folder, tarball, create };
}
