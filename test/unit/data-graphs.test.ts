/** Graphs in plain text files, made here from the description of the format. */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type GraphFileOptions, graphSamples, graphsFromFiles } from '../../src/data/index.ts';

/** A triangle, a node with a loop, and two nodes of which one receives; nodes and graphs count from 1. */
const FILES: Readonly<Record<string, string>> = {
  A: '1, 2\n2, 1\n2, 3\n3, 2\n1, 3\n3, 1\n4, 4\n5, 6\n5, 6\n',
  graph_indicator: '1\n1\n1\n2\n3\n3\n',
  graph_labels: '1\n-1\n1\n',
  node_labels: '7\n0\n7\n10\n0\n0\n',
  node_attributes: '0.5, 1e-1\n1.5, 2\n-2, 3\n0, 4\n1, 5\n2, 6\n',
};

const read = (files: Readonly<Record<string, string | Uint8Array | undefined>>, options?: GraphFileOptions) =>
  graphsFromFiles(
    Object.entries(files).flatMap(([part, text]) =>
      text === undefined
        ? []
        : [{ name: `SET/SET_${part}.txt`, bytes: typeof text === 'string' ? new TextEncoder().encode(text) : text }],
    ),
    options,
  );

describe('graphsFromFiles', () => {
  test('reads edges, classes, labels and attributes of nodes', async () => {
    const { name, graphs, classNames, featureNames } = await read(FILES, { degrees: true });
    expect(name).toBe('SET');
    expect(classNames).toEqual(['-1', '1']);
    expect(featureNames).toEqual(['label 0', 'label 7', 'label 10', 'attribute 1', 'attribute 2', 'degree']);
    expect(graphs.map(({ label }) => label)).toEqual([1, 0, 1]);
    const [triangle, loop, pair] = graphs;
    expect(triangle.graph).toMatchObject({
      nodes: 3,
      sources: Int32Array.of(1, 2, 0, 2, 0, 1),
      targets: Int32Array.of(0, 0, 1, 1, 2, 2),
    });
    expect(Array.from(triangle.features ?? [])).toEqual([0, 1, 0, 0.5, 0.1, 2, 1, 0, 0, 1.5, 2, 2, 0, 1, 0, -2, 3, 2]);
    expect(loop.graph).toMatchObject({ nodes: 1, sources: Int32Array.of(0), targets: Int32Array.of(0) });
    // An edge that is listed twice counts once.
    expect(pair.graph).toMatchObject({ nodes: 2, sources: Int32Array.of(0), weights: Float64Array.of(1) });
    const { samples, shape } = graphSamples(graphs);
    expect(samples.count).toBe(3);
    expect(shape).toEqual({ nodes: 3, edges: 9, features: 6 });
  });

  test('without anything on nodes each has the feature 1; lines may end in CRLF and files in .gz', async () => {
    const { A, graph_indicator, graph_labels } = FILES;
    const files = { A: A.replaceAll('\n', '\r\n'), graph_indicator, graph_labels };
    const plain = await read(files);
    expect(plain.featureNames).toEqual(['one']);
    expect(Array.from(plain.graphs[2].features ?? [])).toEqual([1, 1]);
    expect(await read({ ...files, A: gzipSync(A) })).toEqual(plain);
    expect((await read({ ...files, A: '' })).graphs[0].graph.weights).toHaveLength(0);
  });

  test.each([
    [{ graph_labels: undefined }, 'no file *_graph_labels.txt; there are SET/SET_A.txt'],
    [{ A: '1, 2\n1, 7\n' }, 'SET_A.txt: line 2: the node is "7"; it must be an integer from 1 to 6'],
    [{ A: '1\n' }, 'SET_A.txt: line 1: the node is missing'],
    [{ A: '3, 4\n' }, 'line 1: node 3 is of graph 1 and node 4 of graph 2; an edge must stay in its graph'],
    [{ graph_indicator: '1\n1\n1\n1\n3\n3\n' }, 'graph 2 has no nodes'],
    [{ graph_indicator: '1\n1\n1\n2\n3\n4\n' }, 'line 6: the graph is "4"; it must be an integer from 1 to 3'],
    [{ node_labels: '1\n2\n' }, 'SET_node_labels.txt has 2 lines; SET/SET_graph_indicator.txt has 6 nodes'],
    [{ node_attributes: '1, 2\n3\n' }, 'SET_node_attributes.txt: line 2 has 1 numbers; line 1 has 2'],
    [{ node_attributes: '1\n2\n3\nx\n5\n6\n' }, 'line 4: "x" is no number'],
    [{ graph_labels: '1, 2\n1, 2\n1, 2\n' }, 'line 1 has 2 numbers; it must be one class'],
    [{ A: '1, 2, 0.5\n' }, 'SET_A.txt: line 1 has 3 numbers; it must be two nodes'],
    [{ node_attributes: '1\n2\n1e39\n4\n5\n6\n' }, 'line 3: 1e39 is too large for a number in float32'],
  ])('says what is wrong with %j', async (change, message) => {
    await expect(read({ ...FILES, ...change })).rejects.toMatchObject({
      name: 'DataError',
      message: expect.stringContaining(message),
    });
  });

  test('takes 1 and 1.0 for the same label', async () => {
    const labels = { graph_labels: '1\n2\n1.0\n', node_labels: '0\n0.0\n3\n3\n3.0\n0\n' };
    const { classNames, featureNames, graphs } = await read({ ...FILES, ...labels });
    expect(classNames).toEqual(['1', '2']);
    expect(graphs.map(({ label }) => label)).toEqual([0, 1, 0]);
    expect(featureNames.slice(0, 2)).toEqual(['label 0', 'label 3']);
    expect(graphs[0].features?.[0]).toBe(1);
  });

  test.each([
    [{ rows: 5 }, 'raise limits.rows'],
    [{ values: 5 }, 'raise limits.values'],
    [{ classes: 1 }, 'raise limits.classes'],
    [{ categories: 2 }, 'raise limits.categories'],
    [{ bytes: 10 }, 'raise limits.bytes'],
  ])('keeps within the limits %j', async (limits, message) => {
    await expect(read(FILES, { limits })).rejects.toThrow(message);
  });

  test('refuses the files of two data sets at once', async () => {
    const files = Object.entries(FILES).map(([part, text], index) => ({
      name: `${index === 0 ? 'OTHER' : 'SET'}_${part}.txt`,
      bytes: new TextEncoder().encode(text),
    }));
    await expect(graphsFromFiles(files)).rejects.toThrow('different data sets: OTHER, SET');
  });
});
