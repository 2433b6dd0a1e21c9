/** The linear algebra of the float64 core: sparse matrices, compensated sums, orders, factorisations, scaling. */
import { describe, expect, test } from 'vitest';
import { runUninterrupted } from '../../../src/backends/event-loop.ts';
import { type Random, random } from '../../../src/data/random.ts';
import { multiplySparseTransposed } from '../../../src/implicit/programs/products.ts';
import { Sum, Sums } from '../../../src/solvers/programs/compensated.ts';
import { equilibrate } from '../../../src/solvers/programs/equilibration.ts';
import { KktSystem } from '../../../src/solvers/programs/kkt.ts';
import { LdlFactorisation } from '../../../src/solvers/programs/ldl.ts';
import { minimumDegreeOrder } from '../../../src/solvers/programs/ordering.ts';
import type { SparseMatrix } from '../../../src/solvers/programs/problem.ts';
import { multiply, sparseFromRows, sparseFromTriples, transpose } from '../../../src/solvers/programs/sparse.ts';

describe('sparse matrices', () => {
  test('triples at the same place are added, and rows ascend', () => {
    const matrix = sparseFromTriples(
      [
        [2, 0, 1],
        [0, 0, 3],
        [2, 0, 4],
        [1, 1, 2],
        [1, 1, -2],
      ],
      3,
      2,
    );
    expect([...matrix.starts]).toEqual([0, 2, 2]);
    expect([...matrix.indices]).toEqual([0, 2]);
    expect([...matrix.values]).toEqual([3, 5]);
  });

  test('products agree with those of nested rows', () => {
    const rows = [1, 0, 2, 0, 3, 0];
    const matrix = sparseFromRows(rows, 2, 3);
    expect([...multiply(matrix, Float64Array.of(1, 2, 3))]).toEqual([7, 6]);
    expect([...multiplySparseTransposed(matrix, Float64Array.of(1, 2))]).toEqual([1, 6, 2]);
    expect(transpose(transpose(matrix))).toEqual(matrix);
  });

  test('a matrix may have no rows or no columns', () => {
    expect(multiply(sparseFromRows([], 0, 3), new Float64Array(3))).toEqual(new Float64Array(0));
    expect(multiply(sparseFromTriples([], 3, 0), new Float64Array(0))).toEqual(new Float64Array(3));
  });
});

describe('compensated sums', () => {
  test('keep what cancellation leaves', () => {
    expect(new Sum().add(1e16).add(1).add(-1e16).value).toBe(1);
    // (1 + 2⁻³⁰)² − 1 − 2⁻²⁹ = 2⁻⁶⁰, which the rounded square has lost
    const value = 1 + 2 ** -30;
    expect(
      new Sum()
        .addProduct(value, value)
        .add(-1)
        .add(-(2 ** -29)).value,
    ).toBe(2 ** -60);
  });

  test('residuals of products have correct digits', () => {
    const matrix = sparseFromRows([1 + 2 ** -30, 1e8, 3, -1e8], 2, 2);
    const x = Float64Array.of(1 + 2 ** -30, 1);
    const less = (sums: Sums): number[] => [
      ...sums
        .add(Float64Array.of(-1e8, 1e8))
        .add(Float64Array.of(-1 - 2 ** -29, -3))
        .round(),
    ];
    const exact = [2 ** -60, 3 * 2 ** -30];
    expect(less(new Sums(2).addProduct(matrix, x))).toEqual(exact);
    expect(less(new Sums(2).addTransposedProduct(transpose(matrix), x))).toEqual(exact);
  });
});

/** A symmetric matrix with about so many entries in each row, its diagonal larger than their sum. */
function dominant(n: number, perRow: number, draws: Random): Float64Array {
  const dense = new Float64Array(n * n);
  for (let k = 0; k < (n * perRow) / 2; k++) {
    const [i, j] = [draws.integer(n), draws.integer(n)];
    if (i !== j) dense[i * n + j] = dense[j * n + i] = draws.normal();
  }
  for (let i = 0; i < n; i++) {
    let sum = 1;
    for (let j = 0; j < n; j++) sum += Math.abs(dense[i * n + j]);
    dense[i * n + i] = sum;
  }
  return dense;
}

function upperOf(dense: Float64Array, n: number, order?: Int32Array): SparseMatrix {
  const upper = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) upper[i * n + j] = order ? dense[order[i] * n + order[j]] : dense[i * n + j];
  }
  return sparseFromRows(upper, n, n);
}

