/** Turns calls of kernels that a page which trains does without into dispatches; lower.ts loads this when needed. */
import type { BatchedProductCall, CholeskyCall, ConeCall, TriangularSolveCall } from '../kernels.ts';
import type { PlannedCall } from '../plan.ts';
import type { Dispatch, ProductVariants } from './dispatch.ts';
import { lowerBatchedProduct, lowerCholesky, lowerTriangularSolve } from './lower-batched.ts';
import { lowerCones } from './lower-cones.ts';

type LateCall = BatchedProductCall | CholeskyCall | TriangularSolveCall | ConeCall;

export function lowerLate(call: LateCall, planned: PlannedCall, variants: ProductVariants): Dispatch[] {
  switch (call.kernel) {
    case 'batchedProduct':
      return lowerBatchedProduct(call, planned, variants);
    case 'cholesky':
      return lowerCholesky(call, planned, variants);
    case 'triangularSolve':
      return lowerTriangularSolve(call, planned, variants);
    case 'projectCones':
    case 'projectConesDerivative':
      return lowerCones(call, planned, variants);
  }
}
