/**
 * A minimiser that jumps: robust pooling whose penalty is not convex (S. Gould, R. Hartley, D. Campbell 2021, section
 * 5.2). Each branch has a derivative, and the minimiser no conservative Jacobian where two branches are equally low.
 */
import { type Engine, type ImplicitCertificate, type PoolingPenalty, robustPooling, valueAndGrad } from '../index.ts';

/** The numbers that are pooled; w is the weight of those above 0. */
const NUMBERS = { welsch: [-1.2, 1.2], truncated: [-1.6, -1.4, 1.4, 1.6] } as const;
export type JumpingPenalty = keyof typeof NUMBERS & PoolingPenalty;

/** The minimisers for each w, and the derivative dy/dw of each. */
export interface JumpCurve {
  readonly y: readonly number[];
  readonly slope: readonly number[];
}

/** y and dy/dw for each w, one row of the batch for each. */
export async function poolForWeights(
  engine: Engine,
  penalty: JumpingPenalty,
  weights: readonly number[],
): Promise<JumpCurve> {
  return engine.tidy(async (scope) => {
    const numbers: readonly number[] = NUMBERS[penalty];
    const shape = [weights.length, numbers.length];
    const x = scope.tensor(
      weights.flatMap(() => numbers),
      shape,
    );
    const above = scope.tensor(numbers.map((value) => (value > 0 ? 1 : 0)));
    const below = scope.tensor(numbers.map((value) => (value > 0 ? 0 : 1)));
    const w = scope.tensor(weights, [weights.length, 1]);
    const { y } = robustPooling(x, { penalty, weights: w.mul(above).add(below) });
    const [, [gradient]] = await valueAndGrad(
      (given) => robustPooling(x, { penalty, weights: given.mul(above).add(below) }).y.sum(),
      [w],
    );
    const found = { y: [...(await y.data())], slope: [...(await gradient.data())] };
    gradient.dispose();
    return found;
  });
}

/** What the library says at w = 1, where two minimisers are equally low. */
export interface JumpVerdict {
  readonly certificate: ImplicitCertificate;
  /** The message with which a gradient is refused. */
  readonly refusal: string;
}

export async function judgeJump(engine: Engine, penalty: JumpingPenalty): Promise<JumpVerdict> {
  return engine.tidy(async (scope) => {
    const x = scope.tensor(NUMBERS[penalty]);
    const certificate = await robustPooling(x, { penalty }).certificate();
    const refusal = await valueAndGrad(
      (given) => robustPooling(given, { penalty, onFailedCertificate: 'ignore' }).y,
      [x],
    )
      .then(([, [gradient]]) => gradient.data())
      .then(
        () => 'a gradient',
        (error: Error) => error.message,
      );
    return { certificate, refusal };
  });
}

export interface Jump {
  readonly weights: readonly number[];
  readonly curves: Readonly<Record<JumpingPenalty, JumpCurve>>;
  readonly verdicts: Readonly<Record<JumpingPenalty, JumpVerdict>>;
}

/** @param count the number of weights on each side of 1, from ½ to 2 */
export async function jump(engine: Engine, count = 20): Promise<Jump> {
  const side = Array.from({ length: count }, (_, index) => 2 ** ((index + 0.5) / count));
  const weights = [...side.map((weight) => 1 / weight).reverse(), ...side];
  return {
    weights,
    curves: {
      welsch: await poolForWeights(engine, 'welsch', weights),
      truncated: await poolForWeights(engine, 'truncated', weights),
    },
    verdicts: { welsch: await judgeJump(engine, 'welsch'), truncated: await judgeJump(engine, 'truncated') },
  };
}
