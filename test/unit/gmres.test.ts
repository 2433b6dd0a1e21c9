/**
 * The assumption of GMRES: the images of its directions are orthonormal up to rounding, also where the Krylov space is
 * nearly flat.
 */
import { expect, test } from 'vitest';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { gmres } from '../../src/solvers/gmres.ts';
import type { KrylovProblem } from '../../src/solvers/krylov.ts';
import { Engine } from '../../src/tensor/engine.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { normals } from '../support/numbers.ts';

test('the images of the directions stay orthonormal on a Hilbert matrix', async () => {
  const [n, steps] = [10, 8];
  const engine = new Engine(openCPU());
  const hilbert = Array.from({ length: n * n }, (_, at) => 1 / (Math.floor(at / n) + (at % n) + 1));
  const S = engine.tensor(hilbert, [n, n]);
  const v = engine.tensor(normals(n, 3), [1, n]);
  const apply = (y: Tensor): Tensor => y.matmul(S);
  const problem = { v, apply, applyTransposed: apply } as unknown as KrylovProblem;
  let values = gmres.start(problem, v);
  for (let step = 0; step < steps; step++) values = gmres.step(problem, values).values;
  const images = await values.images.data();
  const dot = (i: number, j: number): number =>
    Array.from({ length: n }, (_, at) => images[i * n + at] * images[j * n + at]).reduce((sum, x) => sum + x, 0);
  const indices = Array.from({ length: steps }, (_, index) => index);
  // With a single orthogonalisation the worst pair has 2e-10.
  const worst = Math.max(...indices.flatMap((i) => indices.map((j) => Math.abs(dot(i, j) - (i === j ? 1 : 0)))));
  expect(worst).toBeLessThan(1e-13);
  engine.close();
});
