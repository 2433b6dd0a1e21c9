/** Sparse products with graphs, and implicit graph networks: values, derivatives and verdicts on random graphs. */
import { afterAll, describe, expect, test } from 'vitest';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { runUninterrupted } from '../../src/backends/event-loop.ts';
import { directedGraph, type Graph, joinGraphs, normalisedGraph, undirectedGraph } from '../../src/data/index.ts';
import { random } from '../../src/data/random.ts';
import { examineGraph } from '../../src/implicit/graphs/examine.ts';
import { boundGraph } from '../../src/implicit/graphs/graph-bound.ts';
import { graphFixedPoint, graphProduct, type Tensor, valueAndGrad } from '../../src/index.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { normals, relativeError } from '../support/numbers.ts';

const engine = new Engine(openCPU());
afterAll(() => engine.close());

/** A graph with edges between so many random pairs, loops and pairs that occur twice among them. */
function randomGraph(seed: number, nodes: number, edges: number, scale = 1): Graph {
  const draws = random(seed);
  const node = (): number => Math.floor(draws.uniform() * nodes);
  return directedGraph({
    nodes,
    edges: Array.from({ length: edges }, () => [node(), node()] as const),
    weights: Array.from({ length: edges }, () => scale * draws.normal()),
  });
}

/** A, row-major. */
function denseOf({ nodes, sources, targets, weights }: Graph): Float64Array {
  const A = new Float64Array(nodes * nodes);
  for (const [edge, weight] of weights.entries()) A[sources[edge] * nodes + targets[edge]] += weight;
  return A;
}

const ODD_GRAPHS: readonly (readonly [string, Graph])[] = [
  ['one node', directedGraph({ nodes: 1, edges: [] })],
  ['one node with a loop', directedGraph({ nodes: 1, edges: [[0, 0]], weights: [0.3] })],
  ['no edges', directedGraph({ nodes: 4, edges: [] })],
  ['isolated nodes', undirectedGraph({ nodes: 5, edges: [[1, 3]] })],
  [
    'loops',
    directedGraph({
      nodes: 3,
      edges: [
        [0, 0],
        [1, 1],
        [0, 1],
        [0, 1],
      ],
      weights: [0.2, -0.4, 1, 2],
    }),
  ],
  ['a chain', directedGraph({ nodes: 6, edges: [0, 1, 2, 3, 4].map((node) => [node, node + 1] as const) })],
  ['random', randomGraph(3, 7, 20)],
];

/** Central differences of a loss with respect to one of its numbers. */
async function difference(lossOf: (x: Tensor) => Tensor, start: Float64Array, shape: readonly number[], at: number) {
  const [plus, minus] = await Promise.all(
    [1e-6, -1e-6].map(async (step) => {
      const moved = start.slice();
      moved[at] += step;
      return (await lossOf(engine.tensor(moved, shape)).data())[0];
    }),
  );
  return (plus - minus) / 2e-6;
}

test('weights of one edge whose sum is not finite are refused by name', () => {
  const edges = [
    [0, 1],
    [1, 2],
    [1, 2],
  ] as const;
  expect(() => directedGraph({ nodes: 3, edges, weights: [1, 1e308, 1e308] })).toThrow(
    'directedGraph: weights: those of the edge from 1 to 2 add up to Infinity',
  );
});

