/** Chooses and opens a backend. */
import {
  type Check,
  COUNT,
  createArgumentCheck,
  createArgumentError,
  FUNCTION,
  hasMethod,
} from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import type { Backend, BackendName } from './backend.ts';
import type { GPUJSMode, GPUJSOptions } from './gpujs/options.ts';

/** Options of `open`. */
export interface OpenOptions {
  /**
   * The backend to use. Default: webgpu on a hardware adapter, else wasm, else the faster of gpujs and cpu, which is
   * measured once. A software adapter is used only if webgpu is chosen by name.
   *
   * cpu and wasm compute on the calling thread, in turns of about 20 ms between which timers, events and frames run.
   * Loops are interrupted between their passes, and so are products and inverses on cpu. A product on wasm is not: on
   * two slow cores it took 0.06 s for two matrices of order 1024 and 0.5 s for order 2048, and it takes eight times as
   * long for twice the order. Element-wise kernels and softmax took up to 20 ns per number on cpu and 8 ns on wasm.
   * gpujs carries out a whole solve without interruption. If such delays are too long, open the engine in a worker.
   */
  backend?: BackendName;
  /** A GPUDevice that the page already has. It remains the caller's: close() does not destroy it. Implies webgpu. */
  device?: GPUDevice;
  /** Passed to requestAdapter of WebGPU. Default: the browser's choice. */
  powerPreference?: 'low-power' | 'high-performance';
  /**
   * The number of threads of wasm. Default: the number of processors, at most 8. A page can use several threads only if
   * it is isolated from other origins (`crossOriginIsolated`).
   */
  threads?: number;
  /** Options of gpujs: its mode, and how a bundled page loads the package gpu.js. */
  gpujs?: GPUJSOptions;
}

const oneOf = (names: readonly unknown[]): Check =>
  createArgumentCheck(`one of ${names.join(', ')}`, (value) => names.includes(value));
const PREFERENCES: readonly unknown[] = ['low-power', 'high-performance'] satisfies OpenOptions['powerPreference'][];
const DEVICE = /* @__PURE__ */ createArgumentCheck('a GPUDevice', (value) => hasMethod(value, 'createBuffer'));
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

/** A backend, and the reason why it was chosen. */
export interface Opened {
  readonly backend: Backend;
  readonly reason: string;
}

export type Opener = (options: OpenOptions) => Promise<Backend>;

/** Each backend is loaded when it is opened, so a page with a GPU never loads the others. */
const OPENERS: Readonly<Record<BackendName, Opener>> = {
  webgpu: async (options) => (await import('./webgpu/index.ts')).openWebGPU(options),
  wasm: async ({ threads }) => (await import('./wasm/index.ts')).openWasm({ threads }),
  gpujs: async ({ gpujs }) => (await import('./gpujs/index.ts')).openGPUJS(gpujs),
  cpu: async () => (await import('./cpu/index.ts')).openCPU(),
};

export const BACKENDS = Object.keys(OPENERS) as readonly BackendName[];

/** Without a hardware adapter, the first of these that can be opened is used. */
const WITHOUT_ADAPTER: readonly BackendName[] = ['wasm'];

/**
 * Opens the backend that the options name, or the default one.
 * @throws RangeError if an option is unknown or wrong
 */
export async function openBackend(given?: OpenOptions): Promise<Opened> {
  const { backend, ...options } = readOptions('open', given, OPEN_OPTIONS);
  if (backend !== undefined && !BACKENDS.includes(backend)) {
    throw createArgumentError('open: backend', backend, `one of ${BACKENDS.join(', ')}`);
  }
  if (options.device && backend !== undefined && backend !== 'webgpu') {
    throw new RangeError(`open: a device was given together with backend "${backend}"; leave one of them out`);
  }
  if (options.device !== undefined) DEVICE('open: device', options.device);
  if (backend !== undefined) return { backend: await OPENERS[backend](options), reason: 'it was asked for' };
  if (options.device) return { backend: await OPENERS.webgpu(options), reason: 'a device was given' };
  // A failure is not reported here; `equilibra doctor` reports it.
  const onAdapter = await OPENERS.webgpu(options).catch(() => undefined);
  if (onAdapter && !onAdapter.adapter.software) return { backend: onAdapter, reason: 'there is a hardware adapter' };
  onAdapter?.close();
  return openWithoutAdapter(options, onAdapter ? SOFTWARE_ADAPTER : 'webgpu is not available');
}

export const SOFTWARE_ADAPTER = 'the webgpu adapter is a program on the CPU, which is used only when asked for';

/**
 * Opens the default backend of a machine without a hardware adapter.
 * @param reason why WebGPU is not used
 */
export async function openWithoutAdapter(options: OpenOptions, reason: string): Promise<Opened> {
  for (const name of WITHOUT_ADAPTER) {
    const backend = await OPENERS[name](options).catch(() => undefined);
    if (backend) return { backend, reason };
  }
  const { openFastest } = await import('./fastest.ts');
  const fastest = await openFastest(options, OPENERS);
  return { backend: fastest.backend, reason: `${reason}; ${fastest.reason}` };
}
