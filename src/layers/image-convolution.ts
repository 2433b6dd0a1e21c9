/**
 * Correlations of images with kernels, as products with the patches of images. With T(x, K, v) = Σ v·(K ⋆ x), which is
 * linear in each of images x, kernel K and cotangent v, the three operations here are its derivatives in v, in x and in
 * K. Each has pullbacks that consist of the other two, so that they can be differentiated any number of times.
 */
import { batchedProduct } from '../tensor/batched.ts';
import { engineOf } from '../tensor/engine-of.ts';
import { elementwise, elementwiseLaidOut, reduceAxes } from '../tensor/kernels.ts';
import { gatherAlong } from '../tensor/move-kernels.ts';
import { recordOperation, reshape, sum } from '../tensor/operations.ts';
import { permutedLayout, slicedLayout } from '../tensor/shape.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import type { Windows } from './image-options.ts';
import { type Meeting, patchesOf, type Taps } from './image-patches.ts';

/** A correlation with a stride and zero padding. */
export interface Correlation extends Windows {
  /** Rows and columns of the result. */
  readonly counts: readonly [number, number];
}

type Optional = Tensor | undefined;

const FOLLOWED = { isSmooth: true, isFollowed: true };

const plus = (a: Optional, b: Optional): Tensor => (a && b ? elementwise('add', [a, b]) : ((a ?? b) as Tensor));

/**
 * K ⋆ x + b, [batch, outputs·rows·columns].
 * @param x [batch, inputs·rows·columns]
 * @param K [outputs, inputs, k, l]; it is not flipped
 * @param b [outputs]
 */
export function correlate(x: Tensor, K: Tensor, b: Optional, by: Correlation): Tensor {
  const given = b ? [x, K, b] : [x, K];
  const { counts, size, stride, padding, window } = by;
  const meeting: Meeting = { size, window, stride, before: padding, apart: [1, 1], counts };
  const output = run('correlation', by, given, ([x, K, b], tracing) => meet(tracing, x, K, b, meeting));
  const places = counts[0] * counts[1];
  return recordOperation('custom', given, output, {
    ...FOLLOWED,
    name: 'convolution',
    isRowwise: [true, false, false],
    pullback: (v: Tensor, [ofX, ofK, ofB]: readonly boolean[], _: unknown, [image, kernel]: readonly Tensor[]) => [
      ofX ? spreadBack(v, kernel, by) : undefined,
      ofK ? kernelOf(image, v, by) : undefined,
      ofB ? sum(reshape(v, [v.shape[0], kernel.shape[0], places]), [0, 2]) : undefined,
    ],
    pushforward: ([dx, dK, db]: readonly Optional[], _: unknown, [image, kernel]: readonly Tensor[]) => {
      const still = db && !dx && !dK ? elementwise('scale', [image], [0, 0]) : undefined;
      const moved = dx ?? still;
      return plus(moved && correlate(moved, kernel, db, by), dK && correlate(image, dK, moved ? undefined : db, by));
    },
  });
}

/** The gradient of Σ v·(K ⋆ x) in x. @param v [batch, outputs·counts] */
function spreadBack(v: Tensor, K: Tensor, by: Correlation): Tensor {
  const { counts, size, stride, padding, window } = by;
  const before = [window[0] - 1 - padding[0], window[1] - 1 - padding[1]] as const;
  const meeting: Meeting = { size: counts, window, stride: [1, 1], before, apart: stride, counts: size };
  const output = run('images of a correlation', by, [v, K], ([v, K], tracing) =>
    meet(tracing, v, turned(K, tracing), undefined, meeting),
  );
  return recordOperation('custom', [v, K], output, {
    ...FOLLOWED,
    name: 'convolution',
    isRowwise: [true, false],
    pullback: (u: Tensor, [ofV, ofK]: readonly boolean[], _: unknown, [w, kernel]: readonly Tensor[]) => [
      ofV ? correlate(u, kernel, undefined, by) : undefined,
      ofK ? kernelOf(u, w, by) : undefined,
    ],
    pushforward: ([dv, dK]: readonly Optional[], _: unknown, [w, kernel]: readonly Tensor[]) =>
      plus(dv && spreadBack(dv, kernel, by), dK && spreadBack(w, dK, by)),
  });
}

/** The gradient of Σ v·(K ⋆ x) in K, [outputs, inputs, k, l]. */
function kernelOf(x: Tensor, v: Tensor, by: Correlation): Tensor {
  const output = run('kernel of a correlation', by, [x, v], ([x, v], tracing) => gradientOfKernel(tracing, x, v, by));
  return recordOperation('custom', [x, v], output, {
    ...FOLLOWED,
    name: 'convolution',
    pullback: (M: Tensor, [ofX, ofV]: readonly boolean[], _: unknown, [image, w]: readonly Tensor[]) => [
      ofX ? spreadBack(w, M, by) : undefined,
      ofV ? correlate(image, M, undefined, by) : undefined,
    ],
    pushforward: ([dx, dv]: readonly Optional[], _: unknown, [image, w]: readonly Tensor[]) =>
      plus(dx && kernelOf(dx, w, by), dv && kernelOf(image, dv, by)),
  });
}

