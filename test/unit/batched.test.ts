/**
 * Factorisations and inverses of batches, on every backend that has them: their errors, and their reports of singular
 * samples.
 */
import { afterAll, describe, expect, test } from 'vitest';
import type { BackendName } from '../../src/index.ts';
import { batchedInverse } from '../../src/solvers/batched-inverse.ts';
import { batchedProduct, cholesky, choleskySolve, triangularSolve } from '../../src/tensor/batched.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { engineOn, zerosOn } from '../support/engines.ts';
import { normals } from '../support/numbers.ts';

type Matrices = Float32Array | Float64Array;

/** s·I + BBᵀ/n + a·(C − Cᵀ)/√n for each sample, rounded to float32. */
function definite(batch: number, n: number, { s = 0.1, a = 0, seed = 1 } = {}): Float32Array {
  const [B, C] = [normals(batch * n * n, seed), normals(batch * n * n, seed + 1)];
  return Float32Array.from({ length: batch * n * n }, (_, at) => {
    const [base, i, j] = [Math.floor(at / (n * n)) * n * n, Math.floor(at / n) % n, at % n];
    let sum = i === j ? s : 0;
    for (let k = 0; k < n; k++) sum += (B[base + i * n + k] * B[base + j * n + k]) / n;
    return sum + ((C[base + i * n + j] - C[base + j * n + i]) * a) / Math.sqrt(n);
  });
}

/** Makes a sample singular: its last row and column become copies of the first. */
function makeSingular(a: Float32Array, n: number, sample: number): void {
  const base = sample * n * n;
  for (let j = 0; j < n; j++) a[base + (n - 1) * n + j] = a[base + j];
  for (let i = 0; i < n; i++) a[base + i * n + n - 1] = a[base + i * n];
}

const norm = (x: ArrayLike<number>): number => Math.sqrt(Array.from(x).reduce((sum, value) => sum + value * value, 0));
const sampleOf = <Values extends Matrices>(x: Values, size: number, sample: number): Values =>
  x.subarray(sample * size, (sample + 1) * size) as Values;

/** A·B − C for one sample, in float64. */
function residualNorm(
  A: Matrices,
  B: Matrices,
  C: (i: number, j: number) => number,
  [n, columns]: [number, number],
): number {
  const differences = new Float64Array(n * columns);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < columns; j++) {
      let sum = -C(i, j);
      for (let k = 0; k < n; k++) sum += A[i * n + k] * B[k * columns + j];
      differences[i * columns + j] = sum;
    }
  }
  return norm(differences);
}

function transposed(x: Matrices, n: number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, at) => x[(at % n) * n + Math.floor(at / n)]);
}

const FACTORING: readonly BackendName[] = ['cpu', 'wasm', 'webgpu'];
const EVERY: readonly BackendName[] = [...FACTORING, 'gpujs'];
const SHAPES: readonly [batch: number, n: number][] = [
  [1, 1],
  [5, 3],
  [3, 16],
  [7, 31],
  [2, 65],
  [4, 128],
];

function onEngine(
  engine: Engine,
  name: string,
  inputs: Tensor[],
  build: (inputs: Tensor[]) => readonly Tensor[],
): Tensor[] {
  return engine.run(`${name} test`, inputs, build);
}

