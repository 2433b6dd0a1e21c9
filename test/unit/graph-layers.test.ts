/** Layers of implicit graph networks: what they compute, in training, and in checkpoints. */
import { afterAll, describe, expect, test } from 'vitest';
import { openCPU } from '../../src/backends/cpu/index.ts';
import {
  directedGraph,
  type Graph,
  graphSamples,
  type LabelledGraph,
  nodeSamples,
  normalisedGraph,
  undirectedGraph,
} from '../../src/data/index.ts';
import { random } from '../../src/data/random.ts';
import {
  adam,
  dense,
  evaluate,
  graphFixedPoint,
  type ImplicitGraphOptions,
  type ImplicitNodesOptions,
  implicitGraph,
  implicitNodes,
  type Layer,
  loadCheckpoint,
  modelFrom,
  type SolveRecord,
  saveCheckpoint,
  sequential,
  stochasticGradient,
  train,
} from '../../src/index.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { normals, relativeError } from '../support/numbers.ts';

const engine = new Engine(openCPU());
afterAll(() => engine.close());

const pathOf = (nodes: number) => Array.from({ length: nodes - 1 }, (_, node) => [node, node + 1] as const);
const ring = (nodes: number): Graph => undirectedGraph({ nodes, edges: [...pathOf(nodes), [nodes - 1, 0]] });
const star = (nodes: number): Graph =>
  undirectedGraph({ nodes, edges: Array.from({ length: nodes - 1 }, (_, leaf) => [0, leaf + 1] as const) });

/** Rings and stars of several sizes, whose features say nothing but the degree. */
const shapes: readonly LabelledGraph[] = Array.from({ length: 24 }, (_, index) => {
  const nodes = 4 + (index % 5);
  const graph = index % 2 === 0 ? ring(nodes) : star(nodes);
  const degrees = new Float64Array(nodes);
  for (const target of graph.targets) degrees[target]++;
  return { graph, features: degrees, label: index % 2 };
});

const parametersOf = (layer: Layer) =>
  layer.parameters.map(({ shape, initial }) => engine.tensor(initial(random(5)), shape));

/** A forward pass without training. */
const pass = (solves: SolveRecord[] = []) => ({
  solves,
  memory: { numbers: new Map<string, number>(), tensors: new Map() },
});

/** What a layer gives for rows, and its solves. */
function run(layer: Layer, rows: ArrayLike<number>, count: number) {
  const solves: SolveRecord[] = [];
  const x = engine.tensor(rows, [count, layer.inputs]);
  return { output: layer.forward(x, parametersOf(layer), pass(solves)), solves };
}

