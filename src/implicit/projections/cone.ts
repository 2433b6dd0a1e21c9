/** The projection onto a product of cones. */
import { createArgumentError } from '../../arguments/check.ts';
import { readOptions } from '../../arguments/options.ts';
import type { CustomOperation } from '../../autodiff/custom.ts';
import { sumLastAxis } from '../../autodiff/derivatives.ts';
import { kinkTolerance } from '../../autodiff/kinks.ts';
import { selectionFor, type UniformSelection } from '../../autodiff/selection.ts';
import type { ConeBlock } from '../../backends/cone-kernels.ts';
import { type Cone, readCones, rowsOfCones } from '../../solvers/cones/cone.ts';
import { concat, slice } from '../../tensor/arrange.ts';
import { projectCones, projectConesDerivative } from '../../tensor/cones.ts';
import {
  add,
  checkSelection,
  divide,
  multiply,
  recordOperation,
  relu,
  reshape,
  sqrt,
  square,
  subtract,
} from '../../tensor/operations.ts';
import { formatShape } from '../../tensor/shape.ts';
import { type KinkOptions, TENSOR, type Tensor } from '../../tensor/tensor.ts';
import { Temporaries } from './threshold.ts';

/** Options of `coneProjection`. */
export interface ConeProjectionOptions {
  /**
   * q from 0 to 1: where v is within 64 units of rounding of a kink, the derivative is (1 − q)·J_min + q·J_max, of which
   * these bound all elements of the generalised Jacobian. Default 0.
   */
  selection?: number;
}

/**
 * Projects each row of v, along the last axis, onto a product of cones: x = Π_K(v), the nearest point of K. The cones
 * follow one another in the row. Second-order cones: t ≥ ‖u‖ of (t, u); psd: symmetric positive semidefinite matrices of
 * order `dim` ≤ 32 as their lower triangle column by column, with off-diagonal entries times √2; exp: the closure of
 * {(x, y, z): y > 0, y·e^{x/y} ≤ z}; pow: x^α·y^{1−α} ≥ |z|, x, y ≥ 0; expdual and powdual: their duals, by Π_{K*}(v) =
 * v + Π_K(−v) (Moreau 1962). Each derivative is one element J of the generalised Jacobian, 0 ⪯ J = Jᵀ ⪯ I, in closed
 * form for every cone: S. Boyd & L. Vandenberghe, Convex Optimization, section 8.1; J. Malick & H. Sendov 2006 for psd;
 * H. A. Friberg 2023 for exp; L. T. K. Hien 2015 for pow. gpu.js has zero, free, nonneg and soc cones alone.
 *
 * A block of soc, psd, exp or pow with NaN or infinity becomes NaN. Inside `root` and `fixedPoint` the kinks of nonneg
 * and soc cones count as those of `relu`: certificates and gradient intervals find them, and a selection reaches them
 * if it is one number, or names `relu`. At the apex of a second-order cone, and with psd, exp and pow cones, a
 * certificate is unknown unless a bound of norms decides.
 * @param v [.., m], where m is the number of rows of the cones together
 * @param cones { type, dim, alpha? } each; dim is the number of rows, of psd the order
 * @returns x, of the shape of v
 * @throws RangeError if v is no tensor or its last axis is not m, if a cone is wrong, or if an option is
 */
export function coneProjection(v: Tensor, cones: readonly Cone[], options?: ConeProjectionOptions): Tensor {
  const { selection } = readOptions('coneProjection', options, { selection: 0 });
  TENSOR('coneProjection: v', v);
  const blocks = readCones('coneProjection: cones', cones);
  if (blocks.length === 0) throw createArgumentError('coneProjection: cones', cones, 'a list of at least one cone');
  const rows = rowsOfCones(blocks);
  if (v.shape.at(-1) !== rows) {
    throw new RangeError(
      `coneProjection: v has shape ${formatShape(v.shape)}; the cones have ${rows} rows, which its last axis must be`,
    );
  }
  const kinks: KinkOptions = selection === undefined ? {} : { selection: checkSelection('coneProjection', selection) };
  const parts = partsOf(blocks);
  if (parts.length === 1) return projectPart(v, parts[0], kinks);
  const temporaries = new Temporaries();
  const projected = parts.map((part) => {
    const starts = v.shape.map((_, axis) => (axis === v.shape.length - 1 ? part.start : 0));
    const given = temporaries.keep(slice(v, starts, [...v.shape.slice(0, -1), part.rows]));
    return temporaries.keep(projectPart(given, part, kinks));
  });
  const x = concat(projected, v.shape.length - 1);
  temporaries.free();
  return x;
}

