/** What main.ts runs in a browser: onnxruntime-web and Equilibra on one GPUDevice, and no number passes through the host. */
import { readNPZ } from '../../src/data/index.ts';
import { gpuBufferOf, open, tensorFromGPUBuffer } from '../../src/index.ts';
import { createLayer } from './layer.ts';
import type { Runtime } from './runtime.ts';

export interface PageResult {
  readonly features: number[];
  readonly z: number[];
  /** Where onnxruntime-web left its output. */
  readonly location: string;
}

export async function run(): Promise<PageResult> {
  const ort = (await import('onnxruntime-web/webgpu' as string)) as Runtime;
  ort.env.wasm.wasmPaths = '/';
  ort.env.wasm.numThreads = 1;
  const model = new Uint8Array(await (await fetch('/encoder.onnx')).arrayBuffer());
  const options = { executionProviders: ['webgpu'], preferredOutputLocation: 'gpu-buffer' } as const;
  const session = await ort.InferenceSession.create(model, options);
  const engine = await open({ device: await ort.env.webgpu.device });
  try {
    const given = (await readNPZ(await fetch('/encoder.npz'))).get('x');
    if (given?.type !== 'float32') throw new Error('encoder.npz: there is no array x of float32');
    // Into onnxruntime: the buffer of a tensor of ours.
    const x = engine.tensor(given.values, given.shape);
    const input = ort.Tensor.fromGpuBuffer(await gpuBufferOf(x), { dataType: 'float32', dims: x.shape });
    const { features } = await session.run({ x: input });
    // And out of it: the buffer of its output as a tensor of ours, which gives it back when it is done.
    const taken = tensorFromGPUBuffer(engine, features.gpuBuffer, features.dims, {
      onRelease: () => features.dispose(),
    });
    const layer = createLayer(engine);
    const z = await engine.tidy((scope) => layer.forward(scope.use(taken)).data());
    const result = { features: [...(await taken.data())], z: [...z], location: features.location };
    taken.dispose();
    x.dispose();
    layer.dispose();
    await engine.idle();
    await session.release();
    return result;
  } finally {
    engine.close();
  }
}
