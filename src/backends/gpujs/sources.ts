/**
 * The sources of the kernels. They are imported as text, so that no bundler or minifier rewrites what gpu.js has to
 * parse.
 */
import combine from '../../../kernels/combine.js' with { type: 'text' };
import coneElements from '../../../kernels/cone-elements.js' with { type: 'text' };
import coneElementsDerivative from '../../../kernels/cone-elements-derivative.js' with { type: 'text' };
import coneSecondOrder from '../../../kernels/cone-second-order.js' with { type: 'text' };
import coneSecondOrderDerivative from '../../../kernels/cone-second-order-derivative.js' with { type: 'text' };
import coneSecondOrderFacts from '../../../kernels/cone-second-order-facts.js' with { type: 'text' };
import elementwise from '../../../kernels/elementwise.js' with { type: 'text' };
import gather from '../../../kernels/gather.js' with { type: 'text' };
import loopTally from '../../../kernels/loop-tally.js' with { type: 'text' };
import monitor from '../../../kernels/monitor.js' with { type: 'text' };
import norm from '../../../kernels/norm.js' with { type: 'text' };
import product from '../../../kernels/product.js' with { type: 'text' };
import ratio from '../../../kernels/ratio.js' with { type: 'text' };
import ratioProduct from '../../../kernels/ratio-product.js' with { type: 'text' };
import reduce from '../../../kernels/reduce.js' with { type: 'text' };
import residual from '../../../kernels/residual.js' with { type: 'text' };
import rowsDivide from '../../../kernels/rows-divide.js' with { type: 'text' };
import rowsExponentials from '../../../kernels/rows-exponentials.js' with { type: 'text' };
import rowsMoments from '../../../kernels/rows-moments.js' with { type: 'text' };
import rowsProximalEntries from '../../../kernels/rows-proximal-entries.js' with { type: 'text' };
import rowsProximalPeak from '../../../kernels/rows-proximal-peak.js' with { type: 'text' };
import rowsSimplex from '../../../kernels/rows-simplex.js' with { type: 'text' };
import rowsSimplexThreshold from '../../../kernels/rows-simplex-threshold.js' with { type: 'text' };
import rowsSoftmax from '../../../kernels/rows-softmax.js' with { type: 'text' };
import rowsStandardise from '../../../kernels/rows-standardise.js' with { type: 'text' };
import rowsStandardiseDerivative from '../../../kernels/rows-standardise-derivative.js' with { type: 'text' };
import rowsStandardiseMeans from '../../../kernels/rows-standardise-means.js' with { type: 'text' };
import scatter from '../../../kernels/scatter.js' with { type: 'text' };
import scatterSources from '../../../kernels/scatter-sources.js' with { type: 'text' };
import segmentSum from '../../../kernels/segment-sum.js' with { type: 'text' };
import activations from '../../../kernels/shared/activations.js' with { type: 'text' };
import bits from '../../../kernels/shared/bits.glsl' with { type: 'text' };
import exponential from '../../../kernels/shared/exponential.js' with { type: 'text' };
import integers from '../../../kernels/shared/integers.js' with { type: 'text' };
import numbers from '../../../kernels/shared/numbers.js' with { type: 'text' };
import operations from '../../../kernels/shared/operations.js' with { type: 'text' };
import proximal from '../../../kernels/shared/proximal.js' with { type: 'text' };
import random from '../../../kernels/shared/random.js' with { type: 'text' };
import reductions from '../../../kernels/shared/reductions.js' with { type: 'text' };
import rows from '../../../kernels/shared/rows.js' with { type: 'text' };
import solveAugmented from '../../../kernels/solve-augmented.js' with { type: 'text' };
import solveBack from '../../../kernels/solve-back.js' with { type: 'text' };
import solveRight from '../../../kernels/solve-right.js' with { type: 'text' };
import solveStep from '../../../kernels/solve-step.js' with { type: 'text' };
import upload from '../../../kernels/upload.js' with { type: 'text' };

