/**
 * Bundles the programs of bench/gpu.sh for a machine that has Node and the package webgpu but nothing else of
 * node_modules: `npm run bench:gpu-prepare`. Writes dist/gpu, a folder as deep as those from
 * which the library looks for its package.json.
 */
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const OUT = 'dist/gpu';
const STEPS = ['adapter', 'products', 'layers', 'pytorch', 'report'];
/** This suite needs the web app's sources, and only compiles shaders: it says nothing about results. */
const OMITTED_SUITES = ['page-shaders.test.ts'];

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
  ignoreAnnotations: true, // the library's package.json claims no side effects, but tests consist of them
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
      .filter((name) => name.endsWith('.test.ts') && !OMITTED_SUITES.includes(name))
      .map((name) => `${folder}/${name}`),
  );
  // Each file becomes a suite of its own, so that its hooks apply to its own tests only.
  return [
    "import './test/setup.ts';",
    "import { describe } from './test/support/standalone.ts';",
    "import { runParity } from './test/parity/standalone.ts';",
    ...files.map((file) => `describe('${file}', () => import('./${file}'));`),
    'await runParity(process.argv[2]);',
  ].join('\n');
}

/**
 * Tests find their fixtures through import.meta.url: it stays the address of the source file, below the working folder.
 */
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