describe.each(FACTORING)('on %s', (backend) => {
  const { engine: opened, close } = engineOn(backend);
  afterAll(close);

  test.each([...SHAPES, [1, 200] as [number, number]])(
    'Cholesky factors of %d matrices of order %d, and solutions, are off by rounding',
    async (batch, n) => {
      const engine = await opened();
      const bound = 10 * n * engine.epsilon;
      const [a, columns] = [definite(batch, n), 3];
      const right = Float32Array.from(normals(batch * n * columns, 5));
      const given = [engine.tensor(a, [batch, n, n]), engine.tensor(right, [batch, n, columns])];
      const results = onEngine(engine, 'cholesky', given, ([A, B]) => {
        const { factor, failed } = cholesky(A);
        return [factor, failed, choleskySolve({ factor }, B), triangularSolve(factor, B)];
      });
      const [L, failed, x, y] = (await Promise.all(results.map((each) => each.data()))) as Matrices[];
      expect([...failed]).toEqual(Array(batch).fill(0));
      for (let sample = 0; sample < batch; sample++) {
        const A = sampleOf(a, n * n, sample);
        const factor = sampleOf(L, n * n, sample);
        const lastFirst = transposed(factor, n);
        expect(residualNorm(factor, lastFirst, (i, j) => A[i * n + j], [n, n]) / norm(A)).toBeLessThanOrEqual(bound);
        for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) expect(factor[i * n + j]).toBe(0);
        const [X, Y, B] = [x, y, right].map((values) => sampleOf(values, n * columns, sample));
        const relativeResidual = (M: Matrices, solution: Matrices): number =>
          residualNorm(M, solution, (i, j) => B[i * columns + j], [n, columns]) / (norm(M) * norm(solution) + norm(B));
        expect(relativeResidual(A, X)).toBeLessThanOrEqual(bound);
        expect(relativeResidual(factor, Y)).toBeLessThanOrEqual(bound);
      }
    },
  );

  test('a singular sample and an indefinite one are reported and become NaN; their neighbours are unaffected', async () => {
    const engine = await opened();
    const [batch, n] = [6, 20];
    const a = definite(batch, n);
    makeSingular(a, n, 1);
    a[3 * n * n + 7 * n + 7] = -1;
    const given = [engine.tensor(a, [batch, n, n]), engine.tensor(normals(batch * n, 3), [batch, n, 1])];
    const results = onEngine(engine, 'singular', given, ([A, B]) => {
      const { factor, failed } = cholesky(A);
      return [failed, factor, choleskySolve({ factor }, B)];
    });
    const [failed, L, x] = (await Promise.all(results.map((each) => each.data()))) as Matrices[];
    expect([...failed]).toEqual([0, n, 0, 8, 0, 0]);
    for (let sample = 0; sample < batch; sample++) {
      const holds = [sampleOf(L, n * n, sample), sampleOf(x, n, sample)].map((part) =>
        [...part].every(Number.isFinite),
      );
      expect(holds).toEqual(Array(2).fill(failed[sample] === 0));
      if (failed[sample] !== 0)
        expect([...sampleOf(L, n * n, sample), ...sampleOf(x, n, sample)]).toSatisfy((all: number[]) =>
          all.every(Number.isNaN),
        );
    }
  });
});

describe.each(EVERY)('inverses on %s', (backend) => {
  const { engine: opened, close } = engineOn(backend);
  afterAll(close);
  const invert = async (a: Float32Array, batch: number, n: number): Promise<Matrices[]> => {
    const engine = await opened();
    const results = engine.run('inverse test', [engine.tensor(a, [batch, n, n])], ([A], tracing) => {
      const { inverse, failed } = batchedInverse(tracing, A);
      return [inverse, failed];
    });
    return Promise.all(results.map((each) => each.data())) as Promise<Matrices[]>;
  };

  test.each(SHAPES)('of %d matrices of order %d with definite symmetric part are off by rounding', async (batch, n) => {
    for (const { s, skew } of [
      { s: 1, skew: 0.5 },
      { s: 0.01, skew: 2 },
      { s: 1e-3, skew: 0 },
    ]) {
      const a = definite(batch, n, { s, a: skew, seed: n });
      const [inverse, failed] = await invert(a, batch, n);
      expect([...failed]).toEqual(Array(batch).fill(0));
      const bound = 10 * n * (await opened()).epsilon;
      for (let sample = 0; sample < batch; sample++) {
        const [A, X] = [sampleOf(a, n * n, sample), sampleOf(inverse, n * n, sample)];
        const off = residualNorm(A, X, (i, j) => Number(i === j), [n, n]) / (norm(A) * norm(X));
        expect(off, `s ${s}, skew ${skew}`).toBeLessThanOrEqual(bound);
      }
    }
  });

  test('a singular sample and one of zeros are reported and become NaN; their neighbours are unaffected', async () => {
    const [batch, n] = [5, 12];
    const a = definite(batch, n, { s: 1 });
    makeSingular(a, n, 1);
    a.fill(0, 3 * n * n, 4 * n * n);
    const [inverse, failed] = await invert(a, batch, n);
    expect([...failed].map((value) => value !== 0)).toEqual([false, true, false, true, false]);
    for (let sample = 0; sample < batch; sample++) {
      const X = [...sampleOf(inverse, n * n, sample)];
      expect(X.every(failed[sample] === 0 ? Number.isFinite : Number.isNaN)).toBe(true);
    }
  });
});

test('shapes that do not fit are refused by name', async () => {
  const { engine: opened, close } = engineOn('cpu');
  const engine = await opened();
  const zeros = zerosOn(engine);
  expect(() => cholesky(zeros(2, 3, 4))).toThrow(/matrices are \[2, 3, 4\]; they must be \[batch, order, order\]/);
  expect(() => triangularSolve(zeros(2, 3, 3), zeros(3, 3, 1))).toThrow(/L is \[2, 3, 3\] and B \[3, 3, 1\]/);
  expect(() => batchedProduct(zeros(2, 3, 3), zeros(3, 3, 1))).toThrow(/shapes are \[2, 3, 3\] and \[3, 3, 1\]/);
  expect(() => batchedProduct(zeros(2, 3, 3), zeros(2, 4, 1))).toThrow(/do not chain \(3 and 4\)/);
  await close();
});
