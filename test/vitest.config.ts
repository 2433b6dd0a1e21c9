import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';
import { findBrowsers } from '../src/cli/browsers.ts';
import { softwareDriver } from '../src/cli/vulkan.ts';

/** Shaders, kernels and tables are text, as in the bundles. */
const textModules = {
  name: 'text-modules',
  enforce: 'pre' as const,
  load(id: string): string | undefined {
    if (!/\.(wgsl|csv)$|\/kernels\/.*\.(js|glsl)$/.test(id)) return undefined;
    return `export default ${JSON.stringify(readFileSync(id, 'utf8'))}`;
  },
};

/** Dawn in Node needs a Vulkan driver and its loader; those that a browser carries work wherever a browser is. */
function vulkanDriver(): Record<string, string> {
  const { EQUILIBRA_TEST_ADAPTER, VK_ICD_FILENAMES } = process.env;
  if (EQUILIBRA_TEST_ADAPTER === 'hardware' || VK_ICD_FILENAMES) return {};
  return softwareDriver(findBrowsers(), process.env);
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
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // A test left switched on alone would hide all others.
    allowOnly: false,
  },
});
