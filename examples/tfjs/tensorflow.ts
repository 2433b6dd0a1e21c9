/** What the example uses of TensorFlow.js, whose packages are installed when the example first runs. */

/** A tensor of TensorFlow.js. */
export interface ForeignTensor {
  readonly shape: number[];
  data(): Promise<Float32Array>;
  dataSync(): Float32Array;
  /** Its numbers in a buffer of the GPU: a copy on the device, in the care of `tensorRef`. */
  dataToGPU(): { readonly buffer: GPUBuffer; readonly tensorRef: ForeignTensor };
  dispose(): void;
}

interface Variable extends ForeignTensor {
  readonly name: string;
}

/** The numbers of a tensor: on the host, or in a buffer. */
type Numbers = ArrayLike<number> | { readonly buffer: GPUBuffer; readonly zeroCopy: true };

export interface TensorFlow {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  env(): { set(flag: string, value: boolean): void };
  backend(): { readonly device: GPUDevice };
  memory(): { readonly numTensors: number };
  tensor(values: Numbers, shape: readonly number[], type: 'float32'): ForeignTensor;
  variable(initial: ForeignTensor): Variable;
  randomUniform(shape: readonly number[], low: number, high: number, type: 'float32', seed: number): ForeignTensor;
  matMul(x: ForeignTensor, y: ForeignTensor): ForeignTensor;
  add(x: ForeignTensor, y: ForeignTensor): ForeignTensor;
  mul(x: ForeignTensor, y: ForeignTensor): ForeignTensor;
  tanh(x: ForeignTensor): ForeignTensor;
  mean(x: ForeignTensor): ForeignTensor;
  sum(x: ForeignTensor): ForeignTensor;
  tidy<Result>(body: () => Result): Result;
  readonly losses: { sigmoidCrossEntropy(labels: ForeignTensor, logits: ForeignTensor): ForeignTensor };
  customGrad(
    body: (...given: ForeignTensor[]) => {
      value: ForeignTensor;
      gradFunc: (cotangent: ForeignTensor) => ForeignTensor | ForeignTensor[];
    },
  ): (...inputs: ForeignTensor[]) => ForeignTensor;
  valueAndGrads(
    body: (...inputs: ForeignTensor[]) => ForeignTensor,
  ): (inputs: readonly ForeignTensor[]) => { value: ForeignTensor; grads: ForeignTensor[] };
  readonly train: { adam(rate: number): Optimiser };
}

export interface Optimiser {
  minimize(body: () => ForeignTensor, returnCost: true, variables?: readonly Variable[]): ForeignTensor | null;
  dispose(): void;
}

export type Variables = readonly Variable[];

/** Loads TensorFlow.js, and its backend for the host or for WebGPU. */
export async function loadTensorFlow(backend: 'cpu' | 'webgpu'): Promise<TensorFlow> {
  const tf = (await import('@tensorflow/tfjs' as string)) as TensorFlow;
  if (backend === 'webgpu') await import('@tensorflow/tfjs-backend-webgpu' as string);
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js has no backend ${backend} here`);
  await tf.ready();
  // Otherwise small tensors are computed on the host, and have no buffer.
  if (backend === 'webgpu') tf.env().set('WEBGPU_CPU_FORWARD', false);
  return tf;
}