/** Consecutive cones that are projected onto by one operation. */
interface Part {
  readonly kind: 'zero' | 'free' | 'nonneg' | 'soc' | 'others';
  readonly start: number;
  readonly rows: number;
  /** Those of the part, from its start on. */
  readonly blocks: readonly ConeBlock[];
}

function partsOf(blocks: readonly ConeBlock[]): Part[] {
  const parts: Part[] = [];
  for (const block of blocks) {
    const kind = kindOf(block);
    const last = parts.at(-1);
    const joins = last?.kind === kind && (kind !== 'soc' || last.blocks[0].dim === block.dim);
    const before = joins ? last : { kind, start: block.start, rows: 0, blocks: [] };
    const moved = { ...block, start: block.start - before.start };
    const part = { ...before, rows: before.rows + block.rows, blocks: [...before.blocks, moved] };
    parts.splice(joins ? -1 : parts.length, joins ? 1 : 0, part);
  }
  return parts;
}

function kindOf({ type, dim }: ConeBlock): Part['kind'] {
  if (type === 'zero' || type === 'free' || type === 'nonneg') return type;
  if (type !== 'soc') return 'others';
  return dim === 1 ? 'nonneg' : 'soc'; // t ≥ 0
}

/** Elements whose numbers do not depend on one another are operations of which a tape knows the kinks. */
function projectPart(v: Tensor, part: Part, kinks: KinkOptions): Tensor {
  if (part.kind === 'zero') return multiply(v, 0);
  if (part.kind === 'free') return multiply(v, 1);
  if (part.kind === 'nonneg') return relu(v, kinks);
  return recordOperation('custom', [v], projectCones(v, part.blocks), describe(v, part, kinks));
}

/** Each element of the Jacobian is symmetric, so that the pullback is the pushforward. */
function describe(v: Tensor, { kind, blocks }: Part, options: KinkOptions): CustomOperation {
  const own = options.selection ?? 0;
  const move = (t: Tensor, given: Tensor, selection: UniformSelection | undefined): Tensor =>
    projectConesDerivative(given, t, kinkTolerance(given), blocks, selectionFor('relu', selection) ?? own);
  return {
    name: 'coneProjection',
    isSelectable: options.selection === undefined,
    isRowwise: [v.shape.length > 1],
    lipschitz: 1,
    ...(kind === 'soc' && { equation: (x: Tensor, [given]: readonly Tensor[]) => residualOf(x, given, blocks) }),
    pullback: (cotangent, _, selection, [given]) => [move(cotangent, given, selection)],
    pushforward: ([tangent], selection, [given]) => move(tangent as Tensor, given, selection),
  };
}

/**
 * x − Π(v) for equal second-order cones, by their spectral decomposition (M. Fukushima, Z. Luo, P. Tseng 2002): with λ =
 * t ∓ ‖u‖, Π(v) = ½(λ₁⁺ + λ₂⁺, (λ₂⁺ − λ₁⁺)·u/‖u‖). At a kink, λ₁ = 0 or λ₂ = 0, the elements are those of the projection.
 * Where u = 0 the derivative is NaN, so that nothing is concluded there.
 */
function residualOf(x: Tensor, v: Tensor, blocks: readonly ConeBlock[]): Tensor {
  const [count, dim] = [blocks.length, blocks[0].dim];
  const rows = v.size / (count * dim);
  const given = reshape(v, [rows, count, dim]);
  const t = slice(given, [0, 0, 0], [rows, count, 1]);
  const u = slice(given, [0, 0, 1], [rows, count, dim - 1]);
  const radius = sqrt(sumLastAxis(square(u)));
  const positive = relu(concat([subtract(t, radius), add(t, radius)], 2));
  const [first, second] = [0, 1].map((at) => slice(positive, [0, 0, at], [rows, count, 1]));
  const tail = multiply(u, divide(multiply(subtract(second, first), 0.5), radius));
  const projection = concat([multiply(add(first, second), 0.5), tail], 2);
  return subtract(x, reshape(projection, v.shape));
}