describe('implicitGraph', () => {
  test('solves each row as its graph by itself, and pools the nodes that there are', async () => {
    const odd: LabelledGraph[] = [
      { graph: ring(5), features: normals(10, 1), label: 0 },
      { graph: directedGraph({ nodes: 1, edges: [] }), features: normals(2, 2), label: 1 },
      {
        graph: directedGraph({
          nodes: 3,
          edges: [
            [0, 2],
            [2, 2],
            [0, 2],
          ],
          weights: [2, -3, 1],
        }),
        features: normals(6, 3),
        label: 1,
      },
    ];
    for (const selfLoops of [true, false]) {
      const { samples, shape } = graphSamples(odd, { selfLoops });
      const options = { shape, width: 3, tolerance: 1e-13 };
      const layer = implicitGraph({ ...options, pooling: 'none' });
      const [V, Omega, c] = parametersOf(layer);
      const norms = await V.abs().sum(1).data();
      const rows = Array.from(await V.data(), (value, at) => (0.95 * value) / Math.max(1, norms[Math.floor(at / 3)]));
      const { output, solves } = run(layer, samples.inputs, samples.count);
      const found = await output.data();
      const means = await run(implicitGraph(options), samples.inputs, samples.count).output.data();
      const sums = await run(
        implicitGraph({ ...options, pooling: 'sum' }),
        samples.inputs,
        samples.count,
      ).output.data();
      for (const [index, { graph, features }] of odd.entries()) {
        const U = engine.tensor(features as number[], [graph.nodes, 2]);
        const B = U.matmul(Omega, { transposeB: true }).add(c);
        const states = graphFixedPoint(engine.tensor(rows, [3, 3]), normalisedGraph(graph, { selfLoops }), B, {
          activation: 'relu',
          tolerance: 1e-13,
        });
        const own = Array.from(await states.data());
        const width = shape.nodes * 3;
        expect(relativeError(found.slice(index * width, index * width + own.length), own)).toBeLessThan(1e-6);
        expect(Math.max(0, ...found.slice(index * width + own.length, (index + 1) * width).map(Math.abs))).toBe(0);
        const total = Array.from({ length: 3 }, (_, k) => own.filter((_, at) => at % 3 === k).reduce((a, b) => a + b));
        expect(relativeError(sums.slice(3 * index, 3 * index + 3), total)).toBeLessThan(1e-6);
        const mean = total.map((sum) => sum / graph.nodes);
        expect(relativeError(means.slice(3 * index, 3 * index + 3), mean)).toBeLessThan(1e-6);
      }
      const { samples: reports } = await solves[0].report;
      expect(reports).toHaveLength(3);
      for (const { errorBound } of reports) expect(errorBound).toBeLessThan(1e-6);
    }
  });

  test.each(['parametrise', 'project'] as const)(
    'learns which graphs are rings, %s, and is stored',
    async (constraint) => {
      const { samples, shape } = graphSamples(shapes);
      const layer = implicitGraph({ shape, width: 4, constraint });
      const model = sequential(layer, dense({ inputs: 4, outputs: 2 }));
      await train(engine, model, samples, { epochs: 12, batch: 8, optimiser: adam({ rate: 0.05 }) });
      expect((await evaluate(model, samples)).accuracy).toBe(1);
      if (constraint === 'project') {
        const W = Array.from(await model.parameters[0].value.data());
        for (let row = 0; row < 4; row++) {
          expect(W.slice(4 * row, 4 * row + 4).reduce((sum, value) => sum + Math.abs(value), 0)).toBeLessThanOrEqual(
            0.95,
          );
        }
      }
      const stored = saveCheckpoint(model);
      const again = modelFrom(await loadCheckpoint(await stored), engine, { layers: { implicitGraph } });
      const x = (): ReturnType<Engine['tensor']> =>
        engine.tensor(samples.inputs.slice(0, 2 * samples.features), [2, samples.features]);
      expect(await again.forward(x()).data()).toEqual(await model.forward(x()).data());
    },
  );

  test('rows that graphSamples has not made for the shape give NaN, and no others do', async () => {
    const { samples, shape } = graphSamples(shapes.slice(0, 2));
    const [own, other] = [samples.inputs.slice(0, samples.features), samples.inputs.slice(samples.features)];
    const standardised = other.map((value) => (value - 1) / 3);
    const layer = implicitGraph({ shape, width: 2 });
    const found = await run(layer, [...standardised, ...own], 2).output.data();
    expect(Array.from(found).map(Number.isNaN)).toEqual([true, true, false, false]);
    expect(Array.from(found.slice(2))).toEqual(Array.from(await run(layer, own, 1).output.data()));
    expect(await run(layer, new Float64Array(layer.inputs), 1).output.data()).toEqual(
      new Float64Array(2).fill(Number.NaN),
    );
  });

  test.each([
    [{ shape: { nodes: 0, edges: 1, features: 1 } }, 'implicitGraph: shape'],
    [{ pooling: 'maximum' }, 'implicitGraph: pooling'],
    [{ constraint: 'monotone' }, 'implicitGraph: constraint'],
    [{ contraction: 1 }, 'implicitGraph: contraction'],
    [{ activation: 'swish' }, 'its slope reaches 1.10'],
  ])('refuses %j', (change, message) => {
    const options = { shape: { nodes: 2, edges: 1, features: 1 }, width: 2, ...change };
    expect(() => implicitGraph(options as ImplicitGraphOptions)).toThrow(message);
  });

  test.each([
    [[], 'graphs'],
    [[{ graph: ring(3), features: [1, 2], label: 0 }], 'graphs[0].features has 2 numbers'],
    [[{ graph: ring(3), label: -1 }], 'graphs[0].label'],
    [
      [shapes[0], { graph: ring(3), features: normals(6, 1), label: 0 }],
      'graphs[1].features has 2 numbers for each node',
    ],
    [[{ graph: {} as Graph, label: 0 }], 'graphs[0].graph'],
    [[{ graph: ring(3), features: [1, 2, 1e39], label: 0 }], 'graphs[0].features[2] is 1e+39'],
  ])('graphSamples refuses what is wrong: %#', (graphs, message) => {
    expect(() => graphSamples(graphs as LabelledGraph[])).toThrow(`graphSamples: ${message}`);
    expect(() => graphSamples(shapes, { shape: { nodes: 4, edges: 99, features: 1 } })).toThrow(
      'the shape has room for 4',
    );
  });
});

