/**
 * Bundles what bench/gpu.sh runs, for a machine that has Node and the package webgpu but nothing else of node_modules:
 * `npm run bench:gpu-prepare`. Writes dist/gpu, from which package.json is as far as the version looks for it.
 */
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const OUT = 'dist/gpu';
const STEPS = ['adapter', 'products', 'layers', 'pytorch', 'report'];
/** Reads the sources of the web app, and only compiles: it tells nothing of a result. */
const LEFT_OUT = ['page-shaders.test.ts'];

const common: BuildOptions = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'es2022',
  external: ['webgpu', 'gpu.js'],
  loader: { '.wgsl': 'text', '.csv': 'text' },
  logLevel: 'warning',
};

await build({ ...common, entryPoints: STEPS.map((name) => `bench/gpu/${name}.ts`), outdir: OUT });
await build({
  ...common,
  stdin: { contents: parityEntry(), resolveDir: '.', loader: 'ts' },
  ignoreAnnotations: true, // tests are their side effects, whatever package.json says of the library
  alias: { vitest: './test/support/standalone.ts' },
  plugins: [sourceAddresses()],
  outfile: `${OUT}/parity.js`,
});
console.log(
  `wrote ${OUT}: run bash bench/gpu.sh, here or where the folder, the repository and node_modules/webgpu are`,
);

function parityEntry(): string {
  const files = ['test/parity', 'test/reference'].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.test.ts') && !LEFT_OUT.includes(name))
      .map((name) => `${folder}/${name}`),
  );
  // Each file is a suite of its own, so that what it sets up is for its tests alone.
  return [
    "import './test/setup.ts';",
    "import { describe } from './test/support/standalone.ts';",
    "import { runParity } from './test/parity/standalone.ts';",
    ...files.map((file) => `describe('${file}', () => import('./${file}'));`),
    'await runParity(process.argv[2]);',
  ].join('\n');
}

/** In tests import.meta.url leads to fixtures: it stays that of the source, below the working folder. */
function sourceAddresses(): Plugin {
  const root = `${process.cwd()}/`;
  return {
    name: 'source-addresses',
    setup({ onLoad }) {
      onLoad({ filter: /\/test\/.*\.ts$/ }, async ({ path }) => {
        const address = `new URL(${JSON.stringify(path.slice(root.length))}, \`file://\${process.cwd()}/\`).href`;
        return { contents: (await readFile(path, 'utf8')).replaceAll('import.meta.url', address), loader: 'ts' };
      });
    },
  };
}
