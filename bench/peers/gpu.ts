/** The product loop in gpu.js. It has kernels but neither solvers nor derivatives, so it does only the first case. */
import { GPU } from 'gpu.js';
import type { Works } from '../cases.ts';
import { RELU_ITERATIONS } from '../problems.ts';

type GpuMode = 'webgpu' | 'webasm';

/** The part of gpu.js that is used here. A kernel with `pipeline` returns a texture on a GPU, and rows elsewhere. */
interface Texture {
  toArray(): Float32Array[] | Promise<Float32Array[]>;
  delete(): void;
}
type Result = Texture | Float32Array[];
interface Kernel {
  (...operands: unknown[]): Result | Promise<Result>;
  setOutput(shape: number[]): Kernel;
  setConstants(constants: Record<string, number>): Kernel;
  setPipeline(on: boolean): Kernel;
  setImmutable(on: boolean): Kernel;
  destroy(): void;
}
interface Thread {
  thread: { x: number; y: number };
  constants: { width: number };
}

export async function openGpu(mode: GpuMode): Promise<Works> {
  const gpu = new GPU({ mode });
  return {
    relu({ batch, width }) {
      const step = (
        gpu.createKernel(function (this: Thread, z: number[][], W: number[][], b: number[][]) {
          let sum = b[this.thread.y][this.thread.x];
          for (let k = 0; k < this.constants.width; k++) sum += z[this.thread.y][k] * W[this.thread.x][k];
          return Math.max(sum, 0);
        }) as unknown as Kernel
      )
        .setOutput([width, batch])
        .setConstants({ width })
        .setPipeline(true)
        .setImmutable(true);
      let held: { W: Float32Array[]; b: Float32Array[] } | undefined;
      return {
        async prepare({ W, b }) {
          held = { W: rowsOf(W, width), b: rowsOf(b, width) };
        },
        async run() {
          if (!held) throw new Error('run: nothing was prepared');
          const { W, b } = held;
          let z = await step(b, W, b);
          for (let iteration = 1; iteration < RELU_ITERATIONS; iteration++) {
            const next = await step(z, W, b);
            free(z);
            z = next;
          }
          const rows = 'toArray' in z ? await z.toArray() : z;
          free(z);
          return { answer: Float32Array.from(rows.flatMap((row) => Array.from(row))) };
        },
        dispose: () => step.destroy(),
      };
    },
  };
}

function free(result: Result): void {
  if ('delete' in result) result.delete();
}

function rowsOf(values: Float32Array, width: number): Float32Array[] {
  return Array.from({ length: values.length / width }, (_, row) => values.slice(row * width, (row + 1) * width));
}
