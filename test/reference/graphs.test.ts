/** The reference problems of implicit graph networks, on every backend. */
import { afterAll, describe, expect, test } from 'vitest';
import { Tape } from '../../src/autodiff/tape.ts';
import { directedGraph } from '../../src/data/index.ts';
import { type Engine, graphFixedPoint, graphProduct } from '../../src/index.ts';
import type { Matrix } from '../fixtures/load.ts';
import { loadImplicitNets } from '../fixtures/load-implicit-nets.ts';
import { engineOn } from '../support/engines.ts';
import { relativeError } from '../support/numbers.ts';

const { graphs } = loadImplicitNets();

const BOUNDS = { float64: { X: 1e-9, gradient: 1e-8 }, float32: { X: 1e-5, gradient: 1e-4 } } as const;

const transposed = (matrix: Matrix): number[][] => matrix[0].map((_, column) => matrix.map((row) => row[column]));

/** The file has a column for each node, and the library a row. */
const tensorOf = (engine: Engine, matrix: Matrix) => engine.tensor(matrix.flat(), [matrix.length, matrix[0].length]);

describe.each(['cpu', 'wasm', 'gpujs', 'webgpu'] as const)('on %s', (backend) => {
  const { engine, close } = engineOn(backend);
  afterAll(close);
  const bound = BOUNDS[backend === 'cpu' ? 'float64' : 'float32'];

  test.each(graphs)('$name: states, gradients, certificates and error bounds', async (reference) => {
    const e = await engine();
    const { A, activation, note } = reference;
    const entries = A.flatMap((row, i) =>
      row.flatMap((weight, j) => (weight === 0 ? [] : [{ edge: [i, j] as const, weight }])),
    );
    const graph = directedGraph({
      nodes: A.length,
      edges: entries.map(({ edge }) => edge),
      weights: entries.map(({ weight }) => weight),
    });
    const tape = new Tape();
    const given = [reference.W, transposed(reference.U), reference.Omega].map((one) => tape.watch(tensorOf(e, one)));
    const [W, U, Omega] = given;
    const weights = tape.watch(e.tensor(graph.weights));
    const features = U.matmul(Omega, { transposeB: true });
    const B = note.startsWith('B = Omega U A') ? graphProduct(features, graph, { weights }) : features;
    const solution = graphFixedPoint(W, graph, B, { activation, weights, tolerance: 16 * e.epsilon });
    const V = tensorOf(e, transposed(reference.V));
    const gradients = tape.pullback(solution, [W, U, Omega, weights], V);
    const X = await solution.data();
    const [gradW, gradU, gradOmega, gradWeights] = await Promise.all(gradients.map((one) => one.data()));
    expect(relativeError(X, transposed(reference.X).flat())).toBeLessThanOrEqual(bound.X);
    expect(relativeError(gradW, reference.grad_W.flat())).toBeLessThanOrEqual(bound.gradient);
    expect(relativeError(gradU, transposed(reference.grad_U).flat())).toBeLessThanOrEqual(bound.gradient);
    expect(relativeError(gradOmega, reference.grad_Omega.flat())).toBeLessThanOrEqual(bound.gradient);
    const gradA = Array.from(graph.weights, (_, edge) => reference.grad_A[graph.sources[edge]][graph.targets[edge]]);
    expect(relativeError(gradWeights, gradA)).toBeLessThanOrEqual(bound.gradient);
    const { status, argument, reason } = (await solution.solve.backwardReports[0]).certificate;
    expect([status, argument]).toEqual(['certified', 'contraction']);
    expect(reason.includes('no cycles')).toBe(reference.lambda_pf_A === 0);
    expect(await solution.solve.certify()).toMatchObject({ status: 'certified', argument: 'contraction' });
    const [{ errorBound }] = (await solution.solve.report).samples;
    expect(errorBound).toBeGreaterThanOrEqual(relativeError(X, transposed(reference.X).flat()));
  });
});
