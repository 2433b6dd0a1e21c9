/** The cases in jax-js, compiled with `jit` wherever that is faster. loop.ts describes the method. */
import { blockUntilReady, defaultDevice, init, type Array as JaxArray, jit, nn, numpy as np } from '@jax-js/jax';
import type { Work, Works } from '../cases.ts';
import {
  type Numbers,
  PARAMETERS,
  type Parameters,
  RELU_ITERATIONS,
  type ReluProblem,
  type Size,
  type SolveProblem,
  TRAINING,
  type TrainingProblem,
} from '../problems.ts';
import { ADAM, biasCorrections, iterateUntilSmall, oneHot, SMALLEST, STEP_SIZE } from './loop.ts';

type Device = 'webgpu' | 'wasm';

/** Iterations between two read-backs, each of which costs a millisecond or two. The fastest of 1, 5 and 10. */
const READ_INTERVAL = 5;

export async function openJax(device: Device): Promise<Works> {
  // Node 20 has no navigator, and jax-js asks it for WebGPU.
  if (!globalThis.navigator) Object.assign(globalThis, { navigator: {} });
  const found = await init(device);
  if (!found.includes(device)) throw new Error(`jax-js finds no ${device} here`);
  return {
    relu: (size) => reluIterations(device, size),
    solve: (size) => solveAndGradient(device, size),
    training: (size) => trainingSteps(device, size),
  };
}

function upload(device: Device, values: Numbers, rows: number, columns: number): JaxArray {
  return np.array(values, { shape: [rows, columns], device });
}

const transpose = (x: JaxArray): JaxArray => np.transpose(x);

/** The iterations are compiled one by one or all together: the warm-up finds out which is faster. */
function reluIterations(device: Device, { batch, width }: Size): Work<ReluProblem> {
  const step = (z: JaxArray, W: JaxArray, b: JaxArray): JaxArray => np.maximum(np.matmul(z, transpose(W)).add(b), 0);
  const one = jit(step);
  const all = jit((W: JaxArray, b: JaxArray) => {
    let z = b.ref;
    for (let iteration = 0; iteration < RELU_ITERATIONS; iteration++) z = step(z, W.ref, b.ref);
    W.dispose();
    b.dispose();
    return z;
  });
  const together = (W: JaxArray, b: JaxArray): JaxArray => all(W.ref, b.ref);
  const singly = (W: JaxArray, b: JaxArray): JaxArray => {
    let z = b.ref;
    for (let iteration = 0; iteration < RELU_ITERATIONS; iteration++) z = one(z, W.ref, b.ref);
    return z;
  };
  let held: { W: JaxArray; b: JaxArray } | undefined;
  let fastest: ((W: JaxArray, b: JaxArray) => JaxArray) | undefined;
  const free = (): void => {
    for (const array of Object.values(held ?? {})) array.dispose();
    held = undefined;
  };
  return {
    async prepare({ W, b }) {
      defaultDevice(device);
      free();
      held = { W: upload(device, W, width, width), b: upload(device, b, batch, width) };
      await blockUntilReady([held.W, held.b]);
      fastest ??= await chooseFaster([together, singly], held);
    },
    async run() {
      if (!held || !fastest) throw new Error('run: nothing was prepared');
      return { answer: await fastest(held.W, held.b).data() };
    },
    dispose() {
      free();
      one.dispose();
      all.dispose();
    },
  };
}

async function chooseFaster<Form extends (W: JaxArray, b: JaxArray) => JaxArray>(
  forms: readonly Form[],
  { W, b }: { W: JaxArray; b: JaxArray },
): Promise<Form> {
  const times = new Map<Form, number>();
  for (const form of forms) {
    await form(W, b).data(); // compiles the function
    const started = performance.now();
    await form(W, b).data();
    times.set(form, performance.now() - started);
  }
  return [...forms].sort((x, y) => (times.get(x) ?? 0) - (times.get(y) ?? 0))[0];
}

