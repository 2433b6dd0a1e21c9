// Compiles the modules of assembly/ to WebAssembly: for a memory of one thread and for a shared memory, with and
// without a fused multiply-add (relaxed SIMD). The builds are written as text into modules that bundles and tests
// import like any other; those that are up to date are left alone. The scripts of package.json, the tests and the
// benchmarks run this file.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const FLAGS = [
  ...['-O3', '--noAssert', '--runtime', 'stub', '--use', 'abort=', '--enable', 'simd', '--enable', 'threads'],
  ...['--importMemory', '--disableWarning', '112'], // v128 never leaves the module
];
const SHARED = ['--sharedMemory', '--maximumMemory', '65536'];
const FUSED = ['--enable', 'relaxed-simd'];
const VARIANTS = { '': [], '-shared': SHARED, '-fused': FUSED, '-fused-shared': [...FUSED, ...SHARED] };
/** The entry points of the module that a page fetches first, and of those that it fetches when a Program needs them. */
const MODULES = {
  ...{ kernels: 'index.ts', second: 'second-module.ts' },
  ...{ program: 'program-module.ts', cones: 'cone-module.ts', conic: 'cone-program-module.ts' },
  ...{ spectra: 'spectrum-module.ts' },
};

export default async function buildKernels() {
  const files = readdirSync(join(folder, 'assembly')).filter((name) => name.endsWith('.ts'));
  const sources = [
    ...files.sort().map((name) => join(folder, 'assembly', name)),
    ...['', 'chain-', 'extra-', 'program-', 'cone-', 'cone-program-', 'spectrum-'].map((kind) =>
      join(folder, `${kind}instructions.ts`),
    ),
  ];
  const hash = createHash('sha256').update(JSON.stringify([MODULES, FLAGS, VARIANTS]));
  const compiler = createRequire(import.meta.url).resolve('assemblyscript/package.json');
  for (const path of [...sources, compiler]) hash.update(readFileSync(path));
  const heading = `// Made by build.mjs from assembly/, ${hash.digest('hex')}.\n`;
  for (const [module, entry] of Object.entries(MODULES)) {
    for (const [variant, flags] of Object.entries(VARIANTS)) {
      const target = join(folder, `${module}${variant}.generated.ts`);
      if (existsSync(target) && readFileSync(target, 'utf8').startsWith(heading)) continue;
      const binary = await compile(entry, [...FLAGS, ...flags]);
      writeFileSync(target, `${heading}export const KERNELS: string =\n  '${binary.toString('base64')}';\n`);
    }
  }
}

async function compile(entry, flags) {
  const { default: asc } = await import('assemblyscript/asc');
  let binary;
  const { error, stderr } = await asc.main([join(folder, 'assembly', entry), '--outFile', 'kernels.wasm', ...flags], {
    writeFile(_, contents) {
      binary = Buffer.from(contents);
    },
  });
  const messages = stderr.toString();
  if (error || messages) throw new Error(`${messages}${error ?? ''}`);
  return binary;
}

if (fileURLToPath(import.meta.url) === realpathSync(process.argv[1])) await buildKernels();
