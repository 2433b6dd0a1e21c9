/**
 * The programs that long suites need: how each is found, and how continuous integration installs it. The test files and
 * the runner read this file, both started in the root of the repository. It imports only Node's own modules.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface Program {
  /** What a person should install; printed where the program is missing. */
  readonly hint: string;
  /** The path of the program; undefined where it is missing. */
  find(): string | undefined;
  /** Installs the program and shows the output. A failed installation leaves it missing. */
  install(): void;
}

export type ProgramName = keyof typeof programs;

const programs = {
  firefox: {
    hint: 'Firefox 141 or newer with a Vulkan driver; on Debian the packages firefox-esr and mesa-vulkan-drivers',
    find: () => findOnPath('firefox-esr') ?? findOnPath('firefox'),
    install: () => installFromDebian('firefox-esr', 'mesa-vulkan-drivers'),
  },
  numpy: {
    hint: 'Python 3 with NumPy; on Debian the package python3-numpy',
    find: () => [findOnPath('python3'), '/usr/bin/python3'].find((path) => path !== undefined && hasNumPy(path)),
    install: () => installFromDebian('python3-numpy'),
  },
  deno: {
    hint: 'Deno 2, in the package deno of npm',
    find: () => findOnPath('deno') ?? findInPackage('deno'),
    install: () => installFromNpm('deno@2.9'),
  },
} satisfies Record<string, Program>;

export const programNames = Object.keys(programs) as readonly ProgramName[];

export const program = (name: ProgramName): Program => programs[name];

/** The path of a program that a registered suite needs. */
export function find(name: ProgramName): string {
  const path = programs[name].find();
  if (path === undefined) throw new Error(`${name} is missing: ${programs[name].hint}`);
  return path;
}

/** Packages only for the long suites, besides those that `npm ci` installs. */
const PACKAGES = join('node_modules', '.long');

function hasNumPy(python: string): boolean {
  return spawnSync(python, ['-c', 'import numpy']).status === 0;
}

function findOnPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  const names = process.platform === 'win32' ? [`${name}.exe`, `${name}.cmd`] : [name];
  return folders.flatMap((folder) => names.map((each) => join(folder, each))).find((path) => existsSync(path));
}

function findInPackage(name: string): string | undefined {
  const path = join(
    process.cwd(),
    PACKAGES,
    'node_modules',
    '.bin',
    process.platform === 'win32' ? `${name}.cmd` : name,
  );
  return existsSync(path) ? path : undefined;
}

function installFromDebian(...packages: readonly string[]): void {
  if (process.getuid?.() !== 0 || findOnPath('apt-get') === undefined) return;
  runVisibly('apt-get', ['update']);
  runVisibly('apt-get', ['install', '--yes', '--no-install-recommends', ...packages]);
}

function installFromNpm(...packages: readonly string[]): void {
  runVisibly('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', PACKAGES, ...packages]);
}

function runVisibly(name: string, parameters: readonly string[]): void {
  spawnSync(name, parameters, { stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
}