function run(
  name: string,
  { size, window, stride, padding }: Correlation,
  given: readonly Tensor[],
  build: (given: Tensor[], tracing: LoopContext) => Tensor,
): Tensor {
  const engine = engineOf('convolution: x', given[0]);
  const [output] = engine.run([name, size, window, stride, padding].join(' '), given, (traced, tracing) => [
    build(traced, tracing),
  ]);
  return output;
}

/** The correlation of images, which may be spread out, with a kernel. */
function meet(tracing: LoopContext, x: Tensor, K: Tensor, b: Optional, meeting: Meeting): Tensor {
  const { counts, window } = meeting;
  const [batch] = x.shape;
  const [outputs, inputs] = K.shape;
  const { context } = x;
  const patches = patchesOf(tracing, x, meeting, 0);
  let result: Optional;
  for (const block of patches.blocks) {
    const part = context.alias(partOf(K, block, window), [outputs, inputs * block.rows * block.columns]);
    result = batchedProduct(part, patches.of(block), { bias: result });
  }
  const [rows, columns] = counts;
  const { width, places } = patches;
  const shape = [batch, outputs, rows, columns];
  const inside = { offset: 0, strides: [outputs * places, places, width, 1] as const };
  const whole = result as Tensor;
  if (!b && width === columns) return context.alias(whole, [batch, outputs * rows * columns]);
  const trimmed = b
    ? elementwiseLaidOut('add', [whole, b], [inside, { offset: 0, strides: [0, 1, 0, 0] }], shape)
    : elementwiseLaidOut('copy', [whole], [inside], shape);
  return context.alias(trimmed, [batch, outputs * rows * columns]);
}

function partOf(K: Tensor, { row, rows, column, columns }: Taps, [height, width]: readonly [number, number]): Tensor {
  if (rows === height && columns === width) return K;
  const layout = slicedLayout(K.shape, [0, 0, row, column]);
  return elementwiseLaidOut('copy', [K], [layout], [K.shape[0], K.shape[1], rows, columns]);
}

/** [inputs, outputs, k, l]: the kernel that goes the other way, turned by half a turn. */
function turned(K: Tensor, tracing: LoopContext): Tensor {
  const [outputs, inputs, height, width] = K.shape;
  const taps = height * width;
  const values = Array.from({ length: taps }, (_, tap) => taps - 1 - tap);
  const flat = K.context.alias(K, [outputs * inputs, taps]);
  const half = gatherAlong(flat, 1, taps, { indices: tracing.constant({ kind: 'values', values }, [taps]) });
  const shape = [inputs, outputs, height, width];
  return elementwiseLaidOut('copy', [half], [permutedLayout(K.shape, [1, 0, 2, 3])], shape);
}

function gradientOfKernel(tracing: LoopContext, x: Tensor, v: Tensor, by: Correlation): Tensor {
  const { counts, size, stride, padding, window } = by;
  const meeting: Meeting = { size, window, stride, before: padding, apart: [1, 1], counts };
  const [batch] = x.shape;
  const [inputs, outputs] = [x.size / batch / (size[0] * size[1]), v.size / batch / (counts[0] * counts[1])];
  const { context } = x;
  const patches = patchesOf(tracing, x, meeting, batch * inputs * outputs);
  const rows = context.alias(v, [batch * outputs * counts[0], counts[1]]);
  // Zeros for the places that are to be left out.
  const wide = patches.width === counts[1] ? rows : gatherAlong(rows, 1, patches.width, {});
  const cotangent = context.alias(wide, [batch, outputs, patches.places]);
  let result: Optional;
  for (const block of patches.blocks) {
    const bySample = batchedProduct(cotangent, patches.of(block), { transposeB: true });
    const part = context.alias(reduceAxes('sum', [bySample], 0, 1), [outputs, inputs, block.rows, block.columns]);
    result = plus(result, placed(part, block, window));
  }
  return context.alias(result as Tensor, [outputs, inputs, ...window]);
}

/** The gradient of a block of taps among zeros for the others. */
function placed(part: Tensor, { row, column }: Taps, window: readonly [number, number]): Tensor {
  return [row, column].reduce(
    (block, first, at) =>
      block.shape[at + 2] === window[at] ? block : gatherAlong(block, at + 2, window[at], { offset: -first }),
    part,
  );
}