describe('orders of elimination', () => {
  test.each([1, 2, 7, 60, 200])('are permutations of %i variables', (n) => {
    const order = runUninterrupted(minimumDegreeOrder(upperOf(dominant(n, 4, random(n)), n)));
    expect([...order].sort((first, second) => first - second)).toEqual(Array.from({ length: n }, (_, i) => i));
  });

  test('eliminate the leaves of a star before its centre', () => {
    const n = 50;
    const arrow = sparseFromTriples(
      Array.from({ length: n }, (_, j) => [0, j, 1] as const),
      n,
      n,
    );
    const order = runUninterrupted(minimumDegreeOrder(arrow));
    expect(order.indexOf(0)).toBeGreaterThanOrEqual(n - 2);
  });

  test('keep the factors of a grid sparse', () => {
    const side = 20;
    const n = side * side;
    const triples: [number, number, number][] = [];
    for (let i = 0; i < n; i++) {
      triples.push([i, i, 4.1]);
      if (i % side !== side - 1) triples.push([i, i + 1, -1]);
      if (i + side < n) triples.push([i, i + side, -1]);
    }
    const natural = runUninterrupted(LdlFactorisation.of(sparseFromTriples(triples, n, n)));
    const order = runUninterrupted(minimumDegreeOrder(sparseFromTriples(triples, n, n)));
    const places = new Int32Array(n);
    order.forEach((variable, place) => {
      places[variable] = place;
    });
    const moved = triples.map(
      ([i, j, value]) => [Math.min(places[i], places[j]), Math.max(places[i], places[j]), value] as const,
    );
    expect(runUninterrupted(LdlFactorisation.of(sparseFromTriples(moved, n, n))).fill).toBeLessThan(0.5 * natural.fill);
  });
});

describe('factorisations', () => {
  test.each([1, 5, 40, 120])('solve with quasi-definite matrices of %i unknowns', (n) => {
    const draws = random(n);
    const dense = dominant(n, 5, draws);
    const negative = Math.floor(n / 3);
    for (let i = 0; i < negative; i++) {
      for (let j = 0; j < negative; j++) dense[i * n + j] = -dense[i * n + j];
    }
    const factors = runUninterrupted(LdlFactorisation.of(upperOf(dense, n)));
    const signs = Int8Array.from({ length: n }, (_, i) => (i < negative ? -1 : 1));
    expect(runUninterrupted(factors.factorise(signs, new Float64Array(n)))).toBe(true);
    const x = Float64Array.from({ length: n }, () => draws.normal());
    const solution = multiply(sparseFromRows(dense, n, n), x);
    factors.solve(solution);
    for (let i = 0; i < n; i++) expect(solution[i]).toBeCloseTo(x[i], 12);
  });

  test('find a direction of negative curvature', () => {
    const factors = runUninterrupted(LdlFactorisation.of(sparseFromRows([1, 2, 0, 0, 1, 0, 0, 0, 1], 3, 3)));
    const found = runUninterrupted(factors.findNegativeCurvature());
    expect(found).toEqual({ pivot: -3, direction: Float64Array.of(-2, 1, 0) });
  });

  test('KKT systems are solved without the regularisation, where it outweighs the matrix, too', () => {
    const P = sparseFromRows([1e-12, 0, 0, 2], 2, 2);
    const A = sparseFromRows([0, 1], 1, 2);
    const system = runUninterrupted(KktSystem.of(P, A));
    const regularisation = { variables: 1e-8, rows: 1e-8, isProximal: false };
    runUninterrupted(system.factorise(new Float64Array(2), new Float64Array(1), regularisation));
    const solution = { x: new Float64Array(2), y: new Float64Array(1) };
    const right = { x: Float64Array.of(1e-12, 5), y: Float64Array.of(2) };
    expect(runUninterrupted(system.solve(right, solution))).toBeLessThan(1e-13);
    expect(solution.x[0]).toBeCloseTo(1, 0);
    expect(solution.x[1]).toBeCloseTo(2, 14);
    expect(solution.y[0]).toBeCloseTo(1, 14);
  });
});

test('scaling uses powers of two and makes the entries of one size', () => {
  const draws = random(3);
  const [n, m] = [12, 9];
  const D = Float64Array.from({ length: n }, () => 10 ** (8 * draws.uniform() - 4));
  const E = Float64Array.from({ length: m }, () => 10 ** (8 * draws.uniform() - 4));
  const entries = Float64Array.from({ length: m * n }, (_, k) => draws.normal() * E[Math.floor(k / n)] * D[k % n]);
  const A = sparseFromRows(entries, m, n);
  const P = sparseFromTriples([], n, n);
  const { variables, rows, cost } = runUninterrupted(
    equilibrate(P, new Float64Array(n).fill(1), A, new Uint8Array(m).fill(1)),
  );
  for (const factor of [...variables, ...rows, cost]) expect(Number.isInteger(Math.log2(factor))).toBe(true);
  for (let i = 0; i < m; i++) {
    const sizes = Array.from({ length: n }, (_, j) => Math.abs(entries[i * n + j]) * rows[i] * variables[j]);
    expect(Math.max(...sizes)).toBeGreaterThan(0.3);
    expect(Math.max(...sizes)).toBeLessThan(4);
  }
});
