/** The gradients of the data on the device, from the solution of the adjoint system. */
import type { Engine } from '../../tensor/engine.ts';
import { elementwise, product, reduceAxes } from '../../tensor/kernels.ts';
import { gatherAlong } from '../../tensor/move-kernels.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { DatumName } from './data.ts';
import type { Extents, TensorDatum } from './datum.ts';

interface AdjointTensors {
  /** w_u and w_v side by side, [batch, n + m]. */
  readonly adjoint: Tensor;
  /** x and y side by side, [batch, n + m]. */
  readonly point: Tensor;
  /** Of rows with two bounds. */
  readonly bounded?: {
    /** 1 where the row is at l, else 0, [batch, m]. */
    readonly atLower: Tensor;
    /** x̄, ȳ and z̄ side by side, [batch, n + 2m]. */
    readonly cotangent: Tensor;
  };
}

/** The names of data that get gradients: q or c is linear in the objective, and l and u, or b, bound the rows. */
type GradientName = DatumName | 'b' | 'c';

/**
 * q̄ = c̄ = w_u, P̄ = ½(w_u xᵀ + x w_uᵀ), Ā = y w_uᵀ + (z̄ − w_v)xᵀ, and w_v belongs to l or to u, or is b̄. What samples
 * share has the sum of their gradients.
 */
export function collectGradients(
  engine: Engine,
  { n, m, batch }: Pick<Extents, 'n' | 'm' | 'batch'>,
  wanted: readonly TensorDatum<GradientName>[],
  { adjoint, point, bounded }: AdjointTensors,
): Tensor[] {
  const key = `program gradients ${n} ${m} ${wanted.map((datum) => `${datum.name}${datum.batch ?? ''}`).join()}`;
  const inputs = [adjoint, point, ...(bounded ? [bounded.atLower, bounded.cotangent] : [])];
  return engine.run(key, inputs, ([w, xy, lower, v]) => {
    const columns = (rows: Tensor, offset: number, length: number): Tensor => gatherAlong(rows, 1, length, { offset });
    const wu = columns(w, 0, n);
    const x = columns(xy, 0, n);
    // Without rows there is nothing to take these from, and nothing that wants them.
    const [wv, y, pulled] =
      m === 0
        ? [wu, x, x]
        : [columns(w, n, m), columns(xy, n, m), pulledBy(columns(w, n, m), v && columns(v, n + m, m))];
    /** Σ abᵀ over the samples that share it, or abᵀ of each. */
    const outer = (a: Tensor, b: Tensor, isShared: boolean): Tensor => {
      if (isShared) return product(a, b, { transposeA: true });
      const column = a.context.alias(a, [batch, a.shape[1], 1]);
      return elementwise('multiply', [column, b.context.alias(b, [batch, 1, b.shape[1]])]);
    };
    const sum = (rows: Tensor, isShared: boolean): Tensor => {
      if (!isShared) return elementwise('copy', [rows]);
      return rows.context.alias(reduceAxes('sum', [rows], 0, 1), [rows.shape[1]]);
    };
    const half = (x: Tensor): Tensor => elementwise('scale', [x], [0.5, 0]);
    const gradients: Readonly<Record<GradientName, (isShared: boolean) => Tensor>> = {
      b: (isShared) => sum(wv, isShared),
      c: (isShared) => sum(wu, isShared),
      q: (isShared) => sum(wu, isShared),
      P: (isShared) => half(elementwise('add', [outer(wu, x, isShared), outer(x, wu, isShared)])),
      A: (isShared) => elementwise('add', [outer(y, wu, isShared), outer(pulled, x, isShared)]),
      l: (isShared) => sum(elementwise('multiply', [wv, lower]), isShared),
      u: (isShared) => sum(elementwise('subtract', [wv, elementwise('multiply', [wv, lower])]), isShared),
    };
    return wanted.map(({ name, batch: own }) => gradients[name](own === undefined));
  });
}

/** z̄ − w_v */
function pulledBy(wv: Tensor, z: Tensor | undefined): Tensor {
  return z ? elementwise('subtract', [z, wv]) : elementwise('negate', [wv]);
}
