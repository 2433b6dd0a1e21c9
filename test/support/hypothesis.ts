/** The parts of certificates, each run without interruption. */
import { type Interruptible, runUninterrupted } from '../../src/backends/event-loop.ts';
import * as exact from '../../src/implicit/hypothesis/exact-sign.ts';
import * as hypothesis from '../../src/implicit/hypothesis/hypothesis.ts';
import * as lifted from '../../src/implicit/hypothesis/lifted.ts';
import * as minors from '../../src/implicit/hypothesis/minors.ts';
import * as definite from '../../src/implicit/hypothesis/positive-definite.ts';
import * as range from '../../src/implicit/hypothesis/range-bounds.ts';
import * as reduced from '../../src/implicit/hypothesis/reduced.ts';
import * as singular from '../../src/implicit/hypothesis/singular-values.ts';
import * as verified from '../../src/implicit/hypothesis/verified.ts';
import * as dense from '../../src/solvers/matrices.ts';

const uninterrupted =
  <Arguments extends unknown[], Result>(work: (...given: Arguments) => Interruptible<Result>) =>
  (...given: Arguments): Result =>
    runUninterrupted(work(...given));

export const checkInvertibility = uninterrupted(hypothesis.checkInvertibility);
export const exactSign = uninterrupted(exact.exactSign);
export const factorise = uninterrupted(dense.factorise);
export const hasCholeskyFactor = uninterrupted(dense.hasCholeskyFactor);
export const hasPositiveDefiniteSymmetricPart = uninterrupted(definite.hasPositiveDefiniteSymmetricPart);
export const liftedSystem = uninterrupted(lifted.liftSystem);
export const principalMinorSigns = uninterrupted(minors.decidePrincipalMinors);
export const rangeBounds = uninterrupted(range.boundRange);
export const reducedMatrix = uninterrupted(reduced.encloseReducedMatrix);
export const singularValues = uninterrupted(singular.findSingularValues);
export const valueAtVertex = uninterrupted(range.evaluateAtVertex);
export const verifiedInverse = uninterrupted(verified.verifyInverse);
