/**
 * Batches of quadratic programs on WebAssembly: how long the kernels take to solve and to differentiate them. Run with
 * `node bench/run.mjs programs [threads]`.
 */
import { random } from '../src/data/random.ts';
import { interiorPoint, type ProgramOperands, programDerivative } from '../src/solvers/programs/kernels.ts';
import { createWide } from '../src/solvers/programs/wide.ts';
import { type Engine, open } from '../src/tensor/engine.ts';

const REPETITIONS = 25;
const TOLERANCE = 1e-6;
const LIMIT = 50;

interface Case {
  readonly name: string;
  readonly batch: number;
  readonly n: number;
  readonly m: number;
  readonly operands: ProgramOperands;
}

/**
 * Programs with a P and an A of their own. P = FᵀF/n + I/100, and the bounds of the inequalities hold at a random point.
 */
function createOwn(engine: Engine): Case {
  const [batch, n, inequalities, equalities] = [128, 100, 50, 20];
  const m = inequalities + equalities;
  const generator = random(1);
  const normals = (count: number): Float64Array => Float64Array.from({ length: count }, () => generator.normal());
  const P = new Float64Array(batch * n * n);
  const [A, q] = [normals(batch * m * n), normals(batch * n)];
  const [l, u] = [new Float64Array(batch * m), new Float64Array(batch * m)];
  for (let sample = 0; sample < batch; sample++) {
    const factor = normals(n * n);
    const to = P.subarray(sample * n * n, (sample + 1) * n * n);
    for (let k = 0; k < n; k++) {
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) to[i * n + j] += (factor[k * n + i] * factor[k * n + j]) / n;
      }
    }
    for (let i = 0; i < n; i++) to[i * n + i] += 0.01;
    const x = normals(n);
    for (let r = 0; r < m; r++) {
      let z = 0;
      for (let j = 0; j < n; j++) z += A[(sample * m + r) * n + j] * x[j];
      const isEquality = r < equalities;
      l[sample * m + r] = isEquality ? z : Number.NEGATIVE_INFINITY;
      u[sample * m + r] = isEquality ? z : z + generator.uniform();
    }
  }
  const wide = (values: Float64Array, shape: readonly number[]) => createWide(engine, values, [batch, ...shape]);
  const operands = { P: wide(P, [n, n]), q: wide(q, [n]), A: wide(A, [m, n]), l: wide(l, [m]), u: wide(u, [m]) };
  return { name: 'own P and A', batch, n, m, operands };
}

/** Controllers that share P, A and bounds: a box of inputs and one of predicted outputs. */
function createShared(engine: Engine): Case {
  const [batch, n, m] = [10_000, 12, 24];
  const generator = random(2);
  const normals = (count: number): Float64Array => Float64Array.from({ length: count }, () => generator.normal());
  const factor = normals(n * n);
  const P = new Float64Array(n * n);
  for (let k = 0; k < n; k++) {
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) P[i * n + j] += (factor[k * n + i] * factor[k * n + j]) / n;
  }
  for (let i = 0; i < n; i++) P[i * n + i] += 0.1;
  const A = normals(m * n);
  for (let r = 0; r < n; r++) for (let j = 0; j < n; j++) A[r * n + j] = r === j ? 1 : 0;
  const wide = (values: Float64Array, shape: readonly number[]) => createWide(engine, values, shape);
  const bound = Float64Array.from({ length: m }, (_, r) => (r < n ? 1 : 2));
  const operands = {
    P: wide(P, [n, n]),
    q: wide(normals(batch * n), [batch, n]),
    A: wide(A, [m, n]),
    l: wide(
      bound.map((value) => -value),
      [m],
    ),
    u: wide(bound, [m]),
  };
  return { name: 'shared P and A', batch, n, m, operands };
}

/** Which rows are active at z, as the derivative takes them. */
function activityOf(engine: Engine, y: Float32Array, shape: readonly number[]) {
  return engine.tensor(
    Float32Array.from(y, (value) => Number(value !== 0)),
    [...shape],
  );
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];

async function measure(engine: Engine, { name, batch, n, m, operands }: Case): Promise<void> {
  const options = { batch, n, m, absolute: TOLERANCE, relative: TOLERANCE, limit: LIMIT };
  const first = interiorPoint(operands, options);
  const numbers = (await first.numbers.data()) as Float32Array;
  const activity = activityOf(engine, (await first.y.data()) as Float32Array, [batch, m]);
  const generator = random(3);
  const right = engine.tensor(
    Float32Array.from({ length: batch * (n + 2 * m) }, () => generator.normal()),
    [batch, n + 2 * m],
  );
  const derivative = { batch, n, m, activity, right, isTangent: false };
  const derivatives = (await programDerivative(operands, derivative).numbers.data()) as Float32Array;
  const [solving, differentiating]: [number[], number[]] = [[], []];
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    await engine.tidy(async () => {
      let start = performance.now();
      await interiorPoint(operands, options).numbers.data();
      solving.push(performance.now() - start);
      start = performance.now();
      await programDerivative(operands, derivative).numbers.data();
      differentiating.push(performance.now() - start);
    });
  }
  const each = (values: Float32Array, width: number, index: number) =>
    Array.from({ length: batch }, (_, sample) => values[width * sample + index]);
  const iterations = each(numbers, 8, 1);
  const [forward, backward] = [median(solving), median(differentiating)];
  console.log(`${name}: ${batch} programs, ${n} variables, ${m} rows`);
  console.log(
    `  solved ${each(numbers, 8, 0).filter((status) => status === 0).length}, polished ` +
      `${each(numbers, 8, 7).filter(Boolean).length}, iterations ${median(iterations)} (median), ${Math.max(...iterations)} (most)`,
  );
  console.log(
    `  derivatives solved ${each(derivatives, 4, 0).filter((status) => status === 0).length}, largest residual ${Math.max(...each(derivatives, 4, 1))}`,
  );
  console.log(
    `  forward ${forward.toFixed(2)} ms (least ${Math.min(...solving).toFixed(2)}), backward ${backward.toFixed(2)} ms ` +
      `(least ${Math.min(...differentiating).toFixed(2)}), ${Math.round((1000 * batch) / forward)} programs a second`,
  );
}

const threads = Number(process.argv[2] ?? 2);
const engine = await open({ backend: 'wasm', threads });
console.log(`${engine.adapter?.threads} threads, ${engine.adapter?.architecture}`);
await measure(engine, createOwn(engine));
await measure(engine, createShared(engine));
engine.close();