/** A kernel, and the number of its arguments of each kind, in this order: data, integers, numbers. */
interface KernelSource {
  readonly text: string;
  readonly operands: number;
  readonly integers: number;
  readonly numbers: number;
}

function kernel(text: string, operands: number, integers: number, numbers = 0): KernelSource {
  return { text, operands, integers, numbers };
}

export const KERNELS = {
  combine: kernel(combine, 6, 1, 3),
  'cone-elements': kernel(coneElements, 2, 3),
  'cone-elements-derivative': kernel(coneElementsDerivative, 5, 4, 1),
  'cone-second-order': kernel(coneSecondOrder, 3, 4),
  'cone-second-order-derivative': kernel(coneSecondOrderDerivative, 6, 5, 1),
  'cone-second-order-facts': kernel(coneSecondOrderFacts, 2, 4),
  elementwise: kernel(elementwise, 3, 18, 3),
  gather: kernel(gather, 3, 5),
  'loop-tally': kernel(loopTally, 2, 0),
  monitor: kernel(monitor, 4, 4, 3),
  norm: kernel(norm, 1, 4),
  product: kernel(product, 6, 10, 2),
  ratio: kernel(ratio, 2, 2),
  'ratio-product': kernel(ratioProduct, 4, 4),
  reduce: kernel(reduce, 2, 4, 1),
  residual: kernel(residual, 2, 2, 3),
  'rows-divide': kernel(rowsDivide, 2, 1),
  'rows-exponentials': kernel(rowsExponentials, 2, 1),
  'rows-moments': kernel(rowsMoments, 1, 1, 1),
  'rows-proximal-entries': kernel(rowsProximalEntries, 4, 1),
  'rows-proximal-peak': kernel(rowsProximalPeak, 4, 1),
  'rows-simplex': kernel(rowsSimplex, 3, 1),
  'rows-simplex-threshold': kernel(rowsSimplexThreshold, 2, 1, 1),
  'rows-softmax': kernel(rowsSoftmax, 3, 1),
  'rows-standardise': kernel(rowsStandardise, 2, 1),
  'rows-standardise-derivative': kernel(rowsStandardiseDerivative, 4, 1),
  'rows-standardise-means': kernel(rowsStandardiseMeans, 3, 1),
  scatter: kernel(scatter, 3, 3),
  'scatter-sources': kernel(scatterSources, 1, 1),
  'segment-sum': kernel(segmentSum, 3, 3),
  'solve-augmented': kernel(solveAugmented, 2, 1),
  'solve-back': kernel(solveBack, 2, 2),
  'solve-right': kernel(solveRight, 1, 1),
  'solve-step': kernel(solveStep, 1, 2),
  upload: kernel(upload, 1, 0),
} as const satisfies Record<string, KernelSource>;

export type KernelName = keyof typeof KERNELS;

export interface SourceFunction {
  readonly name: string;
  readonly text: string;
  readonly parameters: readonly string[];
}

/** Finds the functions of a file. The first and the last line of each must not be indented. */
export function functionsIn(text: string): SourceFunction[] {
  return [...text.matchAll(/^function (\w+)\(([^)]*)\) \{[\s\S]*?^\}/gm)].map(([whole, name, list]) => ({
    name,
    text: whole,
    parameters: list
      .split(',')
      .map((parameter) => parameter.trim())
      .filter(Boolean),
  }));
}

const SHARED_FILES = [
  activations,
  exponential,
  integers,
  numbers,
  operations,
  proximal,
  random,
  reductions,
  rows,
  // The file of this kernel also has the function for the status of a sample.
  monitor,
];

/** The functions that kernels may call, by name. */
export const SHARED: ReadonlyMap<string, SourceFunction> = new Map(
  SHARED_FILES.flatMap(functionsIn).map((each) => [each.name, each]),
);

/** GLSL versions of some of these functions, for WebGL2, by name. */
export const NATIVE: ReadonlyMap<string, string> = new Map(
  [...bits.matchAll(/^float (\w+)\([^)]*\) \{[\s\S]*?^\}/gm)].map(([whole, name]) => [name, whole]),
);
