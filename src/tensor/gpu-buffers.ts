/** Tensors from and to buffers of a GPU, and numbers without waiting: what other libraries exchange. */
import { FUNCTION } from '../arguments/check.ts';
import { readOptions } from '../arguments/options.ts';
import { adoptBuffer, shareBuffer } from '../backends/webgpu/foreign-buffers.ts';
import type { WebGPUBackend } from '../backends/webgpu/index.ts';
import { NO_CHECKS } from './checks.ts';
import { ENGINE, Engine } from './engine.ts';
import { checkShape, type Shape, sizeOf } from './shape.ts';
import { SharedStorage, sharedStorageOf } from './shared-storage.ts';
import { TENSOR, type Tensor } from './tensor.ts';

/** Options of `tensorFromGPUBuffer`. */
export interface GPUBufferOptions {
  /**
   * Called once the tensor and its aliases are disposed and all work that uses the buffer is submitted: from then on
   * its owner may write to it or destroy it. Not called where the engine was closed before.
   */
  onRelease?: () => void;
}

/**
 * Makes a tensor of a buffer on the device of the engine, without a copy: `open({ device })` shares a device with
 * another library. The tensor holds the numbers that the work submitted so far leaves in the buffer, so submit that
 * work first. The buffer stays its owner's: `dispose` and `close` do not destroy it, and its owner must not write to it
 * before `onRelease`. The numbers are not checked: NaN and infinities go in.
 *
 * @param buffer float32, row-major, with the usages STORAGE and COPY_SRC; it may be longer than the tensor
 * @throws RangeError where the engine is not on WebGPU, or the buffer is too small or lacks a usage
 */
export function tensorFromGPUBuffer(engine: Engine, buffer: GPUBuffer, shape: Shape, given?: GPUBufferOptions): Tensor {
  ENGINE('tensorFromGPUBuffer: engine', engine);
  const { onRelease = () => {} } = readOptions('tensorFromGPUBuffer', given, { onRelease: FUNCTION });
  checkShape('tensorFromGPUBuffer: shape', shape);
  const storage = adoptBuffer(webgpuOf('tensorFromGPUBuffer', engine), buffer, sizeOf(shape), onRelease);
  return engine.wrap(new SharedStorage(storage), [...shape], NO_CHECKS, undefined);
}

/**
 * The buffer that holds the numbers of a tensor, without a copy: float32, row-major, with the usages STORAGE, COPY_SRC
 * and COPY_DST; it may be longer than the tensor. The promise resolves when the work that computes the tensor is
 * submitted, and rejects where a solve did not converge. Whatever is submitted to the queue of the device from then on
 * finds the numbers there.
 *
 * Only read the buffer, and only until the tensor is disposed: then it is used again for something else, by work that is
 * submitted later than the reading.
 * @throws RangeError (rejects) where the engine is not on WebGPU
 */
export async function gpuBufferOf(tensor: Tensor): Promise<GPUBuffer> {
  TENSOR('gpuBufferOf: tensor', tensor);
  const engine = engineOfTensor('gpuBufferOf', tensor);
  const backend = webgpuOf('gpuBufferOf', engine);
  if (tensor.node) tensor.node.recorder.reads += 1;
  const { storage } = sharedStorageOf(tensor, engine);
  await tensor.verified();
  return shareBuffer(backend, storage);
}

/** Numbers that were read without waiting. */
export interface NumbersNow {
  /** Row-major, a copy: float64 on cpu, float32 on wasm. */
  readonly numbers: Float32Array | Float64Array;
  /** Resolves when every solve behind the numbers is known to have converged, and rejects where one did not. */
  readonly verified: Promise<void>;
}

/**
 * Computes the numbers of a tensor on the calling thread and returns them at once, for a library that cannot wait, such
 * as `tf.customGrad` of TensorFlow.js. Whether the solves behind them converged is known a moment later: await
 * `verified` before the numbers are trusted.
 *
 * @throws RangeError where the backend is neither cpu nor wasm; Error where the work has to wait for something, or
 *   failed: await `data()` of a tensor once, and the next call finds everything loaded
 */
export function readNow(tensor: Tensor): NumbersNow {
  TENSOR('readNow: tensor', tensor);
  const engine = engineOfTensor('readNow', tensor);
  const { device } = engine;
  if (!device.readNow) {
    throw new RangeError(`readNow: the tensor is on ${device.name}; it must be on cpu or wasm: await data() instead`);
  }
  if (tensor.node) tensor.node.recorder.reads += 1;
  const numbers = device.readNow(sharedStorageOf(tensor, engine).storage);
  if (!numbers) throw new Error('readNow: the work has to wait for something, or has failed; await data() says which');
  const copy = numbers instanceof Float64Array ? numbers.slice() : Float32Array.from(numbers);
  return { numbers: copy, verified: tensor.verified() };
}

function engineOfTensor(place: string, { context }: Tensor): Engine {
  if (context instanceof Engine) return context;
  throw new Error(`${place}: the tensor belongs to a Program that is being traced; it must belong to an engine`);
}

function webgpuOf(place: string, { device }: Engine): WebGPUBackend {
  if (device.name === 'webgpu') return device as WebGPUBackend;
  throw new RangeError(`${place}: the engine is on ${device.name}; it must be on webgpu, as open({ device }) makes it`);
}
