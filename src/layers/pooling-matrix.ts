/** Averages over windows of images, as products with one matrix along the rows and one along the columns. */
import { batchedProduct } from '../tensor/batched.ts';
import { engineOf } from '../tensor/engine-of.ts';
import { product } from '../tensor/kernels.ts';
import { recordOperation } from '../tensor/operations.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Windows } from './image-options.ts';

/** A matrix as a constant of a Program. */
interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: readonly number[];
}

/** R and C of X ↦ R·X·Cᵀ. */
export interface PoolingMatrices {
  readonly key: string;
  readonly alongRows: Matrix;
  readonly alongColumns: Matrix;
}

/** @param counts of the windows along rows and columns */
export function poolingMatrices(windows: Windows, counts: readonly [number, number]): PoolingMatrices {
  const { size, window, stride, padding } = windows;
  const [alongRows, alongColumns] = [0, 1].map((axis): Matrix => {
    const [rows, columns] = [counts[axis], size[axis]];
    const values = Array.from({ length: rows * columns }, (_, at) => {
      const offset = (at % columns) + padding[axis] - Math.floor(at / columns) * stride[axis];
      return offset >= 0 && offset < window[axis] ? 1 / window[axis] : 0;
    });
    return { rows, columns, values };
  });
  return { key: `averages ${[size, window, stride, padding].join(' ')}`, alongRows, alongColumns };
}

/**
 * R·X·Cᵀ for each channel, as an operation that a tape follows; or Rᵀ·X·C.
 * @param images [batch, channels·rows·columns]
 */
export function applyPooling(images: Tensor, matrices: PoolingMatrices, transposed = false): Tensor {
  const engine = engineOf('averagePooling: x', images);
  const [output] = engine.run(`${matrices.key} ${transposed}`, [images], ([x], tracing) => {
    const { alongRows, alongColumns } = matrices;
    const [R, C] = [alongRows, alongColumns].map(({ values, rows, columns }) =>
      tracing.constant({ kind: 'values', values }, [rows, columns]),
    );
    const [rows, columns] = transposed
      ? [alongRows.rows, alongColumns.rows]
      : [alongRows.columns, alongColumns.columns];
    const [newRows, newColumns] = transposed
      ? [alongRows.columns, alongColumns.columns]
      : [alongRows.rows, alongColumns.rows];
    const { context, size, shape } = x;
    const channels = size / (rows * columns);
    const narrow = product(context.alias(x, [channels * rows, columns]), C, { transposeB: !transposed });
    const pooled = batchedProduct(R, context.alias(narrow, [channels, rows, newColumns]), { transposeA: transposed });
    return [context.alias(pooled, [shape[0], (channels / shape[0]) * newRows * newColumns])];
  });
  const turned = (v: Tensor): Tensor => applyPooling(v, matrices, !transposed);
  return recordOperation('custom', [images], output, {
    name: 'averagePooling',
    isSmooth: true,
    isFollowed: true,
    isRowwise: [true],
    lipschitz: 1,
    pullback: (v: Tensor) => [turned(v)],
    pushforward: ([change = images]: readonly (Tensor | undefined)[]) => applyPooling(change, matrices, transposed),
  });
}