describe('graphProduct', () => {
  test.each(ODD_GRAPHS)('of %s is that of the dense matrix, with its derivatives', async (_, graph) => {
    const { nodes, weights } = graph;
    const dense = engine.tensor(denseOf(graph), [nodes, nodes]);
    const [Z, V] = [1, 2].map((seed) => engine.tensor(normals(2 * nodes * 3, seed), [2, nodes, 3]));
    for (const transposed of [false, true]) {
      const expected = async (of: Tensor, turned: boolean): Promise<number[]> => {
        const rows = [0, 1].map((sample) => of.slice([sample, 0, 0], [1, nodes, 3]).reshape([nodes, 3]));
        const products = rows.map((each) => dense.matmul(each, { transposeA: !turned }).data());
        return (await Promise.all(products)).flatMap((numbers) => Array.from(numbers));
      };
      const values = engine.tensor(weights.length ? weights : [0]);
      const lossOf = (z: Tensor, w: Tensor): Tensor => graphProduct(z, graph, { transposed, weights: w }).mul(V).sum();
      expect(
        relativeError(await graphProduct(Z, graph, { transposed }).data(), await expected(Z, transposed)),
      ).toBeLessThan(1e-14);
      const [, [gradZ, gradWeights]] = await valueAndGrad(lossOf, [Z, values]);
      expect(relativeError(await gradZ.data(), await expected(V, !transposed))).toBeLessThan(1e-14);
      const [z, v] = [await Z.data(), await V.data()];
      const numbers = await gradWeights.data();
      for (let edge = 0; edge < weights.length; edge++) {
        const [left, right] = transposed ? [v, z] : [z, v];
        let sum = 0;
        for (let at = 0; at < 6; at++) {
          const place = (node: number): number => (Math.floor(at / 3) * nodes + node) * 3 + (at % 3);
          sum += left[place(graph.sources[edge])] * right[place(graph.targets[edge])];
        }
        expect(numbers[edge]).toBeCloseTo(sum, 12);
      }
    }
  });

  test('has second derivatives, and tangents in fixed points', async () => {
    const graph = randomGraph(5, 5, 9);
    const start = Float64Array.from(normals(10, 7));
    const gradientNorm = (Z: Tensor): Tensor =>
      graphProduct(graphProduct(Z, graph).tanh(), graph, { transposed: true }).square().sum();
    const [, [gradient]] = await valueAndGrad(gradientNorm, [engine.tensor(start, [5, 2])]);
    const numbers = await gradient.data();
    for (const at of [0, 4, 9]) expect(numbers[at]).toBeCloseTo(await difference(gradientNorm, start, [5, 2], at), 6);
  });
});