describe('implicitNodes', () => {
  const graph = normalisedGraph(undirectedGraph({ nodes: 12, edges: pathOf(12) }));
  const labels = Array.from({ length: 12 }, (_, node) => (node < 6 ? 0 : 1));
  const features = labels.flatMap((label, node) => (node === 3 || node === 8 ? [1 - label, label] : [0, 0]));
  const options = { graph, features, width: 4, activation: 'tanh' } satisfies ImplicitNodesOptions;

  test.each(['parametrise', 'project', 'monotone'] as const)(
    'tells nodes by those near them, %s, and is stored',
    async (constraint) => {
      const layer = implicitNodes({ ...options, constraint });
      const model = sequential(layer, dense({ inputs: 4, outputs: 2 }));
      await train(engine, model, nodeSamples(labels), { epochs: 60, batch: 12, optimiser: adam({ rate: 0.05 }) });
      expect((await evaluate(model, nodeSamples(labels))).accuracy).toBe(1);
      const stored = loadCheckpoint(await saveCheckpoint(model));
      const again = modelFrom(await stored, engine, {
        layers: { implicitNodes: (given: object) => implicitNodes({ ...options, ...given }) },
      });
      const x = (): ReturnType<Engine['tensor']> => engine.tensor([3, 11], [2, 1]);
      expect(await again.forward(x()).data()).toEqual(await model.forward(x()).data());
    },
  );

  test('a monotone W has a symmetric part below κ and skew parts of any size', async () => {
    const monotone = implicitNodes({ ...options, constraint: 'monotone', activation: 'tanh', tolerance: 1e-12 });
    const [S, R, ...others] = parametersOf(monotone);
    const solves: SolveRecord[] = [];
    const x = engine.tensor([0], [1, 1]);
    await monotone.forward(x, [S.mul(10), R.mul(10), ...others], pass(solves)).data();
    const [{ status }] = (await solves[0].report).samples;
    expect(status).toBe('converged');
  });

  test('a projected W is refused where the theorem needs a parametrisation', async () => {
    const model = sequential(implicitNodes({ ...options, constraint: 'project' }), dense({ inputs: 4, outputs: 2 }));
    const training = train(engine, model, nodeSamples(labels), {
      batch: 1,
      optimiser: stochasticGradient({ theorem3: true }),
    });
    await expect(training).rejects.toThrow('project');
  });

  test.each([
    [{ features: [1, 2, 3] }, 'implicitNodes: features has 3 numbers'],
    [{ features: [...features.slice(1), Number.NaN] }, 'implicitNodes: features[23] is NaN'],
    [{ contraction: 1 }, 'implicitNodes: contraction is 1; it must be between 0 and 1'],
    [{ constraint: 'none' }, 'implicitNodes: constraint'],
    [{ constraint: 'monotone', activation: 'abs' }, 'implicitNodes: activation: it decreases'],
    [
      { constraint: 'monotone', graph: directedGraph({ nodes: 12, edges: pathOf(12) }) },
      'its adjacency matrix is not symmetric',
    ],
    [{ graph: undefined }, 'implicitNodes: graph'],
  ])('refuses %j', (change, message) => {
    expect(() => implicitNodes({ ...options, ...change } as ImplicitNodesOptions)).toThrow(message);
  });

  test('without cycles κ may be any number > 0', () => {
    const chain = directedGraph({ nodes: 12, edges: pathOf(12) });
    expect(implicitNodes({ ...options, graph: chain, contraction: 3 }).outputs).toBe(4);
    expect(() => implicitNodes({ ...options, graph: chain, contraction: 0 })).toThrow('a finite number > 0');
  });

  test('layers of different graphs stand side by side, and a number that no node has gives NaN', async () => {
    const x = engine.tensor([2, 0.5, 12], [3, 1]);
    for (const nodes of [12, 5]) {
      const edges = pathOf(nodes);
      const layer = implicitNodes({
        ...options,
        graph: undirectedGraph({ nodes, edges }),
        features: [...edges, 1, 1].flat(),
      });
      const found = Array.from(await engine.tidy(() => layer.forward(x, parametersOf(layer), pass()).data()));
      expect(found.slice(0, 4).every(Number.isFinite)).toBe(true);
      expect(found.slice(4)).toEqual(Array(8).fill(Number.NaN));
    }
  });

  test('nodeSamples takes the nodes of a mask', () => {
    expect(nodeSamples([0, 7, 1], [true, false, true])).toMatchObject({ count: 2, features: 1 });
    expect(Array.from(nodeSamples([0, -1, 1], [true, false, true]).inputs)).toEqual([0, 2]);
    expect(() => nodeSamples([0, -1])).toThrow('nodeSamples: labels[1]');
    expect(() => nodeSamples([0], [false])).toThrow('no node is left');
    expect(() => nodeSamples([0], [true, false])).toThrow('nodeSamples: mask');
  });
});
