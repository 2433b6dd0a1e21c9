/** The package as npm publishes it, in a folder of a project that has installed it. */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './pages.ts';

/** When the newest file of a folder was written, in milliseconds; -1 where there is none. */
function newest(folder: string, counts: (name: string) => boolean): number {
  const names = readdirSync(join(root, folder), { recursive: true }).map(String);
  return Math.max(-1, ...names.filter(counts).map((name) => statSync(join(root, folder, name)).mtimeMs));
}

/** Builds the package, unless `npm test` or somebody else has done so since a source was changed. */
function build(): void {
  const built = join(root, 'dist', 'index.d.ts');
  const isSource = (name: string): boolean => !name.endsWith('.generated.ts') && /\.(ts|js|wgsl|csv)$/.test(name);
  const changed = Math.max(...['src', 'shaders', 'kernels'].map((folder) => newest(folder, isSource)));
  if (existsSync(built) && statSync(built).mtimeMs > changed) return;
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, shell: process.platform === 'win32' });
}

/**
 * Installs the package in a folder, together with the types of Node and of WebGPU, and nothing else that this project has.
 *
 * @param only which files of dist/ are needed
 */
export function installPackage(folder: string, only: (path: string) => boolean = () => true): void {
  build();
  const modules = join(folder, 'node_modules');
  const target = join(modules, 'equilibra');
  mkdirSync(join(modules, '.bin'), { recursive: true });
  for (const name of ['package.json', 'README.md', 'LICENSE']) cpSync(join(root, name), join(target, name));
  const filter = (path: string): boolean => statSync(path).isDirectory() || only(path);
  for (const name of readdirSync(join(root, 'dist'))) {
    // Other builds that tests and commands leave in dist/ are no part of the package.
    if (/^(bench|demo)/.test(name)) continue;
    if (filter(join(root, 'dist', name)))
      cpSync(join(root, 'dist', name), join(target, 'dist', name), { recursive: true, filter });
  }
  for (const types of ['@types', '@webgpu'])
    symlinkSync(join(root, 'node_modules', types), join(modules, types), 'junction');
  const program = join(target, 'dist', 'cli', 'main.js');
  symlinkSync(program, join(modules, '.bin', 'equilibra'));
  if (existsSync(program)) chmodSync(program, 0o755); // as npm does
}
