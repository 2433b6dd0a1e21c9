/** The cases in TensorFlow.js. loop.ts describes the method. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import type { Work, Works } from '../cases.ts';
import {
  type Numbers,
  PARAMETERS,
  RELU_ITERATIONS,
  type ReluProblem,
  type Size,
  type SolveProblem,
  solveProblem,
  TRAINING,
  type TrainingProblem,
} from '../problems.ts';
import { ADAM, biasCorrections, iterateUntilSmall, oneHot, SMALLEST, STEP_SIZE, type Stretch } from './loop.ts';

type TensorflowBackend = 'webgpu' | 'wasm';

/** Iterations between two read-backs, the fastest of 1, 5 and 10. On WebGPU a read-back costs a millisecond or two. */
const READ_INTERVALS: Readonly<Record<TensorflowBackend, number>> = { webgpu: 5, wasm: 1 };

/** The address at which the benchmark's server offers the WebAssembly files of the package. */
const WASM_FILES = '/peers/tfjs-backend-wasm/';

/** Known once a backend of WebAssembly is open. */
let threadsCount: (() => number) | undefined;

export function wasmThreads(): number | undefined {
  return threadsCount?.();
}

export async function openTensorflow(backend: TensorflowBackend): Promise<Works> {
  if (backend === 'wasm') {
    const { setWasmPaths, getThreadsCount } = await import('@tensorflow/tfjs-backend-wasm');
    setWasmPaths(WASM_FILES);
    threadsCount = getThreadsCount;
  } else await import('@tensorflow/tfjs-backend-webgpu');
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js finds no ${backend} here`);
  return {
    relu: (size) => reluIterations(backend, size),
    solve: (size) => solveAndGradient(backend, size),
    training: (size) => trainingSteps(backend, size),
  };
}

async function upload(values: Numbers, rows: number, columns: number): Promise<tf.Tensor> {
  const tensor = tf.tensor2d(values, [rows, columns]);
  // On WebGPU the numbers are uploaded with the first operation that needs them, so an operation here forces the
  // upload.
  const first = tf.max(tensor);
  await first.data();
  first.dispose();
  return tensor;
}

/** Tensors by name. A tensor is freed when another one takes its place. */
class NamedTensors<Name extends string> {
  private tensors: Partial<Record<Name, tf.Tensor>> = {};

  get all(): Record<Name, tf.Tensor> {
    return this.tensors as Record<Name, tf.Tensor>;
  }
  replace(tensors: Record<Name, tf.Tensor>): void {
    this.free();
    this.tensors = tensors;
  }
  free(): void {
    tf.dispose(Object.values<tf.Tensor>(this.all));
    this.tensors = {};
  }
}

/** W is transposed beforehand, because a product with a transposed right operand is ten times slower in WebAssembly. */
function reluIterations(backend: TensorflowBackend, { batch, width }: Size): Work<ReluProblem> {
  const held = new NamedTensors<'transposed' | 'b'>();
  return {
    async prepare({ W, b }) {
      await tf.setBackend(backend);
      const matrix = await upload(W, width, width);
      held.replace({ transposed: tf.transpose(matrix), b: await upload(b, batch, width) });
      matrix.dispose();
    },
    async run() {
      const z = tf.tidy(() => {
        const { transposed, b } = held.all;
        let next = b;
        for (let iteration = 0; iteration < RELU_ITERATIONS; iteration++) {
          const last = next;
          next = tf.relu(tf.add(tf.matMul(next, transposed), b));
          if (last !== b) last.dispose();
        }
        return next;
      });
      const answer = await z.data();
      z.dispose();
      return { answer };
    },
    dispose: () => held.free(),
  };
}

/** W = B − Bᵀ − AᵀA, and its transpose. */
function matrices(A: tf.Tensor, B: tf.Tensor): { W: tf.Tensor; transposed: tf.Tensor } {
  return tf.tidy(() => {
    const skew = tf.sub(B, tf.transpose(B));
    const gram = tf.matMul(tf.transpose(A), A);
    return { W: tf.sub(skew, gram), transposed: tf.sub(tf.neg(skew), gram) };
  });
}

/** x ← σ((1 − α)x + α(xM + c)), `every` times. Frees x. */
function runStretch(
  x: tf.Tensor,
  M: tf.Tensor,
  c: tf.Tensor,
  sigma: (x: tf.Tensor) => tf.Tensor,
  every: number,
): Stretch<tf.Tensor> {
  const norm = (y: tf.Tensor): tf.Tensor => tf.sqrt(tf.sum(tf.square(y), 1));
  const [next, worst] = tf.tidy(() => {
    let [from, residual] = [x, x];
    for (let iteration = 0; iteration < every; iteration++) {
      const p = tf.add(tf.matMul(from, M), c);
      if (iteration === every - 1) {
        residual = tf.max(tf.div(norm(tf.sub(from, sigma(p))), tf.add(norm(from), SMALLEST)));
      }
      from = sigma(tf.add(tf.mul(from, 1 - STEP_SIZE), tf.mul(p, STEP_SIZE)));
    }
    return [from, residual];
  });
  x.dispose();
  return {
    x: next,
    residual: worst.data().then(([residual]) => {
      worst.dispose();
      return residual;
    }),
  };
}

interface Solution {
  readonly z: tf.Tensor;
  /** ũ */
  readonly u: tf.Tensor;
  readonly iterations: { readonly forward: number; readonly backward: number };
}

/** @param cotangent v of z; it is freed here */
async function solveLayer(
  backend: TensorflowBackend,
  { W, transposed }: { W: tf.Tensor; transposed: tf.Tensor },
  b: tf.Tensor,
  cotangent: (z: tf.Tensor) => tf.Tensor,
): Promise<Solution> {
  const every = READ_INTERVALS[backend];
  const ahead = await iterateUntilSmall(tf.zerosLike(b), every, (z) => runStretch(z, transposed, b, tf.relu, every));
  const z = ahead.x;
  const J = tf.tidy(() => tf.step(tf.add(tf.matMul(z, transposed), b)));
  const v = cotangent(z);
  const back = await iterateUntilSmall(tf.zerosLike(b), every, (u) => runStretch(u, W, v, (x) => tf.mul(x, J), every));
  tf.dispose([J, v]);
  return { z, u: back.x, iterations: { forward: ahead.iterations, backward: back.iterations } };
}

/** The gradients of A and B: with G = ũᵀz, −A(G + Gᵀ) and G − Gᵀ. */
function gradientsOfMatrix(A: tf.Tensor, { u, z }: Solution): [tf.Tensor, tf.Tensor] {
  return tf.tidy(() => {
    const G = tf.matMul(tf.transpose(u), z);
    const transposed = tf.transpose(G);
    return [tf.neg(tf.matMul(A, tf.add(G, transposed))), tf.sub(G, transposed)];
  });
}

function solveAndGradient(backend: TensorflowBackend, { batch, width }: Size): Work<SolveProblem> {
  const held = new NamedTensors<keyof SolveProblem>();
  return {
    async prepare({ A, B, b, v }) {
      await tf.setBackend(backend);
      held.replace({
        A: await upload(A, width, width),
        B: await upload(B, width, width),
        b: await upload(b, batch, width),
        v: await upload(v, batch, width),
      });
    },
    async run() {
      const { A, B, b, v } = held.all;
      const both = matrices(A, B);
      const solution = await solveLayer(backend, both, b, () => tf.tidy(() => tf.add(v, 0)));
      const [gradA, gradB] = gradientsOfMatrix(A, solution);
      const answer = await solution.u.data();
      await gradA.data();
      tf.dispose([both.W, both.transposed, solution.z, solution.u, gradA, gradB]);
      return { answer, iterations: solution.iterations };
    },
    dispose: () => held.free(),
  };
}

interface Parameter {
  readonly value: tf.Tensor;
  readonly mean: tf.Tensor;
  readonly square: tf.Tensor;
}

/**
 * The bytes held before the backward pass begins if the iterations are differentiated one by one. Every library without
 * implicit layers can do this, and these numbers are why nobody does.
 */
export function measureUnrolledMemory({ batch, width }: Size, iterations: number): number {
  const { A, B, b } = solveProblem({ batch, width }, 0);
  let bytes = 0;
  tf.tidy(() => {
    const { transposed } = matrices(tf.tensor2d(A, [width, width]), tf.tensor2d(B, [width, width]));
    const before = tf.memory().numBytes;
    tf.grads((bias) => {
      let z = tf.zerosLike(bias);
      for (let iteration = 0; iteration < iterations; iteration++) {
        z = tf.relu(tf.add(tf.mul(z, 1 - STEP_SIZE), tf.mul(tf.add(tf.matMul(z, transposed), bias), STEP_SIZE)));
      }
      bytes = tf.memory().numBytes - before;
      return z;
    })([tf.tensor2d(b, [batch, width])]);
  });
  return bytes;
}

/** The layer behind an affine map, scores, cross-entropy and Adam, with the gradients written out. */
function trainingSteps(backend: TensorflowBackend, { batch, width }: Size): Work<TrainingProblem> {
  const { inputs, classes, steps, rate } = TRAINING;
  const shapes = {
    A: [width, width],
    B: [width, width],
    U: [width, inputs],
    c: [1, width],
    D: [classes, width],
    d: [1, classes],
  } as const;
  let samples: TrainingProblem | undefined;
  let state: Record<string, Parameter> = {};
  const free = (): void => {
    for (const { value, mean, square } of Object.values(state)) tf.dispose([value, mean, square]);
    state = {};
  };
  const updateParameter = ({ value, mean, square }: Parameter, gradient: tf.Tensor, index: number): Parameter => {
    const { first, second } = biasCorrections(index + 1);
    const after = tf.tidy(() => {
      const m = tf.add(tf.mul(mean, ADAM.first), tf.mul(gradient, 1 - ADAM.first));
      const s = tf.add(tf.mul(square, ADAM.second), tf.mul(tf.square(gradient), 1 - ADAM.second));
      const size = tf.add(tf.sqrt(tf.mul(s, second)), ADAM.epsilon);
      return { value: tf.sub(value, tf.div(tf.mul(m, first * rate), size)), mean: m, square: s };
    });
    tf.dispose([value, mean, square]);
    return after;
  };
  const step = async (index: number): Promise<Solution['iterations']> => {
    if (!samples) throw new Error('run: nothing was prepared');
    const [A, B, U, c, D, d] = PARAMETERS.map((name) => state[name].value);
    const from = index * batch;
    const x = tf.tensor2d(samples.inputs.slice(from * inputs, (from + batch) * inputs), [batch, inputs]);
    const wanted = tf.tensor2d(oneHot(samples.labels.subarray(from, from + batch), classes), [batch, classes]);
    const both = matrices(A, B);
    const b = tf.tidy(() => tf.add(tf.matMul(x, tf.transpose(U)), c));
    let scores = x;
    const solution = await solveLayer(backend, both, b, (z) => {
      // ∂(cross-entropy)/∂scores = (softmax − one-hot)/batch
      scores = tf.tidy(() => tf.div(tf.sub(tf.softmax(tf.add(tf.matMul(z, tf.transpose(D)), d)), wanted), batch));
      return tf.tidy(() => tf.matMul(scores, D));
    });
    const { z, u } = solution;
    const affine = (input: tf.Tensor, y: tf.Tensor): [tf.Tensor, tf.Tensor] =>
      tf.tidy(() => [tf.matMul(tf.transpose(y), input), tf.sum(y, 0)]);
    const gradients = [...gradientsOfMatrix(A, solution), ...affine(x, u), ...affine(z, scores)];
    for (const [place, name] of PARAMETERS.entries())
      state[name] = updateParameter(state[name], gradients[place], index);
    tf.dispose([x, wanted, both.W, both.transposed, b, scores, z, u, ...gradients]);
    return solution.iterations;
  };
  return {
    async prepare(problem) {
      await tf.setBackend(backend);
      free();
      samples = problem;
      for (const name of PARAMETERS) {
        const [rows, columns] = shapes[name];
        const value = await upload(problem.parameters[name], rows, columns);
        state[name] = { value, mean: tf.zerosLike(value), square: tf.zerosLike(value) };
      }
    },
    async run(units) {
      const total = { forward: 0, backward: 0 };
      for (let index = 0; index < Math.min(units, steps); index++) {
        const { forward, backward } = await step(index);
        total.forward += forward / units;
        total.backward += backward / units;
      }
      await state.A.value.data();
      return { iterations: total };
    },
    dispose: free,
  };
}
