// Runs an example: `npm run example -- NAME …` bundles examples/NAME/main.ts and runs it, where you are, with the remaining
// arguments. Every folder beside this file that has a main.ts is an example. An example may have packages of its own, in a
// package.json beside its main.ts; they are installed into its folder when it first runs.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import buildKernels from '../src/backends/wasm/build.mjs';

const folder = dirname(fileURLToPath(import.meta.url));
const examples = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'main.ts')));

/** The heading of its README says what an example is about. */
const titleOf = (name) => readFileSync(join(folder, name, 'README.md'), 'utf8').match(/^# (.*)$/m)?.[1] ?? '';

/** Runs a program and answers its exit code. Where a signal ended it, that is not 0. */
const codeOf = (...command) => spawnSync(...command).status ?? 1;

function install(example) {
  if (!existsSync(join(example, 'package.json')) || existsSync(join(example, 'node_modules'))) return 0;
  console.log(`installing the packages of ${relative(process.cwd(), example)}/package.json`);
  const options = { cwd: example, stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32' };
  return codeOf('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock'], options);
}

async function run(example, parameters) {
  await buildKernels();
  // Beside the example, so that packages of its own are found first, and then those of the project.
  const outfile = join(example, 'dist', 'main.js');
  await build({
    entryPoints: [join(example, 'main.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    loader: { '.wgsl': 'text', '.csv': 'text' },
    logLevel: 'warning',
    outfile,
  });
  return codeOf(process.execPath, [outfile, ...parameters], { stdio: 'inherit' });
}

const [name, ...parameters] = process.argv.slice(2);
if (examples.includes(name)) {
  const example = join(folder, name);
  process.exitCode = install(example) || (await run(example, parameters));
} else {
  const width = Math.max(...examples.map((each) => each.length));
  const list = examples.map((each) => `npm run example -- ${each.padEnd(width)}  ${titleOf(each)}`).join('\n');
  if (name === undefined || name === '--help') console.log(list);
  else {
    console.error(`no example ${name}; there are\n${list}`);
    process.exitCode = 2;
  }
}
