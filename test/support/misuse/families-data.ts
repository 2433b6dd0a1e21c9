/** Every public function of equilibra/data, with valid arguments. */
import * as data from '../../../src/data/index.ts';
import { argument, type Family, family, options } from './family.ts';

type Given = never;
const SOURCE = 'source file IDX DataError';
const ARRAY = { type: 'float32', shape: [2], values: Float32Array.of(1, 2) } as const;

export const DATA_FAMILIES: readonly Family[] = [
  family('parseCSV', (_, text: Given, given: Given) => data.parseCSV(text, given).records.length, [
    argument('text table line', ({ tableText }) => tableText),
    options('limits separator'),
  ]),
  family('parseTable', (_, text: Given, given: Given) => data.parseTable(text, given).rows.length, [
    argument('text table line', ({ tableText }) => tableText),
    options('limits separator header'),
  ]),
  family('readTable', (_, source: Given, given: Given) => data.readTable(source, given), [
    argument('source table file line', ({ tableText }) => tableText),
    options('limits separator header'),
  ]),
  family(
    'splitSamples',
    (_, samples: Given, fraction: Given, seed: Given, given: Given) =>
      data.splitSamples(samples, fraction, seed, given),
    [
      argument('samples', ({ samples }) => samples),
      argument('fraction', () => 0.5),
      argument('seed', () => 0),
      options('stratified'),
    ],
  ),
  family('subset', (_, samples: Given, indices: Given) => data.subset(samples, indices), [
    argument('samples', ({ samples }) => samples),
    argument('indices', () => [0]),
  ]),
  family('parseDigits', (_, text: Given, split: Given, rows: Given) => data.parseDigits(text, split, rows), [
    argument('text line table', () => `1${',2'.repeat(64)}`),
    argument('split', () => ({ train: [0], test: [] })),
    argument('expectedRows rows', () => 1),
  ]),
  ...[data.directedGraph, data.undirectedGraph].map((make) =>
    family(make.name, (_, given: Given) => make(given), [
      options('nodes edges weights', () => ({ nodes: 2, edges: [[0, 1]] })),
    ]),
  ),
  family('normalisedGraph', (_, graph: Given, given: Given) => data.normalisedGraph(graph, given), [
    argument('graph', ({ graph }) => graph),
    options('selfLoops'),
  ]),
  family('joinGraphs', (_, graphs: Given) => data.joinGraphs(graphs), [argument('graphs', ({ graph }) => [graph])]),
  family('graphSamples', (_, graphs: Given, given: Given) => data.graphSamples(graphs, given), [
    argument('graphs', ({ graph }) => [{ graph, label: 0 }]),
    options('selfLoops shape'),
  ]),
  family('nodeSamples', (_, labels: Given, mask: Given) => data.nodeSamples(labels, mask), [
    argument('labels', () => [0, 1]),
    argument('mask', () => [true, false]),
  ]),
  family('graphsFromFiles', (_, files: Given, given: Given) => data.graphsFromFiles(files, given), [
    argument('files found file', () =>
      Object.entries({ A: '1, 2\n2, 1\n', graph_indicator: '1\n1\n', graph_labels: '1\n' }).map(([part, text]) => ({
        name: `SET_${part}.txt`,
        bytes: new TextEncoder().encode(text),
      })),
    ),
    options('limits degrees'),
  ]),
  family('foldMasks', (_, count: Given, given: Given) => data.foldMasks(count, given), [
    argument('count folds', () => 6),
    options('folds seed'),
  ]),
  family('parseIDX', (_, bytes: Given, given: Given) => data.parseIDX(bytes, given), [
    argument(`bytes ${SOURCE}`, ({ idx }) => idx),
    options('limits'),
  ]),
  family('readIDX', (_, source: Given, given: Given) => data.readIDX(source, given), [
    argument(SOURCE, ({ idx }) => idx),
    options('limits'),
  ]),
  family('parseNPY', (_, bytes: Given, given: Given) => data.parseNPY(bytes, given), [
    argument(`bytes ${SOURCE} .npy`, ({ npy }) => npy),
    options('limits'),
  ]),
  family('readNPY', (_, source: Given, given: Given) => data.readNPY(source, given), [
    argument(`${SOURCE} .npy`, ({ npy }) => npy),
    options('limits'),
  ]),
  family('writeNPY', (_, array: Given) => data.writeNPY(array), [argument('array shape values type', () => ARRAY)]),
  family('numbersOf', (_, array: Given) => data.numbersOf(array), [argument('array', () => ARRAY)]),
  family('readNPZ', (_, source: Given, given: Given) => data.readNPZ(source, given), [
    argument(`${SOURCE} zip`, ({ npz }) => npz),
    options('limits'),
  ]),
  family('writeNPZ', (_, arrays: Given, given: Given) => data.writeNPZ(arrays, given), [
    argument('arrays', () => ({ x: ARRAY })),
    options('compressed'),
  ]),
  family('parseSafetensors', (_, bytes: Given, given: Given) => data.parseSafetensors(bytes, given), [
    argument(`bytes ${SOURCE} safetensors`, ({ safetensors }) => safetensors),
    options('limits'),
  ]),
  family('readSafetensors', (_, source: Given, given: Given) => data.readSafetensors(source, given), [
    argument(`${SOURCE} safetensors`, ({ safetensors }) => safetensors),
    options('limits'),
  ]),
  family('writeSafetensors', (_, tensors: Given, given: Given) => data.writeSafetensors(tensors, given), [
    argument('tensors arrays', () => ({ x: ARRAY })),
    options('metadata'),
  ]),
  family('imageFileNames', (_, names: Given) => data.imageFileNames(names), [
    argument('names found', () => [
      'train-images-idx3-ubyte',
      'train-labels-idx1-ubyte',
      't10k-images-idx3-ubyte',
      't10k-labels-idx1-ubyte',
    ]),
  ]),
  family('testFileNames', (_, names: Given) => data.testFileNames(names), [
    argument('names found', () => ['t10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte']),
  ]),
  family('imagesFromFiles', (_, files: Given, given: Given) => data.imagesFromFiles(files, given), [
    argument('files found', ({ images, idx }) =>
      ['train-images-idx3-ubyte', 't10k-images-idx3-ubyte']
        .map((name) => ({ name, bytes: images }))
        .concat(['train-labels-idx1-ubyte', 't10k-labels-idx1-ubyte'].map((name) => ({ name, bytes: idx }))),
    ),
    options('limits name classNames standardise'),
  ]),
  family('readCIFAR', (_, source: Given, given: Given) => data.readCIFAR(source, given), [
    argument(`${SOURCE} CIFAR`, () => new Uint8Array(3073)),
    options('limits kind labels'),
  ]),
  family('cifarFileNames', (_, names: Given) => data.cifarFileNames(names), [
    argument('names found', () => ['data_batch_1.bin', 'test_batch.bin']),
  ]),
  family('cifarFromFiles', (_, files: Given, given: Given) => data.cifarFromFiles(files, given), [
    argument('files found', () => [{ name: 'train.bin', bytes: new Uint8Array(2 * 3073) }]),
    options('limits name classNames kind labels heldOut seed standardise'),
  ]),
  family('readImages', (_, images: Given, labels: Given, given: Given) => data.readImages(images, labels, given), [
    argument(`images ${SOURCE}`, ({ images }) => images),
    argument(`labels ${SOURCE}`, ({ idx }) => idx),
    options('limits classes'),
  ]),
  family('readLabels', (_, source: Given, count: Given, given: Given) => data.readLabels(source, count, given), [
    argument(SOURCE, ({ idx }) => idx),
    argument('count images', () => 2),
    options('limits classes'),
  ]),
  family(
    'preparedFor',
    (_, preparation: Given, source: Given, given: Given) => data.preparedFor(preparation, source, given),
    [
      argument('preparation', ({ tableSet }) => tableSet.preparation),
      argument(`${SOURCE} table line column`, ({ tableText }) => tableText),
      options('limits separator header'),
    ],
  ),
  family('preparedTable', (_, preparation: Given, table: Given) => data.preparedTable(preparation, table), [
    argument('preparation', ({ tableSet }) => tableSet.preparation),
    argument('table', ({ table }) => table),
  ]),
  family('preparationFrom', (_, value: Given) => data.preparationFrom(value), [
    argument('value preparation', ({ tableSet }) => tableSet.preparation),
  ]),
  family('regressionRows', (_, rows: Given, indices: Given) => data.regressionRows(rows, indices).X, [
    argument('data', ({ regression }) => regression),
    argument('indices index', () => [0]),
  ]),
  family('standardisedRegression', (_, rows: Given, indices: Given) => data.standardisedRegression(rows, indices).X, [
    argument('data', ({ regression }) => regression),
    argument('fittedTo index indices', () => [0, 1]),
  ]),
  family('tableRegression', (_, table: Given, given: Given) => data.tableRegression(table, given).X, [
    argument('table', ({ table }) => table),
    options('target ignore categorical missing name limits', () => ({ target: 'a' })),
  ]),
  family(
    'unstandardisedModel',
    (_, of: Given, coefficients: Given) => data.unstandardisedModel(of, coefficients).coefficients,
    [argument('data standardisation', ({ standardised }) => standardised), argument('coefficients', () => [1, 2])],
  ),
  family('sparseRegression', (_, given: Given) => data.sparseRegression(given).X, [
    options('count features supportSize correlation signalToNoise seed', () => ({ count: 4, features: 3 })),
  ]),
  family(
    'standardisationOf',
    (_, rows: Given) => {
      data.standardisationOf(rows);
    },
    [argument('rows', ({ samples }) => samples)],
  ),
  family('standardised', (_, samples: Given, standardisation: Given) => data.standardised(samples, standardisation), [
    argument('samples standardised', ({ samples }) => samples),
    argument('standardisation', ({ samples }) => data.standardisationOf(samples)),
  ]),
  family('tableDataset', (_, table: Given, given: Given) => data.tableDataset(table, given), [
    argument('table', ({ table }) => table),
    options('target ignore categorical missing weights heldOut seed standardise name limits', () => ({
      target: 'kind',
    })),
  ]),
  family('regressionDataset', (_, table: Given, given: Given) => data.regressionDataset(table, given), [
    argument('table', ({ table }) => table),
    options('target ignore categorical missing weights heldOut seed standardise name limits', () => ({ target: 'a' })),
  ]),
  family('tableTask', (_, table: Given, target: Given) => data.tableTask(table, target), [
    argument('table', ({ table }) => table),
    argument('target', () => 'a'),
  ]),
  family('arraysDataset', (_, arrays: Given, given: Given) => data.arraysDataset(arrays, given), [
    argument('arrays array', ({ arrays }) => arrays),
    options('features target heldOut seed standardise name limits'),
  ]),
  family(
    'preparedArrays',
    (_, preparation: Given, arrays: Given, given: Given) => data.preparedArrays(preparation, arrays, given),
    [
      argument('preparation', ({ arrays }) => data.arraysDataset(arrays).preparation),
      argument('arrays array', ({ arrays }) => arrays),
      options('features target limits'),
    ],
  ),
  family('regressionArraysDataset', (_, arrays: Given, given: Given) => data.regressionArraysDataset(arrays, given), [
    argument('arrays array', ({ arrays }) => arrays),
    options('features target heldOut seed standardise name limits'),
  ]),
  family(
    'preparedRegressionArrays',
    (_, preparation: Given, arrays: Given, given: Given) => data.preparedRegressionArrays(preparation, arrays, given),
    [
      argument('preparation', ({ arrays }) => data.regressionArraysDataset(arrays).preparation),
      argument('arrays array', ({ arrays }) => arrays),
      options('features target limits'),
    ],
  ),
  family('arraysTask', (_, arrays: Given, given: Given) => data.arraysTask(arrays, given), [
    argument('arrays array', ({ arrays }) => arrays),
    options('features target'),
  ]),
  // The bundled data sets have no arguments to misuse.
  family('digits', async () => (await data.digits()).classes, []),
  family('diabetes', async () => (await data.diabetes()).count, []),
];
