/**
 * First step of bench/gpu.sh: finds the adapter. Prints one line about it and writes adapter.json. Exits with code 3
 * where there is none.
 * With --exports it prints, for a shell, the environment variables that a browser's software driver needs.
 */
import { execFileSync } from 'node:child_process';
import { findBrowsers } from '../../src/cli/browsers.ts';
import { probeWebGPU } from '../../src/cli/probe.ts';
import { findSoftwareDriver } from '../../src/cli/vulkan.ts';
import { describe } from '../table.ts';
import { type AdapterPart, writePart } from './parts.ts';

const QUERY = ['--query-gpu=name,driver_version,memory.total,clocks.max.sm', '--format=csv,noheader'];

if (process.argv.includes('--exports')) {
  for (const [name, value] of Object.entries(findSoftwareDriver(findBrowsers(), process.env))) {
    console.log(`export ${name}='${value}'`);
  }
} else {
  const { adapter, limits, problem } = await probeWebGPU(40_000);
  if (adapter && limits) {
    const driver = nvidia();
    const small = adapter.software || process.argv.includes('--small');
    const part: AdapterPart = { adapter, limits, small, ...(driver && { driver }) };
    writePart('adapter', part);
    console.log(`adapter: ${describe(adapter)}${driver ? `; nvidia-smi: ${driver}` : ''}`);
    if (adapter.software)
      console.log('this is no GPU: what follows is a trial with small sizes, and is called software');
  } else {
    console.error(`WebGPU: ${problem}`);
    console.error(`nvidia-smi: ${nvidia() ?? 'not there'}`);
    process.exitCode = 3;
  }
}

function nvidia(): string | undefined {
  try {
    return execFileSync('nvidia-smi', QUERY, { encoding: 'utf8', timeout: 20_000, stdio: ['ignore', 'pipe', 'ignore'] })
      .trim()
      .replaceAll('\n', '; ');
  } catch {
    return undefined;
  }
}
