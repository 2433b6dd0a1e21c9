import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { findBrowsers } from '../src/cli/browsers.ts';
import { findSoftwareDriver } from '../src/cli/vulkan.ts';

/** Shaders, kernels and tables are imported as text, as in the bundles. */
const textModules = {
  name: 'text-modules',
  enforce: 'pre' as const,
  load(id: string): string | undefined {
    if (!/\.(wgsl|csv)$|\/kernels\/.*\.(js|glsl)$/.test(id)) return undefined;
    return `export default ${JSON.stringify(readFileSync(id, 'utf8'))}`;
  },
};

/** Dawn in Node needs a Vulkan driver and its loader; those of a browser work wherever there is a browser. */
function vulkanDriver(): Record<string, string> {
  const { EQUILIBRA_TEST_ADAPTER, VK_ICD_FILENAMES } = process.env;
  if (EQUILIBRA_TEST_ADAPTER === 'hardware' || VK_ICD_FILENAMES) return {};
  return findSoftwareDriver(findBrowsers(), process.env);
}

/** The longest files start first, longest first, so that two workers end at about the same time. */
const LONGEST = [
  ...['parity/solvers', 'parity/kernels-webgpu', 'browser/parity'],
  ...['reference/monotone', 'unit/theorem3', 'browser/training', 'reference/lasso', 'unit/wasm-multiply-add'],
  ...['unit/cli-gallery', 'parity/kernels', 'parity/implicit', 'parity/checkpoint', 'parity/speculative-steps'],
].map((name) => `/test/${name}.test.ts`);

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = LONGEST.findIndex((name) => moduleId.endsWith(name));
      return place < 0 ? LONGEST.length : place;
    };
    const others = await super.sort(files);
    return others.sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  plugins: [textModules],
  test: {
    include: ['test/**/*.test.ts'],
    // test/long/ has a configuration of its own.
    exclude: [...configDefaults.exclude, 'test/long/**'],
    env: vulkanDriver(),
    globalSetup: ['src/backends/wasm/build.mjs'],
    setupFiles: ['test/setup.ts'],
    sequence: { sequencer: LongestFirst },
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // A test left with `.only` would hide all others.
    allowOnly: false,
  },
});
