/** Finds out what works on this computer, what `open()` would choose, and how to make the rest work. */
import { dirname } from 'node:path';
import { openWithoutAdapter, SOFTWARE_ADAPTER } from '../backends/open.ts';
import { type BackendName, open } from '../index.ts';
import { type Browser, findBrowsers } from './browsers.ts';
import { type Probe, probeWebGPU } from './probe.ts';
import { findVulkan, type Vulkan } from './vulkan.ts';

interface Availability {
  readonly available: boolean;
  readonly problem?: string;
}

export interface Diagnosis {
  readonly node: {
    readonly version: string;
    readonly platform: string;
    readonly architecture: string;
    readonly supported: boolean;
  };
  readonly backends: {
    readonly cpu: { readonly available: true };
    readonly wasm: Availability;
    /** gpu.js in Node, where it runs as WebAssembly. */
    readonly gpujs: Availability;
    /** WebGPU in Node, through Dawn. `vulkan` is present on Linux only. */
    readonly webgpu: { readonly available: boolean; readonly vulkan?: Vulkan } & Probe;
  };
  /** The backend that `open()` chooses by default. */
  readonly choice: { readonly backend: BackendName; readonly reason: string };
  readonly browsers: readonly Browser[];
  /** The reason for which the search for browsers failed. */
  readonly browserProblem?: string;
  readonly advice: readonly string[];
}

const MINIMUM_NODE = 20;

type Environment = Readonly<Record<string, string | undefined>>;

export async function diagnose(environment: Environment): Promise<Diagnosis> {
  const probe = await probeWebGPU();
  const vulkan = process.platform === 'linux' ? findVulkan(environment) : undefined;
  const { browsers, browserProblem } = listBrowsers(environment);
  const supported = Number.parseInt(process.versions.node, 10) >= MINIMUM_NODE;
  return {
    node: { version: process.versions.node, platform: process.platform, architecture: process.arch, supported },
    backends: {
      cpu: { available: true },
      wasm: await checkBackend('wasm'),
      gpujs: await checkBackend('gpujs'),
      webgpu: { available: probe.adapter !== undefined, ...probe, ...(vulkan && { vulkan }) },
    },
    choice: await chooseBackend(probe),
    browsers,
    ...(browserProblem && { browserProblem }),
    advice: [
      ...(supported ? [] : [`install Node ${MINIMUM_NODE} or newer`]),
      ...adviseOnWebGPU(probe, vulkan, browsers),
      ...(browsers.length > 0 || browserProblem ? [] : ['for a browser: npx puppeteer browsers install chrome']),
    ],
  };
}

function listBrowsers(environment: Environment): { browsers: Browser[]; browserProblem?: string } {
  try {
    return { browsers: findBrowsers({ environment }) };
  } catch (error) {
    return { browsers: [], browserProblem: (error as Error).message };
  }
}

async function checkBackend(backend: BackendName): Promise<Availability> {
  try {
    (await open({ backend })).close();
    return { available: true };
  } catch (error) {
    // The line of the report names the backend already.
    return { available: false, problem: (error as Error).message.replace(`${backend}: `, '') };
  }
}

/** Applies the rule of `open()` to what the probe of WebGPU has found. */
export async function chooseBackend(probe: Probe): Promise<Diagnosis['choice']> {
  const against = explainNoWebGPU(probe);
  if (!against) return { backend: 'webgpu', reason: 'there is a hardware adapter' };
  const { backend, reason } = await openWithoutAdapter({}, against);
  backend.close();
  return { backend: backend.name, reason };
}

/** Returns the reason for which webgpu is not chosen; undefined where it is chosen. */
export function explainNoWebGPU({ adapter }: Probe): string | undefined {
  if (!adapter) return 'webgpu is not available';
  return adapter.software ? `${SOFTWARE_ADAPTER}: --backend webgpu` : undefined;
}

const NOTHING_MISSING =
  'loader and drivers of Vulkan are installed, but none offers Dawn a card: see that there is one, that your user may ' +
  'use it (/dev/dri), and that the driver is that of its vendor';

/** @param vulkan undefined where Dawn does not use Vulkan */
export function adviseOnWebGPU(probe: Probe, vulkan: Vulkan | undefined, browsers: readonly Browser[]): string[] {
  const advice: string[] = [];
  if (!probe.package) advice.push('for webgpu in Node: npm install webgpu');
  const hardware = probe.adapter && !probe.adapter.software;
  if (!hardware && vulkan) {
    const missing = [
      ...(vulkan.loader ? [] : ['install libvulkan1 (apt-get install libvulkan1)']),
      ...(vulkan.drivers.length > 0 ? [] : ['install the Vulkan driver of its vendor (Mesa: mesa-vulkan-drivers)']),
    ];
    advice.push(`for the graphics card: ${missing.length > 0 ? missing.join(' and ') : NOTHING_MISSING}`);
  } else if (!hardware) {
    advice.push('for the graphics card: install the current driver of its vendor');
  }
  const icd = browsers.find(({ swiftshaderIcd }) => swiftshaderIcd)?.swiftshaderIcd;
  if (!probe.adapter && icd) {
    // The browser's folder contains a loader, too.
    const loader = vulkan && !vulkan.loader ? ` LD_LIBRARY_PATH=${dirname(icd)}` : '';
    advice.push(
      `for webgpu in software, for tests: VK_ICD_FILENAMES=${icd}${loader} equilibra train --backend webgpu --epochs 1`,
    );
  }
  return advice;
}
