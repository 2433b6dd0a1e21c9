/**
 * Readers of files, data sets, splits and regressions.
 *
 * @module equilibra/data
 */

import '../arguments/environment-types.ts';

export type { ArrayNames } from './array-rows.ts';
export {
  type ArraysDataset,
  type ArraysDatasetOptions,
  arraysDataset,
  type PreparedArraysOptions,
  preparedArrays,
} from './arrays-dataset.ts';
export { type CIFARKind, type CIFAROptions, readCIFAR } from './cifar.ts';
export { type CIFARFileNames, type CIFARFileOptions, cifarFileNames, cifarFromFiles } from './cifar-dataset.ts';
export { type CSVOptions, type CSVRecords, parseCSV } from './csv.ts';
export type { Dataset, RegressionDataset } from './dataset.ts';
export type { DateOrder } from './dates.ts';
export { diabetes } from './diabetes.ts';
export type { Split } from './digits.ts';
export { digits, parseDigits } from './digits.ts';
export type { FeatureColumn } from './features.ts';
export {
  type ElementType,
  type FileArray,
  type NumberFileArray,
  type NumberType,
  numbersOf,
  type WritableArray,
} from './file-array.ts';
export { type FoldOptions, type Folds, foldMasks } from './folds.ts';
export { joinGraphs, type NormalisationOptions, normalisedGraph } from './graphs/combine.ts';
export { directedGraph, type Graph, type GraphOptions, undirectedGraph } from './graphs/graph.ts';
export {
  type GraphSamples,
  type GraphSamplesOptions,
  type GraphShape,
  graphSamples,
  type LabelledGraph,
} from './graphs/graph-samples.ts';
export { nodeSamples } from './graphs/node-samples.ts';
export { type GraphFileOptions, type GraphFiles, graphsFromFiles } from './graphs/plain-text.ts';
export { type IDXArray, parseIDX, readIDX } from './idx.ts';
export {
  type ImageDataset,
  type ImageFileNames,
  type ImageFileOptions,
  type ImageOptions,
  imageFileNames,
  imagesFromFiles,
  type LabelledImages,
  type NamedFile,
  readImages,
  readLabels,
  testFileNames,
} from './images.ts';
export { DataError, type LimitOptions, type Limits } from './limits.ts';
export { parseNPY, readNPY, writeNPY } from './npy.ts';
export { type NamedArrays, type NPZOptions, readNPZ, type WritableArrays, writeNPZ } from './npz.ts';
export type { Decimal } from './numbers.ts';
export type {
  ArrayPreparation,
  FeaturePreparation,
  ImagePreparation,
  MissingRule,
  Preparation,
  RegressionArrayPreparation,
  RegressionPreparation,
  TablePreparation,
} from './preparation.ts';
export { type PreparedRows, preparedFor, preparedTable } from './prepared-rows.ts';
export {
  type LinearModel,
  type RegressionData,
  regressionRows,
  type StandardisedRegression,
  standardisedRegression,
  type TableRegression,
  type TableRegressionOptions,
  tableRegression,
  unstandardisedModel,
} from './regression.ts';
export {
  arraysTask,
  preparedRegressionArrays,
  type RegressionArraysDataset,
  regressionArraysDataset,
} from './regression-arrays.ts';
export {
  type RegressionDatasetOptions,
  regressionDataset,
  type TableRegressionDataset,
} from './regression-dataset.ts';
export {
  parseSafetensors,
  readSafetensors,
  type Safetensors,
  type SafetensorsOptions,
  writeSafetensors,
} from './safetensors.ts';
export type { AnySamples, RegressionSamples, Samples, SplitOptions } from './samples.ts';
export { splitSamples, subset } from './samples.ts';
export type { Separator } from './separator.ts';
export type { Source } from './source.ts';
export { type SparseRegression, type SparseRegressionOptions, sparseRegression } from './sparse-regression.ts';
export { type Rows, type Standardisation, standardisationOf, standardised } from './standardisation.ts';
export { preparationFrom } from './stored-preparation.ts';
export { parseTable, readTable, type Table, type TableOptions } from './table.ts';
export { type TableDataset, type TableDatasetOptions, tableDataset } from './table-dataset.ts';
export type { TableFacts, TablePartOptions } from './table-parts.ts';
export { type TableTask, tableTask } from './table-task.ts';
