import type { CustomOperation } from '../autodiff/custom.ts';
import { zerosLike } from '../autodiff/derivatives.ts';
import type { LinearMap, Margin } from '../solvers/linear-map.ts';
import { matrixMap } from '../solvers/maps/matrix.ts';
import type { Engine } from '../tensor/engine.ts';
import { engineOf } from '../tensor/engine-of.ts';
import { elementwise, product, reduceAll } from '../tensor/kernels.ts';
import { recordOperation, transpose } from '../tensor/operations.ts';
import { formatShape } from '../tensor/shape.ts';
import { checkTogether, TENSOR, type Tensor } from '../tensor/tensor.ts';
import { checkPositive } from './options.ts';
import { rememberWrites } from './overwritten.ts';
import { withAwaited } from './reporting.ts';

/** The margin of a `monotoneMatrix` with this m. */
export function marginByConstruction(m: number): Margin {
  return { value: m, by: 'construction', reason: 'by construction as (1 − m)I − AᵀA + B − Bᵀ' };
}

/**
 * W = (1 − m)I − AᵀA + B − Bᵀ as a linear map for `monotoneFixedPoint` (Winston & Kolter 2020). Its margin is m by
 * construction, whatever A and B are, so that no solve needs to check it. Gradients with respect to A and B are those
 * of `monotoneMatrix`.
 * @param A [n, n]
 * @param B [n, n]
 * @param margin m, a finite number > 0
 * @throws RangeError where a shape or the margin is wrong
 */
export function monotoneMap(A: Tensor, B: Tensor, margin: number): LinearMap {
  checkPositive('margin', margin);
  for (const [name, given] of Object.entries({ A, B })) TENSOR(`monotoneMap: ${name}`, given);
  const map = matrixMap(monotoneMatrix(A, B, engineOf('A', A).scalar(margin)), marginByConstruction(margin));
  rememberWrites(map);
  return map;
}

/**
 * Computes W = (1 − m)I − AᵀA + B − Bᵀ, [n, n]. Whatever A and B are, I − (W + Wᵀ)/2 = mI + AᵀA ⪰ m·I (Winston & Kolter
 * 2020). With G = ∂ℓ/∂W, the gradients are ∂ℓ/∂A = −A(G + Gᵀ), ∂ℓ/∂B = G − Gᵀ and ∂ℓ/∂m = −tr G.
 * @param A [n, n]
 * @param B [n, n]
 * @param margin m > 0, a tensor [1]. Where its value is not known on the host, as after training, it is read back;
 *   reading anything that depends on W then rejects with a RangeError unless m > 0
 * @throws RangeError where a shape is wrong, or where m is known on the host and is not > 0
 */
export function monotoneMatrix(A: Tensor, B: Tensor, margin: Tensor): Tensor {
  for (const [name, given] of Object.entries({ A, B, margin })) TENSOR(`monotoneMatrix: ${name}`, given);
  checkTogether('monotoneMatrix', { A, B, margin });
  if (margin.size !== 1) throw new RangeError(`margin: the shape is ${formatShape(margin.shape)}; it must be [1]`);
  const [n] = A.shape;
  for (const [name, matrix] of Object.entries({ A, B })) {
    if (matrix.shape.length !== 2 || matrix.shape[0] !== n || matrix.shape[1] !== n) {
      throw new RangeError(`${name}: the shape is ${formatShape(matrix.shape)}; A and B must both be [n, n]`);
    }
  }
  const engine = engineOf('A', A);
  const isPositive = checkPositiveMargin(engine, margin);
  const [made] = engine.run('monotone matrix', [A, B, margin], ([a, b, m], tracing) => {
    const identity = tracing.constant({ kind: 'identity', order: n }, [n, n]);
    const diagonal = elementwise('multiply', [identity, elementwise('scale', [m], [-1, 1])]);
    const skew = elementwise('subtract', [b, transpose(b)]);
    return [product(a, a, { transposeA: true, prior: elementwise('add', [diagonal, skew]), residual: true })];
  });
  const W = isPositive ? withAwaited(engine, made, isPositive) : made;
  const pullback = (cotangent: Tensor): Tensor[] =>
    engine.run('monotone matrix, backward', [A, cotangent], ([a, g], tracing) => {
      const identity = tracing.constant({ kind: 'identity', order: n }, [n, n]);
      const symmetric = elementwise('add', [g, transpose(g)]);
      const trace = reduceAll('sum', elementwise('multiply', [g, identity]));
      return [
        elementwise('negate', [product(a, symmetric)]),
        elementwise('subtract', [g, transpose(g)]),
        elementwise('negate', [trace]),
      ];
    });
  // dW = −(dAᵀA + AᵀdA) + dB − dBᵀ − dm·I = (dB − S) − (dB + S)ᵀ − dm·I with S = AᵀdA
  const pushforward = (tangents: readonly (Tensor | undefined)[]): Tensor => {
    const given = tangents.map((tangent, index) => tangent ?? zerosLike([A, B, margin][index]));
    const [tangent] = engine.run('monotone matrix, tangent', [A, ...given], ([a, da, db, dm], tracing) => {
      const identity = tracing.constant({ kind: 'identity', order: n }, [n, n]);
      const S = product(a, da, { transposeA: true });
      const skew = elementwise('subtract', [elementwise('subtract', [db, S]), transpose(elementwise('add', [db, S]))]);
      return [elementwise('subtract', [skew, elementwise('multiply', [identity, dm])])];
    });
    return tangent;
  };
  const custom: CustomOperation = { name: 'monotoneMatrix', isSmooth: true, pullback, pushforward };
  return recordOperation('custom', [A, B, margin], W, custom);
}

/** Checks that m > 0: undefined where the host knows m, else a promise that rejects where m is not > 0. */
function checkPositiveMargin(engine: Engine, margin: Tensor): Promise<void> | undefined {
  const known = engine.readScalar(margin);
  if (known !== undefined) {
    checkPositive('margin', known);
    return undefined;
  }
  const isPositive = margin.data().then((numbers) => {
    for (const value of numbers) checkPositive('margin', value);
  });
  isPositive.catch(() => {}); // reported where W is awaited, and nowhere if this call throws
  return isPositive;
}
