/**
 * Checks the theorem's hypothesis for a sparse model, exactly up to rounding. Every element I − J(I − sH) is invertible if
 * and only if H is injective on the span of the free coordinates and of one v_g for each group g of the equicorrelation
 * set: from uᵀ(J⁺ − I)u + s·uᵀHu = 0, a null vector has J_max u = u and Hu = 0.
 */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { SparseProblem } from '../../solvers/sparse/problem.ts';
import { imageOf, placesOfShared, unitDirections } from '../../solvers/sparse/reduced.ts';
import type { CertificateStatus, ImplicitCertificate, SampleCertificate } from '../certificate.ts';
import { certificateOf } from '../certificate.ts';
import { formatPlaces, judgeIndependence } from '../independence.ts';
import type { OperationKink } from '../kinks.ts';
import { type ActiveGroups, directionOf, findActiveGroups, type SparsePoint } from './active-groups.ts';

/** The certificate of one problem. Status failed: the solution is not unique, to the precision. */
export interface SparseSampleCertificate extends SampleCertificate {
  /** The groups with β_g ≠ 0 beyond the kink tolerance, without those that have no penalty. */
  readonly support: readonly number[];
  /** The support, and the groups with ‖∇_g f‖ = λw_g within the kink tolerance. */
  readonly equicorrelation: readonly number[];
}

/** The certificate of a batch. Of each kink `index` is the group, and `distance` that of ‖∇_g f‖ from the threshold. */
export interface SparseCertificate extends ImplicitCertificate {
  /** One certificate for each problem. */
  readonly samples: readonly SparseSampleCertificate[];
}

/** How exactly the directions of groups with several coefficients are known, beside kink tolerances. */
const DIRECTION_ERROR = 1e-11;

/**
 * @param epsilon the precision in which the data were given: what it cannot tell apart is not certified, and only what is
 *   dependent in the numbers as they are has failed
 */
export function* certifySparse(
  point: SparsePoint,
  active: ActiveGroups,
  epsilon: number,
): Interruptible<SparseSampleCertificate> {
  const judged = yield* judgeGroups(point, active, epsilon);
  // Data that are rounded may hide a kink of dependent columns, such as copies that differ by rounding.
  const near = findActiveGroups(point, NEAR * epsilon);
  const isNear = near.equicorrelation.length > active.equicorrelation.length;
  const isHidden = judged === 'certified' && isNear && (yield* judgeGroups(point, near, epsilon)) !== 'certified';
  const status = isHidden ? 'unknown' : judged;
  return {
    status,
    argument: active.equicorrelation.length + active.free.length === 0 ? 'empty' : 'independent columns',
    reason: reasonOf(status, isHidden ? near : active),
    kinks: active.kinks.length,
    kinkTolerance: active.kinkTolerance,
    nearlySingular: status !== 'certified',
    support: active.support,
    equicorrelation: active.equicorrelation,
  };
}

/** Within so many ε of the data a group may be at a kink. */
const NEAR = 16;

/** Whether the vectors of the groups in use and at a kink are independent. */
function* judgeGroups(point: SparsePoint, active: ActiveGroups, epsilon: number): Interruptible<CertificateStatus> {
  const { problem } = point;
  const atKink = new Set(active.kinks.map(({ group }) => group));
  const free = unitDirections(problem, active.free);
  const directions = [...free, ...active.equicorrelation.map((group) => directionOf(point, group, atKink.has(group)))];
  const columns = directions.map((direction) => centredImage(problem, imageOf(problem, direction)));
  // Of the classes of a shared column, whose coefficients add up to 0, the last depends on the others.
  const dependent = new Set(placesOfShared(problem, free).map((places) => places.at(-1)));
  const chosen = columns.filter((_, place) => !dependent.has(place));
  const hasGroups = directions.some(({ members }) => members.length > 1);
  const size = Math.max(problem.rows * problem.outputs, chosen.length);
  return yield* judgeIndependence(chosen, size, epsilon, hasGroups ? DIRECTION_ERROR : 0);
}

/** Combines the certificates of all problems. @param kinksOf those of each problem */
export function combineSparse(
  samples: readonly SparseSampleCertificate[],
  kinksOf: (sample: number) => ActiveGroups['kinks'],
): SparseCertificate {
  const kinks = samples.flatMap((_, sample): OperationKink[] =>
    kinksOf(sample).map(({ group, value, distance }) => ({
      sample,
      operation: 'sparseModel',
      place: 0,
      index: group,
      value,
      distance,
    })),
  );
  return { ...certificateOf(samples, kinks), samples };
}

/**
 * Rows that count, without their weights: ω > 0 and ℓ″ > 0 do not change the null space. Of several classes the mean is
 * taken off, for ℓ″ = diag p − ppᵀ has the constants as its null space.
 */
function centredImage({ rows, outputs, rowWeights, loss }: SparseProblem, image: Float64Array): Float64Array {
  const centred = Float64Array.from(image, (value, at) => (rowWeights[at % rows] > 0 ? value : 0));
  if (loss !== 'multinomial') return centred;
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let k = 0; k < outputs; k++) sum += centred[k * rows + row];
    for (let k = 0; k < outputs; k++) centred[k * rows + row] -= sum / outputs;
  }
  return centred;
}

function reasonOf(status: CertificateStatus, { free, equicorrelation, support }: ActiveGroups): string {
  if (free.length + equicorrelation.length === 0) {
    return 'no group is in use or at a kink: β = 0 and its derivative is 0';
  }
  const which = `the free coefficients and the vectors X_g v_g of the groups ${formatPlaces(equicorrelation)}`;
  if (status === 'certified') return `${which} are linearly independent, so that every element is invertible`;
  const known = support.length < equicorrelation.length ? ', some of them at a kink,' : '';
  return status === 'failed'
    ? `${which}${known} are linearly dependent to the precision (duplicated or collinear columns, or two classes with an l1 penalty): the solution is not unique`
    : `${which}${known} are so nearly dependent that the precision of the data cannot tell`;
}