describe('graphFixedPoint', () => {
  test.each(ODD_GRAPHS)('on %s: residual, gradients by differences, and a bound of the error', async (_, raw) => {
    const graph = normalisedGraph(raw, { selfLoops: false });
    const { nodes, weights } = graph;
    const W0 = Float64Array.from([0.5, -0.4, 0.3, 0.6]);
    const B0 = Float64Array.from(normals(nodes * 2, 9));
    const values = Float64Array.from(weights.length ? weights : [0]);
    const V = engine.tensor(normals(nodes * 2, 11), [nodes, 2]);
    const given: [Float64Array, number[]][] = [
      [W0, [2, 2]],
      [B0, [nodes, 2]],
      [values, [values.length]],
    ];
    const lossOf = (W: Tensor, B: Tensor, w: Tensor): Tensor =>
      graphFixedPoint(W, graph, B, { activation: 'leakyRelu', weights: w, tolerance: 1e-14 }).mul(V).sum();
    const tensors = given.map(([numbers, shape]) => engine.tensor(numbers, shape));
    const [, gradients] = await valueAndGrad(lossOf, tensors);
    for (const [index, [numbers, shape]] of given.entries()) {
      const found = await gradients[index].data();
      for (const at of new Set([0, numbers.length - 1])) {
        const moved = (x: Tensor): Tensor => {
          const [W, B, w] = tensors.map((tensor, other) => (other === index ? x : tensor));
          return lossOf(W, B, w);
        };
        expect(found[at]).toBeCloseTo(await difference(moved, numbers, shape, at), 6);
      }
    }
    const loose = graphFixedPoint(tensors[0], graph, tensors[1], { activation: 'leakyRelu', tolerance: 1e-2 });
    const exact = graphFixedPoint(tensors[0], graph, tensors[1], { activation: 'leakyRelu', tolerance: 1e-14 });
    const error = Math.hypot(...(await loose.sub(exact).data()));
    const [sample] = (await loose.solve.report).samples;
    expect(sample.errorBound).toBeGreaterThanOrEqual(error);
    expect(sample.errorBound).toBeLessThan(100);
  });

  test('graphs that are joined have the states that each has by itself, and so have samples on one graph', async () => {
    const graphs = [3, 1, 5].map((nodes, index) => normalisedGraph(randomGraph(index, nodes, 2 * nodes)));
    const W = engine.tensor([0.5, -0.4, 0.3, 0.6], [2, 2]);
    const numbers = normals(18, 4);
    const solve = (graph: Graph, of: ArrayLike<number>, shape: number[]) =>
      graphFixedPoint(W, graph, engine.tensor(of, shape), { activation: 'tanh', tolerance: 1e-14 }).data();
    const joined = await solve(joinGraphs(graphs), numbers, [9, 2]);
    let at = 0;
    for (const graph of graphs) {
      const own = numbers.slice(at, at + graph.nodes * 2);
      expect(
        relativeError(joined.slice(at, at + graph.nodes * 2), await solve(graph, own, [graph.nodes, 2])),
      ).toBeLessThan(1e-12);
      at += graph.nodes * 2;
    }
    const [first, , last] = graphs;
    const batch = await solve(first, numbers.slice(0, 12), [2, 3, 2]);
    expect(relativeError(batch.slice(6), await solve(first, numbers.slice(6, 12), [3, 2]))).toBeLessThan(1e-12);
    expect(boundGraph(last).bound).toBeLessThanOrEqual(1 + 1e-6);
  });

  test('an undirected graph that is normalised has λ_pf = 1, shown without an iteration', () => {
    const edges = Array.from({ length: 199 }, (_, node) => [node, node + 1] as const);
    const path = normalisedGraph(undirectedGraph({ nodes: 200, edges }));
    const { bound, norm } = boundGraph(path, path.perronVector);
    expect(bound).toBeCloseTo(1, 12);
    expect(norm).toBeCloseTo(1, 12);
    // A hint that shows nothing is not believed.
    expect(boundGraph(path, new Float64Array(200).fill(-1)).bound).toBeGreaterThanOrEqual(1 - 1e-9);
  });

  test('without cycles every W is allowed, and what was found is told of the growth', async () => {
    const chain = directedGraph({ nodes: 6, edges: [0, 1, 2, 3, 4].map((node) => [node, node + 1] as const) });
    const W = engine.tensor([3], [1, 1]);
    const X = graphFixedPoint(W, chain, engine.tensor([1, 0, 0, 0, 0, 0], [6, 1]), {
      activation: 'relu',
      tolerance: 1e-12,
    });
    expect(Array.from(await X.data(), Math.round)).toEqual([1, 3, 9, 27, 81, 243]);
    expect((await X.solve.certify()).reason).toContain('no cycles');
  });

  test.each([
    [{ W: [2, 3] }, 'graphFixedPoint: W has the shape [2, 3]'],
    [{ B: [2, 2] }, 'a graph of 3 nodes needs [3, features] or [batch, 3, features]'],
    [{ weights: [5] }, 'graphFixedPoint: weights has the shape [5]; the graph needs one for each edge, [2]'],
    [{ activation: 'gelu' }, 'its slope reaches 1.13'],
  ])('refuses %j', (change, message) => {
    const {
      W = [2, 2],
      B = [3, 2],
      weights = [2],
      activation = 'relu',
    } = change as {
      W?: number[];
      B?: number[];
      weights?: number[];
      activation?: 'relu';
    };
    const zeros = (shape: number[]) => engine.tensor(new Float64Array(shape.reduce((a, b) => a * b)), shape);
    const graph = directedGraph({
      nodes: 3,
      edges: [
        [0, 1],
        [1, 2],
      ],
    });
    expect(() => graphFixedPoint(zeros(W), graph, zeros(B), { activation, weights: zeros(weights) })).toThrow(message);
  });
});

