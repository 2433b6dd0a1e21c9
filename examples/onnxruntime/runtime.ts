/** What the example uses of onnxruntime-web, which is installed when the example first runs. */

export interface Value {
  readonly dims: readonly number[];
  /** Where the numbers are. */
  readonly location: 'cpu' | 'gpu-buffer';
  /** The numbers, where they are on the host. */
  readonly data: Float32Array;
  /** The buffer, where they are on the GPU. */
  readonly gpuBuffer: GPUBuffer;
  dispose(): void;
}

interface Session {
  run(feeds: { readonly x: Value }): Promise<{ readonly features: Value }>;
  release(): Promise<void>;
}

export interface Runtime {
  readonly env: {
    readonly wasm: { wasmPaths: string; numThreads: number };
    /** The device, once a session has been created. */
    readonly webgpu: { readonly device: Promise<GPUDevice> | GPUDevice };
  };
  readonly InferenceSession: {
    create(
      model: Uint8Array,
      options: { executionProviders: readonly ['webgpu' | 'wasm']; preferredOutputLocation?: 'gpu-buffer' },
    ): Promise<Session>;
  };
  readonly Tensor: {
    new (type: 'float32', values: Float32Array, dims: readonly number[]): Value;
    fromGpuBuffer(buffer: GPUBuffer, description: { dataType: 'float32'; dims: readonly number[] }): Value;
  };
}
