/** What main.ts runs in a browser: TensorFlow.js and Equilibra on one GPUDevice. */
import { open } from '../../src/index.ts';
import { compareByBuffers, trainByBuffers } from './buffers.ts';
import { loadTensorFlow } from './tensorflow.ts';

export interface PageResult {
  readonly difference: number;
  readonly losses: readonly number[];
  /** Buffers that tensors of ours hold more after all steps than after the first. */
  readonly leftBehind: number;
}

export async function run(): Promise<PageResult> {
  const tf = await loadTensorFlow('webgpu');
  const engine = await open({ device: tf.backend().device });
  try {
    const difference = await compareByBuffers(tf, engine);
    await trainByBuffers(tf, engine, 1);
    await engine.idle();
    const before = engine.memory().buffers;
    const losses = await trainByBuffers(tf, engine, 60);
    await engine.idle();
    return { difference, losses, leftBehind: engine.memory().buffers - before };
  } finally {
    engine.close();
  }
}
