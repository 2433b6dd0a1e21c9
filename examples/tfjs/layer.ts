/** The equilibrium layer z = relu(Wz + Ux + c), W = (1 − m)I − AᵀA + B − Bᵀ, for the parameters of another library. */
import { monotoneFixedPoint, monotoneMap, type Tensor, valueAndGrad } from '../../src/index.ts';

const MARGIN = 1;
const TOLERANCE = 2e-6;

/** x, A, B, U and c. */
export type LayerInputs = readonly [Tensor, Tensor, Tensor, Tensor, Tensor];

/** @returns z, [batch, width] */
export function equilibrium(...[x, A, B, U, c]: LayerInputs): Tensor {
  const b = x.matmul(U.transpose()).add(c);
  const options = { activation: 'relu', tolerance: TOLERANCE, backwardTolerance: TOLERANCE } as const;
  return monotoneFixedPoint(monotoneMap(A, B, MARGIN), b, options).z;
}

/** The gradients of Σ z∘v without TensorFlow.js, to compare with. */
export async function ownGradients(inputs: LayerInputs, v: Tensor): Promise<(Float32Array | Float64Array)[]> {
  const [, gradients] = await valueAndGrad(
    (...given) =>
      equilibrium(...given)
        .mul(v)
        .sum(),
    inputs,
  );
  return Promise.all(gradients.map((gradient) => gradient.data()));
}

/** The largest difference, relative to the largest number of the second list. */
export function differenceOf(found: readonly ArrayLike<number>[], expected: readonly ArrayLike<number>[]): number {
  const differences = expected.map((own, index) => {
    const scale = Math.max(...Array.from(own, Math.abs));
    return Math.max(...Array.from(own, (value, at) => Math.abs(value - found[index][at]))) / scale;
  });
  return Math.max(...differences);
}