/** Compiled parts of the layer z = relu(Wz + b) with m = 1, and of its gradient. */
function layer() {
  /** The largest ‖difference‖ / ‖x‖ over the rows. */
  const worst = (difference: JaxArray, x: JaxArray): JaxArray => {
    const norm = (y: JaxArray): JaxArray => np.sqrt(np.sum(np.square(y), 1));
    return np.max(norm(difference).div(norm(x).add(SMALLEST)));
  };
  /** x ← σ((1 − α)x + α(Mx + c)), READ_INTERVAL times. */
  const iterations = (
    x: JaxArray,
    M: JaxArray,
    c: JaxArray,
    sigma: (x: JaxArray) => JaxArray,
  ): [JaxArray, JaxArray] => {
    let next = x;
    let residual: JaxArray | undefined;
    for (let iteration = 0; iteration < READ_INTERVAL; iteration++) {
      const p = np.matmul(next.ref, M.ref).add(c.ref);
      if (iteration === READ_INTERVAL - 1) residual = worst(next.ref.sub(sigma(p.ref)), next.ref);
      next = sigma(next.mul(1 - STEP_SIZE).add(p.mul(STEP_SIZE)));
    }
    M.dispose();
    c.dispose();
    return [next, residual as JaxArray];
  };
  const matrix = jit((A: JaxArray, B: JaxArray) => B.ref.sub(transpose(B)).sub(np.matmul(transpose(A.ref), A)));
  const forward = jit((W: JaxArray, b: JaxArray, z: JaxArray) =>
    iterations(z, transpose(W), b, (x) => np.maximum(x, 0)),
  );
  const jacobian = jit((W: JaxArray, b: JaxArray, z: JaxArray) =>
    np.where(np.greater(np.matmul(z, transpose(W)).add(b), 0), 1, 0),
  );
  const backward = jit((W: JaxArray, J: JaxArray, v: JaxArray, u: JaxArray) => {
    const result = iterations(u, W, v, (x) => x.mul(J.ref));
    J.dispose();
    return result;
  });
  // The gradients of A and B: with G = ũᵀz, −A(G + Gᵀ) and G − Gᵀ.
  const gradients = jit((A: JaxArray, u: JaxArray, z: JaxArray): [JaxArray, JaxArray] => {
    const G = np.matmul(transpose(u), z);
    return [np.matmul(A, G.ref.add(transpose(G.ref))).neg(), G.ref.sub(transpose(G))];
  });
  return { matrix, forward, jacobian, backward, gradients };
}

type Layer = ReturnType<typeof layer>;

/** Reads one number, and gives the array up. */
async function readScalar(scalar: JaxArray): Promise<number> {
  return (await scalar.data())[0];
}

/** z and ũ of one problem. The inputs stay alive. */
async function solveLayer(
  parts: Layer,
  device: Device,
  [W, b]: readonly [JaxArray, JaxArray],
  cotangent: (z: JaxArray) => JaxArray,
): Promise<{ z: JaxArray; u: JaxArray; iterations: { forward: number; backward: number } }> {
  const zeros = np.zeros(shapeOf(b), { device });
  const ahead = await iterateUntilSmall(zeros, READ_INTERVAL, (z) => {
    const [x, residual] = parts.forward(W.ref, b.ref, z);
    return { x, residual: readScalar(residual) };
  });
  const z = ahead.x;
  const J = parts.jacobian(W.ref, b.ref, z.ref);
  const v = cotangent(z.ref);
  const back = await iterateUntilSmall(np.zeros(shapeOf(b), { device }), READ_INTERVAL, (u) => {
    const [x, residual] = parts.backward(W.ref, J.ref, v.ref, u);
    return { x, residual: readScalar(residual) };
  });
  J.dispose();
  v.dispose();
  return { z, u: back.x, iterations: { forward: ahead.iterations, backward: back.iterations } };
}

function shapeOf(array: JaxArray): number[] {
  return [...(array as unknown as { shape: number[] }).shape];
}

function solveAndGradient(device: Device, { batch, width }: Size): Work<SolveProblem> {
  const parts = layer();
  let held: Record<keyof SolveProblem, JaxArray> | undefined;
  const free = (): void => {
    for (const array of Object.values(held ?? {})) array.dispose();
    held = undefined;
  };
  return {
    async prepare({ A, B, b, v }) {
      defaultDevice(device);
      free();
      const square = (values: Numbers): JaxArray => upload(device, values, width, width);
      const rows = (values: Numbers): JaxArray => upload(device, values, batch, width);
      held = { A: square(A), B: square(B), b: rows(b), v: rows(v) };
      await blockUntilReady(Object.values(held));
    },
    async run() {
      if (!held) throw new Error('run: nothing was prepared');
      const { A, B, b, v } = held;
      const W = parts.matrix(A.ref, B.ref);
      const { z, u, iterations } = await solveLayer(parts, device, [W, b], (x) => {
        x.dispose();
        return v.ref;
      });
      W.dispose();
      const [gradA, gradB] = parts.gradients(A.ref, u.ref, z);
      const answer = await u.data();
      for (const gradient of await blockUntilReady([gradA, gradB])) gradient.dispose();
      return { answer, iterations };
    },
    dispose() {
      free();
      for (const part of Object.values(parts)) part.dispose();
    },
  };
}

