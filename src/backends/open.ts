/** Which backend is opened. */
import type { Backend, BackendName } from './backend.ts';
import { openCPU } from './cpu/index.ts';

export interface OpenOptions {
  /**
   * Default: webgpu on a hardware adapter, else wasm, else cpu. A software adapter is used only when webgpu is asked for by
   * name.
   */
  backend?: BackendName;
  /** A GPUDevice that the page already has; it stays the caller's and is not destroyed by close(). */
  device?: GPUDevice;
  /** Handed to requestAdapter. */
  powerPreference?: GPUPowerPreference;
}

type Opener = (options: OpenOptions) => Promise<Backend>;

/** Loaded when they are opened, but the CPU, which is the last resort. */
const OPENERS: Readonly<Record<BackendName, Opener>> = {
  webgpu: async (options) => (await import('./webgpu/index.ts')).openWebGPU(options),
  wasm: async () => (await import('./wasm/index.ts')).openWasm(),
  cpu: async () => openCPU(),
};

export const BACKENDS = Object.keys(OPENERS) as readonly BackendName[];

/** Without a hardware adapter: the first of these that can be opened, and the CPU after them, which always can. */
const WITHOUT_ADAPTER: readonly BackendName[] = ['wasm'];

export async function openBackend({ backend, ...options }: OpenOptions): Promise<Backend> {
  if (backend !== undefined && !BACKENDS.includes(backend)) {
    throw new RangeError(`open: backend is ${JSON.stringify(backend)}; it must be one of ${BACKENDS.join(', ')}`);
  }
  if (options.device && backend !== undefined && backend !== 'webgpu') {
    throw new RangeError(`open: a device was given together with backend "${backend}"; leave one of them out`);
  }
  if (backend !== undefined) return OPENERS[backend](options);
  if (options.device) return OPENERS.webgpu(options);
  // `equilibra doctor` says why one of them is not there.
  const onAdapter = await OPENERS.webgpu(options).catch(() => undefined);
  if (onAdapter && !onAdapter.adapter.software) return onAdapter;
  onAdapter?.close();
  for (const name of WITHOUT_ADAPTER) {
    const found = await OPENERS[name](options).catch(() => undefined);
    if (found) return found;
  }
  return openCPU();
}