describe('the verdict', () => {
  const verdict = (graph: Graph, W: readonly number[], f: number, isMonotone = true) =>
    runUninterrupted(examineGraph(graph, W, f, isMonotone, graph.perronVector));
  const pair = normalisedGraph(undirectedGraph({ nodes: 2, edges: [[0, 1]] }));
  const large = normalisedGraph(
    undirectedGraph({ nodes: 150, edges: Array.from({ length: 149 }, (_, node) => [node, node + 1] as const) }),
  );

  test('comes from either condition, of which none implies the other', () => {
    for (const graph of [pair, large]) {
      expect(verdict(graph, [0.5, 3, 0, 0.5], 2)).toMatchObject({ status: 'certified', argument: 'contraction' });
      expect(verdict(graph, [0, 3, -3, 0], 2)).toMatchObject({ status: 'certified', argument: 'margin' });
      expect(verdict(graph, [0, 3, -3, 0], 2, false)).toMatchObject({ status: 'unknown' });
      expect(verdict(graph, [1.2], 1)).toMatchObject({ status: 'unknown' });
      expect(verdict(graph, [Number.NaN], 1).reason).toContain('not finite');
    }
    // Neither condition is tried on what does not exist: a directed graph that is too large for its matrix.
    const directed = normalisedGraph(
      directedGraph({ nodes: 200, edges: Array.from({ length: 200 }, (_, i) => [i, (i + 1) % 200] as const) }),
    );
    expect(verdict(directed, [0, 3, -3, 0], 2)).toMatchObject({ status: 'unknown' });
  });

  test('of a contraction is never given where |Aᵀ⊗W| does not contract', () => {
    const draws = random(17);
    let certified = 0;
    for (let trial = 0; trial < 60; trial++) {
      const graph = randomGraph(100 + trial, 4, 8, 0.7);
      const W = Array.from({ length: 4 }, () => draws.normal() * 0.8);
      const { status, argument, amplification } = verdict(graph, W, 2);
      if (status !== 'certified' || argument !== 'contraction') continue;
      certified++;
      // The sum of |M|ᵏ1 converges, to no more than what bounds errors.
      const A = denseOf(graph);
      let [power, sum] = [new Float64Array(8).fill(1), new Float64Array(8)];
      for (let k = 0; k < 5000; k++) {
        sum = sum.map((value, at) => value + power[at]);
        power = power.map((_, at) => {
          let next = 0;
          for (let from = 0; from < 4; from++) {
            for (let g = 0; g < 2; g++) {
              next += Math.abs(A[from * 4 + Math.floor(at / 2)] * W[(at % 2) * 2 + g]) * power[from * 2 + g];
            }
          }
          return next;
        });
      }
      expect(Math.max(...power)).toBeLessThan(1e-6);
      expect(amplification).toBeGreaterThanOrEqual(Math.max(...sum) / Math.sqrt(8) / (1 + 1e-9));
    }
    expect(certified).toBeGreaterThan(10);
  });
});

test.each([
  [() => directedGraph({ nodes: 2, edges: [[0, 2]] }), 'directedGraph: edges[0]'],
  [() => directedGraph({ nodes: 0, edges: [] }), 'directedGraph: nodes'],
  [() => directedGraph({ nodes: 2, edges: [[0, 1]], weights: [1, 2] }), 'weights has 2 numbers'],
  [() => undirectedGraph({ nodes: 2, edges: [[0, 1]], weights: [Number.NaN] }), 'undirectedGraph: weights[0]'],
  [() => joinGraphs([]), 'joinGraphs: graphs'],
  [() => normalisedGraph({} as Graph), 'normalisedGraph: graph'],
])('wrong graphs are refused: %#', (make, message) => {
  expect(make).toThrow(message);
});