/** The layer behind an affine map, scores, cross-entropy and Adam, with the gradients written out. */
function trainingSteps(device: Device, { batch, width }: Size): Work<TrainingProblem> {
  const { inputs, classes, steps, rate } = TRAINING;
  const parts = layer();
  const affine = jit((x: JaxArray, U: JaxArray, c: JaxArray) => np.matmul(x, transpose(U)).add(c));
  // ∂(cross-entropy)/∂scores = (softmax − one-hot)/batch
  const scored = jit((z: JaxArray, D: JaxArray, d: JaxArray, wanted: JaxArray): JaxArray => {
    const scores = np.matmul(z, transpose(D)).add(d);
    return nn.softmax(scores, 1).sub(wanted).div(batch);
  });
  const throughDense = jit((scores: JaxArray, D: JaxArray): JaxArray => np.matmul(scores, D));
  const updated = jit((...all: JaxArray[]): JaxArray[] => {
    const [first, second, ...rest] = all;
    const results: JaxArray[] = [];
    for (let index = 0; index < rest.length; index += 4) {
      const [value, g, m, v] = rest.slice(index, index + 4);
      const mean = m.mul(ADAM.first).add(g.ref.mul(1 - ADAM.first));
      const square = v.mul(ADAM.second).add(np.square(g).mul(1 - ADAM.second));
      const size = np.sqrt(square.ref.mul(second.ref)).add(ADAM.epsilon);
      results.push(value.sub(mean.ref.mul(first.ref).mul(rate).div(size)), mean, square);
    }
    first.dispose();
    second.dispose();
    return results;
  });
  const affineGradients = jit((x: JaxArray, y: JaxArray): [JaxArray, JaxArray] => [
    np.matmul(transpose(y.ref), x),
    np.sum(y, 0).reshape([1, -1]),
  ]);
  const jitted = [...Object.values(parts), affine, scored, throughDense, updated, affineGradients];
  const shapes: Record<keyof Parameters, [number, number]> = {
    A: [width, width],
    B: [width, width],
    U: [width, inputs],
    c: [1, width],
    D: [classes, width],
    d: [1, classes],
  };
  let samples: TrainingProblem | undefined;
  let state: Record<string, { value: JaxArray; mean: JaxArray; square: JaxArray }> = {};
  const free = (): void => {
    for (const parameter of Object.values(state)) for (const array of Object.values(parameter)) array.dispose();
    state = {};
  };
  const step = async (index: number): Promise<{ forward: number; backward: number }> => {
    if (!samples) throw new Error('run: nothing was prepared');
    const { A, B, U, c, D, d } = Object.fromEntries(PARAMETERS.map((name) => [name, state[name].value]));
    const from = index * batch;
    const x = upload(device, samples.inputs.slice(from * inputs, (from + batch) * inputs), batch, inputs);
    const wanted = upload(device, oneHot(samples.labels.subarray(from, from + batch), classes), batch, classes);
    const W = parts.matrix(A.ref, B.ref);
    const b = affine(x.ref, U.ref, c.ref);
    let scores: JaxArray | undefined;
    const { z, u, iterations } = await solveLayer(parts, device, [W, b], (solution) => {
      scores = scored(solution, D.ref, d.ref, wanted);
      return throughDense(scores.ref, D.ref);
    });
    W.dispose();
    b.dispose();
    const [gradA, gradB] = parts.gradients(A.ref, u.ref, z.ref);
    const [gradU, gradC] = affineGradients(x, u);
    const [gradD, gradd] = affineGradients(z, scores as JaxArray);
    const gradients = [gradA, gradB, gradU, gradC, gradD, gradd];
    const { first, second } = biasCorrections(index + 1);
    const scalar = (value: number): JaxArray => np.array(Float32Array.of(value), { shape: [1, 1], device });
    const operands = PARAMETERS.flatMap((name, place) => {
      const { value, mean, square } = state[name];
      return [value, gradients[place], mean, square];
    });
    const results = updated(scalar(first), scalar(second), ...operands);
    for (const [place, name] of PARAMETERS.entries()) {
      const [value, mean, square] = results.slice(3 * place, 3 * place + 3);
      state[name] = { value, mean, square };
    }
    return iterations;
  };
  return {
    async prepare(problem) {
      defaultDevice(device);
      free();
      samples = problem;
      for (const name of PARAMETERS) {
        const [rows, columns] = shapes[name];
        const zeros = (): JaxArray => np.zeros([rows, columns], { device });
        const value = upload(device, problem.parameters[name], rows, columns);
        state[name] = { value, mean: zeros(), square: zeros() };
      }
      await blockUntilReady(PARAMETERS.map((name) => state[name].value));
    },
    async run(units) {
      const total = { forward: 0, backward: 0 };
      for (let index = 0; index < Math.min(units, steps); index++) {
        const { forward, backward } = await step(index);
        total.forward += forward / units;
        total.backward += backward / units;
      }
      await blockUntilReady(PARAMETERS.map((name) => state[name].value));
      return { iterations: total };
    },
    dispose() {
      free();
      for (const compiled of jitted) compiled.dispose();
    },
  };
}
