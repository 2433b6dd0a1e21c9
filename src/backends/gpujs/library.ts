/** The part of the package gpu.js that this backend uses, and how the package is found. */
import { importUnbundled } from '../runtime.ts';
import type { LibraryLoader } from './options.ts';

/** A result that stays on the device. */
export interface DeviceTexture {
  readonly texture: WebGLTexture;
  /** Width and height, in texels. */
  readonly size: ArrayLike<number>;
  delete(): void;
}

/** Numbers on the host, with their extents. */
export interface HostInput {
  readonly value: Float32Array;
}

type KernelArgument = DeviceTexture | HostInput | number;
/** A texture, or rows of numbers. */
type KernelResult = DeviceTexture | Float32Array | readonly Float32Array[];

export interface RunnableKernel {
  (...given: readonly KernelArgument[]): KernelResult;
  setOutput(extents: readonly number[]): unknown;
}

export interface FunctionSource {
  readonly source: string;
  readonly settings: { readonly argumentTypes: Readonly<Record<string, string>>; readonly returnType: string };
}

export interface NativeDeclaration {
  readonly name: string;
  readonly source: string;
  readonly argumentTypes: Readonly<Record<string, string>>;
  readonly returnType: string;
}

export interface KernelSettings {
  readonly output: readonly number[];
  readonly argumentTypes: readonly string[];
  readonly returnType: string;
  readonly constants: Readonly<Record<string, number>>;
  readonly constantTypes: Readonly<Record<string, string>>;
  readonly functions: readonly FunctionSource[];
  readonly nativeFunctions: readonly NativeDeclaration[];
  readonly injectedNative: string;
  readonly dynamicArguments: true;
  readonly dynamicOutput: true;
  readonly precision: 'single';
  readonly tactic: 'precision';
  readonly loopMaxIterations: number;
  readonly pipeline: boolean;
  readonly immutable: boolean;
}

export interface GPUInstance {
  createKernel(source: string, settings: KernelSettings): RunnableKernel & { moduleCacheLimit?: number };
  destroy(): Promise<void>;
}

export interface Library {
  new (settings: {
    mode?: string;
    /** gpu.js sets its size to that of the largest texture. */
    canvas?: { width: number; height: number };
    context?: WebGL2RenderingContext;
  }): GPUInstance;
  input(values: Float32Array, extents: readonly number[]): HostInput;
}

/**
 * The build for browsers. It also serves Node, where the other build would load a native WebGL and a second copy of
 * Dawn.
 */
const BUILD = 'gpu.js/dist/gpu-browser.js';

const ADVICE =
  'install it: npm install gpu.js. A bundled page then says open({ gpujs: { load: () => import("gpu.js") } }); any other has a ' +
  'script element or an import map that leads to gpu.js/dist/gpu-browser.js';

/**
 * Finds gpu.js: by `load` if that is given, otherwise in the global `GPU` that a script element of the page defines,
 * otherwise in the installed package.
 * @throws Error that says what to install
 */
export async function loadLibrary(load?: LibraryLoader): Promise<Library> {
  if (load) {
    const given = findLibrary(await load());
    if (given) return given;
    throw new Error(
      'gpujs: what open({ gpujs: { load } }) loaded is not gpu.js; it must resolve with the module of that package',
    );
  }
  const present = findLibrary((globalThis as { GPU?: unknown }).GPU);
  if (present) return present;
  let module: unknown;
  try {
    module = await importUnbundled(BUILD);
  } catch (cause) {
    throw new Error(`gpujs: the package gpu.js is missing; ${ADVICE}`, { cause });
  }
  const found = findLibrary(module) ?? findLibrary((globalThis as { GPU?: unknown }).GPU);
  if (!found) throw new Error(`gpujs: ${BUILD} is not what it is expected to be; ${ADVICE}`);
  return found;
}

/** Finds the class in a module of any kind: in its exports, as its default export, or as the module itself. */
function findLibrary(candidate: unknown): Library | undefined {
  if (isLibrary(candidate)) return candidate;
  if (typeof candidate !== 'object' || candidate === null) return undefined;
  const { GPU, default: inner } = candidate as { GPU?: unknown; default?: unknown };
  if (isLibrary(GPU) && typeof GPU.input === 'function') return GPU;
  return inner === undefined || inner === candidate ? undefined : findLibrary(inner);
}

/** Checks for members of gpu.js, since in Chrome `GPU` is also an interface of WebGPU. */
function isLibrary(candidate: unknown): candidate is Library {
  if (typeof candidate !== 'function') return false;
  const { prototype, input } = candidate as unknown as { prototype?: { createKernel?: unknown }; input?: unknown };
  return typeof prototype?.createKernel === 'function' && typeof input === 'function';
}
