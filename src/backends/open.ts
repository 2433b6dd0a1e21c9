/** Which backend is opened, and why. */
import { type Check, COUNT, checkFor, FUNCTION, has, refusal } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import type { Backend, BackendName } from './backend.ts';
import type { Candidate, Choice } from './fastest.ts';
import type { GPUJSMode, GPUJSOptions } from './gpujs/index.ts';

export interface OpenOptions {
  /**
   * On cpu and wasm the work is done on the calling thread, in turns of about 30 ms, between which timers, events and
   * frames have theirs. A loop is cut between its passes. Of single kernels the products and inverses of cpu are cut; a
   * product of wasm is not: it took 0.06 s for two matrices of order 1024 and 0.5 s for order 2048 on two slow cores,
   * and takes eight times as long for twice the order. Element-wise kernels and softmax took up to 20 ns a number on
   * cpu, 8 ns on wasm. gpujs does a whole solve without a break. What must not wait even so long belongs into a worker.
   *
   * Default: webgpu on a hardware adapter, else wasm, else the fastest of gpujs and cpu, which is measured once. A
   * software adapter is used only when webgpu is asked for by name.
   */
  backend?: BackendName;
  /** A GPUDevice that the page already has; it stays the caller's and is not destroyed by close(). */
  device?: GPUDevice;
  /** Handed to requestAdapter. */
  powerPreference?: GPUPowerPreference;
  /**
   * Of wasm. Default: as many as there are processors, at most 8. In a page there are several only where it is isolated
   * from other origins (`crossOriginIsolated`).
   */
  threads?: number;
  /** Of gpujs: its mode, and how a bundled page loads the package gpu.js. */
  gpujs?: GPUJSOptions;
}

const oneOf = (names: readonly unknown[]): Check =>
  checkFor(`one of ${names.join(', ')}`, (value) => names.includes(value));
const PREFERENCES: readonly unknown[] = ['low-power', 'high-performance'] satisfies GPUPowerPreference[];
const DEVICE = /* @__PURE__ */ checkFor('a GPUDevice', (value) => has(value, 'createBuffer'));
const MODES: readonly unknown[] = ['webgl2', 'webassembly'] satisfies GPUJSMode[];
const GPUJS_OPTIONS: Checks<GPUJSOptions> = {
  mode: oneOf(MODES),
  load: FUNCTION,
};
const OPEN_OPTIONS: Checks<OpenOptions> = {
  backend: 0,
  device: 0,
  powerPreference: oneOf(PREFERENCES),
  threads: COUNT,
  gpujs: (place, value) => void readOptions(place, value as GPUJSOptions, GPUJS_OPTIONS),
};

/** A backend with the reason for which it was chosen. */
export interface Opened {
  readonly backend: Backend;
  readonly reason: string;
}

type Opener = (options: OpenOptions) => Promise<Backend>;

/** Loaded when they are opened: a page with a GPU never loads the others. */
const OPENERS: Readonly<Record<BackendName, Opener>> = {
  webgpu: async (options) => (await import('./webgpu/index.ts')).openWebGPU(options),
  wasm: async ({ threads }) => (await import('./wasm/index.ts')).openWasm({ threads }),
  gpujs: async ({ gpujs }) => (await import('./gpujs/index.ts')).openGPUJS(gpujs),
  cpu: async () => (await import('./cpu/index.ts')).openCPU(),
};

export const BACKENDS = Object.keys(OPENERS) as readonly BackendName[];

/** Without a hardware adapter: the first of these that can be opened. */
const WITHOUT_ADAPTER: readonly BackendName[] = ['wasm'];

/** @throws RangeError where an option is unknown or wrong */
export async function openBackend(given?: OpenOptions): Promise<Opened> {
  const { backend, ...options } = readOptions('open', given, OPEN_OPTIONS);
  if (backend !== undefined && !BACKENDS.includes(backend)) {
    throw refusal('open: backend', backend, `one of ${BACKENDS.join(', ')}`);
  }
  if (options.device && backend !== undefined && backend !== 'webgpu') {
    throw new RangeError(`open: a device was given together with backend "${backend}"; leave one of them out`);
  }
  if (options.device !== undefined) DEVICE('open: device', options.device);
  if (backend !== undefined) return { backend: await OPENERS[backend](options), reason: 'it was asked for' };
  if (options.device) return { backend: await OPENERS.webgpu(options), reason: 'a device was given' };
  // `equilibra doctor` says why one of them is not there.
  const onAdapter = await OPENERS.webgpu(options).catch(() => undefined);
  if (onAdapter && !onAdapter.adapter.software) return { backend: onAdapter, reason: 'there is a hardware adapter' };
  onAdapter?.close();
  return openWithoutAdapter(options, onAdapter ? SOFTWARE_ADAPTER : 'webgpu is not available');
}

export const SOFTWARE_ADAPTER = 'the webgpu adapter is a program on the CPU, which is used only when asked for';

/** @param reason why WebGPU is not used */
export async function openWithoutAdapter(options: OpenOptions, reason: string): Promise<Opened> {
  for (const name of WITHOUT_ADAPTER) {
    const backend = await OPENERS[name](options).catch(() => undefined);
    if (backend) return { backend, reason };
  }
  const { backend, reason: measured } = await fastest(options);
  return { backend, reason: `${reason}; ${measured}` };
}

const measured = new Map<string, Promise<Choice>>();

/** Measured once in a page or process, for each mode that is asked for, with and without a loader of gpu.js. */
async function fastest(options: OpenOptions): Promise<Opened> {
  const { mode = 'any', load } = options.gpujs ?? {};
  const key = `${mode} ${load !== undefined}`;
  const known = measured.get(key);
  if (known) {
    const { candidate, reason } = await known;
    return { backend: await candidate.open(), reason };
  }
  const first = import('./fastest.ts').then(({ fastestOf }) => fastestOf(candidatesFor(options)));
  measured.set(key, first);
  return first;
}

/** The modes of gpujs, unless one is given, and the CPU, which can always be opened. */
function candidatesFor(options: OpenOptions): Candidate[] {
  const { gpujs } = options;
  const modes = gpujs?.mode ? [gpujs.mode] : (['webgl2', 'webassembly'] as const);
  return [
    ...modes.map((mode) => ({
      name: `gpujs (${mode})`,
      open: () => OPENERS.gpujs({ ...options, gpujs: { ...gpujs, mode } }),
    })),
    { name: 'cpu', open: () => OPENERS.cpu(options) },
  ];
}
