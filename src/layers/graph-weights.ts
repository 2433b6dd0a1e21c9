/** The parameters of implicit graph layers, and the W that they make. */
import { createArgumentError } from '../arguments/check.ts';
import { contractiveMatrix, projectToContraction } from '../implicit/well-posed/contractive-matrix.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Layer, type ParameterSpecification, uniformParameter } from './layer.ts';

/** How W of a graph layer is kept among those that are well posed. */
export type GraphConstraint = 'parametrise' | 'project' | 'monotone';

/** W by a constraint. */
export interface GraphWeights {
  readonly parameters: readonly ParameterSpecification[];
  readonly project?: Layer['project'];
  /** W, [width, width], from the parameters of these weights. */
  make(parameters: readonly Tensor[]): Tensor;
}

/** @throws RangeError unless it is one of the names */
export function checkConstraint(layer: string, constraint: unknown, allowed: readonly GraphConstraint[]): void {
  if (allowed.includes(constraint as GraphConstraint)) return;
  throw createArgumentError(`${layer}: constraint`, constraint, `one of ${allowed.join(', ')}`);
}

/** @param largest the bound of ‖W‖∞; of its symmetric part where it is monotone */
export function graphWeights(constraint: GraphConstraint, width: number, largest: number): GraphWeights {
  const shape = [width, width];
  if (constraint === 'parametrise') {
    return {
      parameters: [uniformParameter('V', shape, width)],
      make: ([V]) => boundedMatrix(V, largest),
    };
  }
  if (constraint === 'monotone') {
    return {
      parameters: [uniformParameter('S', shape, width), uniformParameter('R', shape, width)],
      make: ([S, R]) => monotoneWeights(S, R, largest),
    };
  }
  const { initial, ...rest } = uniformParameter('W', shape, width * width);
  return {
    parameters: [{ ...rest, initial: (random) => initial(random).map((value) => value * largest) }],
    project: ([W, ...others]) => [projectToContraction(W, largest), ...others],
    make: ([W]) => W,
  };
}

/** V with rows scaled such that ‖W‖∞ ≤ largest. */
function boundedMatrix(V: Tensor, largest: number): Tensor {
  return contractiveMatrix(V, HALF).mul(largest / HALF);
}

/** `contractiveMatrix` takes a bound below 1. */
const HALF = 0.5;

/**
 * W = largest·D^{−½}ΣD^{−½} + R − Rᵀ with Σ = (S + Sᵀ)/2 and D = max(1, Σ's row norms): the eigenvalues of its symmetric part are in
 * ±largest, whatever S and R are, and its skew part is free.
 */
function monotoneWeights(S: Tensor, R: Tensor, largest: number): Tensor {
  const [width] = S.shape;
  const symmetric = S.add(S.transpose()).mul(0.5);
  const ones = S.context.upload([1], [1], S);
  const roots = symmetric.abs().sum(1).reshape([width, 1]).maximum(ones).sqrt();
  const scaled = symmetric
    .div(roots)
    .div(roots.transpose())
    .mul(largest * (1 - (width + 8) * S.context.epsilon));
  return scaled.add(R).sub(R.transpose());
}

/** Rows of graphs are not what another layer computes. */
export const asFirstLayer = (what: string, rows: string): Required<Pick<Layer, 'checkBefore'>> => ({
  checkBefore(before) {
    throw new RangeError(`${what}: it follows ${before.kind}; it must be the first layer, since its rows are ${rows}`);
  },
});
