/** Asks Dawn for its adapter in another process, since a faulty driver may crash the process or never answer. */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { describeAdapter } from '../backends/webgpu/device.ts';
import type { AdapterDescription } from '../index.ts';

export const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupSizeX',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
] as const;
type LimitName = (typeof LIMITS)[number];

export interface Probe {
  /** The path of the package webgpu. Absent where it is not installed. */
  readonly package?: string;
  readonly adapter?: AdapterDescription;
  readonly limits?: Readonly<Record<LimitName, number>>;
  /** Why there is no adapter. */
  readonly problem?: string;
}

// The program of the other process. Its arguments are the address of the package and the names of the limits.
const SCRIPT = `
const [address, ...names] = process.argv.slice(1);
const { create } = await import(address);
const adapter = await create([]).requestAdapter();
const found = {};
if (adapter) {
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  found.info = { vendor, architecture, device, description, isFallbackAdapter };
  found.limits = Object.fromEntries(names.map((name) => [name, adapter.limits[name]]));
}
process.stdout.write(JSON.stringify(found), () => process.exit(0));
`;

/** @param milliseconds the time after which the probe fails */
export async function probeWebGPU(milliseconds = 20_000): Promise<Probe> {
  let path: string;
  try {
    path = createRequire(import.meta.url).resolve('webgpu');
  } catch {
    return { problem: 'the package webgpu (Dawn) is not installed' };
  }
  const answer = await runProbe(pathToFileURL(path).href, milliseconds);
  return { package: path, ...answer };
}

function runProbe(address: string, milliseconds: number): Promise<Probe> {
  const parameters = ['--input-type=module', '--eval', SCRIPT, address, ...LIMITS];
  return new Promise((resolve) => {
    execFile(process.execPath, parameters, { timeout: milliseconds, killSignal: 'SIGKILL' }, (error, out, messages) => {
      if (!error) resolve(parseAnswer(out, messages));
      else if (error.killed) resolve({ problem: `asking for an adapter took more than ${milliseconds / 1000} s` });
      else if (error.signal) resolve({ problem: `asking for an adapter crashed (${error.signal})` });
      else
        resolve({
          problem: `asking for an adapter failed: ${summariseMessages(messages) || `exit code ${error.code}`}`,
        });
    });
  });
}

function parseAnswer(out: string, messages: string): Probe {
  const { info, limits } = JSON.parse(out) as { info?: GPUAdapterInfo; limits?: Probe['limits'] };
  if (info) return { adapter: describeAdapter(info), limits };
  const reason = summariseMessages(messages);
  return { problem: `there is no adapter${reason && `: ${reason}`}` };
}

/** Chooses one line of the messages: the error where there is one, otherwise the first line. */
function summariseMessages(messages: string): string {
  const lines = messages
    .split('\n')
    .map((line) => line.trim().replace(/^Warning: /, ''))
    .filter(Boolean);
  return lines.find((line) => /error/i.test(line)) ?? lines[0] ?? '';
}
