/** The monotone convolution as a linear map for `monotoneFixedPoint`. */
import { COUNT, createArgumentError, INDEX, isList } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import type { LinearMap, Margin } from '../solvers/linear-map.ts';
import { type ConvolutionParameters, convolutionMap } from '../solvers/maps/convolution/convolution.ts';
import type { Torus } from '../solvers/maps/convolution/torus.ts';
import { engineOf } from '../tensor/engine-of.ts';
import { reduceAll } from '../tensor/kernels.ts';
import { joinEndToEnd } from '../tensor/move-kernels.ts';
import { formatShape, sameShape } from '../tensor/shape.ts';
import { checkTogether, TENSOR, type Tensor } from '../tensor/tensor.ts';
import { checkPositive } from './options.ts';
import { unlessAborted } from './run-limits.ts';

/** The options of `monotoneConvolutionMap`. */
export interface ConvolutionMapOptions {
  /** Rows and columns of an image, whose indices are taken modulo these. */
  readonly torus: readonly [number, number];
  /** m, a finite number > 0. Default 1. */
  readonly margin?: number;
}

const OPTIONS: Checks<ConvolutionMapOptions> = { torus: 0, margin: 0 };

/**
 * W = (1 − m)I − γÂᵀÂ + η(B̂ − B̂ᵀ) as a linear map for `monotoneFixedPoint` (Winston & Kolter 2020, section 4), where Â
 * and B̂ are correlations on a torus with the kernels A/‖A‖_F and B/‖B‖_F, and γ = softplus(g). Its margin is m by
 * construction, whatever A, B, g and h are. A row is the c images of one sample, [c·rows·columns]: channel, row, column.
 * A kernel larger than the torus wraps around, and what falls on the same pixel adds up.
 *
 * W is applied, inverted and differentiated as one complex c × c matrix for each frequency. For an image with a border
 * of zeros, choose a torus that is at least k − 1 rows and columns larger, and hold the border at 0 by the `mask` of the
 * activation, which `interiorMask` makes. Then B̂ correlates with zeros around the image, and ÂᵀÂ is AᵀA of the full
 * correlation with Â, whose result is k − 1 rows and columns larger than the image.
 * @param A a kernel [output][input][row][column], [c, c, k, k] with k odd, which correlates as the convolutions of PyTorch
 *   do: it is not flipped. Not all of its numbers may be 0
 * @param B another one, of the same shape
 * @param g [1]
 * @param h η, [1]
 * @throws RangeError where a shape, the torus or the margin is wrong. A kernel of zeros is found while the solve runs, and
 *   rejects what is read of it
 */
export function monotoneConvolutionMap(
  A: Tensor,
  B: Tensor,
  g: Tensor,
  h: Tensor,
  options: ConvolutionMapOptions,
): LinearMap {
  const { torus, margin = 1 } = readOptions('monotoneConvolutionMap', options, OPTIONS, 'torus');
  checkPositive('margin', margin);
  return convolutionMapOf({ A, B, g, h }, torusOf('torus', torus), margin);
}

/** The same for parameters that may include m, [1], which then holds `margin`. */
export function convolutionMapOf(parameters: ConvolutionParameters, torus: Torus, margin: number): LinearMap {
  checkWeights(parameters);
  const { A, B } = parameters;
  return convolutionMap(parameters, torus, marginByNormalisation(margin, { A, B }));
}

/** Checks a pair of extents. */
export function torusOf(name: string, extents: readonly [number, number]): Torus {
  if (!isList(extents) || extents.length !== 2) {
    throw createArgumentError(`${name}: it`, extents, 'a list of two positive integers: rows and columns');
  }
  const [rows, columns] = extents as readonly [number, number];
  COUNT(`${name}[0]`, rows);
  COUNT(`${name}[1]`, columns);
  return { rows, columns };
}

function checkWeights(parameters: ConvolutionParameters): void {
  for (const [name, given] of Object.entries(parameters)) TENSOR(name, given);
  checkTogether('monotoneConvolutionMap', { ...parameters });
  const { A, B, ...numbers } = parameters;
  const [c, , k] = A.shape;
  if (A.shape.length !== 4 || !sameShape(A.shape, [c, c, k, k]) || k % 2 === 0) {
    throw new RangeError(
      `A: the shape is ${formatShape(A.shape)}; it must be [c, c, k, k], for c channels and an odd size k`,
    );
  }
  if (!sameShape(A.shape, B.shape)) {
    throw new RangeError(`B: the shape is ${formatShape(B.shape)}; it must be that of A, ${formatShape(A.shape)}`);
  }
  for (const [name, number] of Object.entries(numbers)) {
    if (number.size !== 1) throw new RangeError(`${name}: the shape is ${formatShape(number.shape)}; it must be [1]`);
  }
}

/** The margin, with a check of what the normalisation needs. */
function marginByNormalisation(value: number, kernels: Readonly<Record<string, Tensor>>): Margin {
  return {
    value,
    by: 'construction',
    reason: 'by construction as (1 − m)I − γÂᵀÂ + η(B̂ − B̂ᵀ), γ = softplus(g)',
    async check(signal) {
      const names = Object.keys(kernels);
      const engine = engineOf(names[0], kernels[names[0]]);
      const [sizes] = engine.run('sizes of kernels', Object.values(kernels), (traced) => [
        traced.map((kernel) => reduceAll('maximumAbsolute', kernel)).reduce(joinEndToEnd),
      ]);
      const read = sizes.data();
      read.finally(() => sizes.dispose()).catch(() => {});
      const empty = (await unlessAborted(read, signal)).indexOf(0);
      if (empty < 0) return;
      throw new RangeError(
        `${names[empty]}: all its numbers are 0; a kernel is divided by its length, so at least one must not be`,
      );
    },
  };
}

/** No more fit into a list. */
export const MAXIMUM_UNITS = 2 ** 31;

/**
 * The `mask` of an activation that holds the border of images at 0: 1 for the pixels of the interior, which begins at
 * row `ring` and column `ring`, and 0 for the others.
 * @param interior rows and columns of the interior
 * @param ring the width of the border before the first row and column. Default 1
 * @throws RangeError where the interior and the ring do not fit into the torus
 */
export function interiorMask(
  channels: number,
  torus: readonly [number, number],
  interior: readonly [number, number],
  ring = 1,
): number[] {
  COUNT('interiorMask: channels', channels);
  const [outer, inner] = [torusOf('interiorMask: torus', torus), torusOf('interiorMask: interior', interior)];
  INDEX('interiorMask: ring', ring);
  if (inner.rows + ring > outer.rows || inner.columns + ring > outer.columns) {
    throw new RangeError(
      `interiorMask: the interior is ${formatShape(interior)} after a ring of ${ring}; it must fit into the torus, which is ${formatShape(torus)}`,
    );
  }
  const size = channels * outer.rows * outer.columns;
  if (size > MAXIMUM_UNITS) {
    throw new RangeError(
      `interiorMask: channels and torus make ${size} units; they must make at most ${MAXIMUM_UNITS}`,
    );
  }
  const isInside = (at: number, extent: number): boolean => at >= ring && at < ring + extent;
  const image = Array.from({ length: outer.rows * outer.columns }, (_, pixel) => {
    const [row, column] = [Math.floor(pixel / outer.columns), pixel % outer.columns];
    return isInside(row, inner.rows) && isInside(column, inner.columns) ? 1 : 0;
  });
  return Array.from({ length: channels }, () => image).flat();
}
