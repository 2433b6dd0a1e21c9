/** Projections inside of equations: their kinks in certificates, selections and gradient intervals. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import {
  boxProjection,
  fixedPoint,
  type ImplicitSolution,
  l1BallProjection,
  root,
  simplexProjection,
  type Tensor,
  valueAndGrad,
} from '../../src/index.ts';
import { createOracle } from '../support/engines.ts';
import { normals } from '../support/numbers.ts';

const engine = createOracle();
afterAll(() => engine.close());

type Vector = readonly number[];
interface Kink {
  readonly v: Vector;
  readonly one_sided: readonly { readonly h: Vector; readonly plus: Vector; readonly minus: Vector }[];
}
interface ReferenceSet {
  readonly radius?: number;
  readonly lower?: readonly (number | null)[];
  readonly upper?: readonly (number | null)[];
  readonly kinks: readonly Kink[];
}
const REFERENCE = JSON.parse(readFileSync(new URL('../fixtures/projections.json', import.meta.url), 'utf8')) as Record<
  'simplex' | 'box' | 'l1' | 'l1_tie',
  ReferenceSet[]
>;
const CASES = Object.entries(REFERENCE).flatMap(([kind, sets]) =>
  sets.flatMap((set) => set.kinks.map((kink) => [kind, set, kink] as const)),
);

/** A projection, with the tensors that it takes besides v: a function that is solved gets them as inputs. */
interface Projection {
  readonly f: (v: Tensor, ...bounds: Tensor[]) => Tensor;
  readonly bounds: readonly Tensor[];
}

const ontoBox = (...bounds: readonly [Tensor, Tensor]): Projection => ({
  f: (v, low, high) => boxProjection(v, { low, high }),
  bounds,
});

function projectionOf(kind: string, { radius = 1, lower = [], upper = [] }: ReferenceSet): Projection {
  if (kind === 'simplex') return { f: (v) => simplexProjection(v), bounds: [] };
  if (kind !== 'box') return { f: (v) => l1BallProjection(v, { radius }), bounds: [] };
  const boundsOf = (list: readonly (number | null)[], none: number) => engine.tensor(list.map((one) => one ?? none));
  return ontoBox(boundsOf(lower, -1e30), boundsOf(upper, 1e30));
}

const unit = (n: number, at: number): number[] => Array.from({ length: n }, (_, index) => Number(index === at));

/** z = Π(v + θh), at θ = 0. */
const moved = ({ f, bounds }: Projection, v: Vector, h: Vector): ImplicitSolution =>
  fixedPoint((z, theta, start, direction, ...rest) => z.mul(0).add(f(direction.mul(theta).add(start), ...rest)), {
    unknown: engine.tensor(v.map(() => 0)),
    inputs: [engine.tensor([0]), engine.tensor(v), engine.tensor(h), ...bounds],
  });

describe('the interval of a derivative over all elements at a kink', () => {
  test.each(CASES)('of %s holds the one-sided derivatives of the reference', async (kind, set, { v, one_sided }) => {
    const projection = projectionOf(kind, set);
    for (const { h, plus, minus } of one_sided) {
      const z = moved(projection, v, h);
      for (let at = 0; at < v.length; at++) {
        const interval = await z.solve.gradientInterval(engine.tensor(unit(v.length, at)));
        expect(interval.argument).toBe('enumeration');
        expect(interval.exact).toBe(true);
        expect(interval.low).toBeLessThanOrEqual(Math.min(plus[at], minus[at]) + 1e-12);
        expect(interval.high).toBeGreaterThanOrEqual(Math.max(plus[at], minus[at]) - 1e-12);
      }
    }
  });

  test('has the ends that the choices of S have: a tie of two at the threshold of the simplex', async () => {
    const [v, h] = [
      [1, 0.5, 0.25, 0.25],
      [1, -2, 3, 5],
    ];
    // J = diag(1_S) − 1_S1_Sᵀ/|S| for S = {0, 1}, and with 2, with 3, with both.
    const derivatives = [[], [2], [3], [2, 3]].map((ties) => {
      const S = [0, 1, ...ties];
      const mean = S.reduce((sum, at) => sum + h[at], 0) / S.length;
      return v.map((_, at) => (S.includes(at) ? h[at] - mean : 0));
    });
    const z = moved({ f: (x) => simplexProjection(x), bounds: [] }, v, h);
    for (let at = 0; at < v.length; at++) {
      const { low, high } = await z.solve.gradientInterval(engine.tensor(unit(4, at)));
      expect(low).toBeCloseTo(Math.min(...derivatives.map((each) => each[at])), 12);
      expect(high).toBeCloseTo(Math.max(...derivatives.map((each) => each[at])), 12);
    }
  });
});

describe('certificates', () => {
  /** z = Π(wz + v) − Π(v) at z = 0. */
  const at = ({ f, bounds }: Projection, v: Vector, weight: number) =>
    fixedPoint((z, given, ...rest) => f(z.mul(weight).add(given), ...rest).sub(f(given, ...rest)), {
      unknown: engine.tensor(
        v.map(() => 0),
        [1, v.length],
      ),
      inputs: [engine.tensor(v, [1, v.length]), ...bounds],
      solver: 'given',
    }).solve.certify();

  test.each(CASES)(
    'of %s: I − wJ is invertible for all elements where w < 1, and not at 1',
    async (kind, set, kink) => {
      const projection = projectionOf(kind, set);
      // Where v is on the sphere and a coordinate is 0, the equation has elements up to 2I besides those of the projection.
      const below = await at(projection, kink.v, kind === 'l1' ? 0.4 : 0.9);
      expect(below.status).toBe('certified');
      expect(below.kinks.length).toBeGreaterThan(0);
      // 1 is an eigenvalue of every J with |S| > 1.
      expect((await at(projection, kink.v, 1)).status).not.toBe('certified');
      // J ⪰ 0: I + wJ is invertible for every w > 0.
      expect((await at(projection, kink.v, -5)).status).toBe('certified');
    },
  );

  test('a singular element between the ends is found: 1 − 1.5d at a bound', async () => {
    const box = ontoBox(engine.tensor([0, -1e30]), engine.tensor([1e30, 0]));
    expect((await at(box, [0, 0.25], 1.5)).status).toBe('failed');
    expect((await at(box, [0.5, 0.25], 1.5)).status).toBe('certified');
  });

  test('inside of the ball, at 0 in some coordinates, there is no kink', async () => {
    const ball = { f: (v: Tensor) => l1BallProjection(v), bounds: [] };
    const certificate = await at(ball, [0, 0.25, 0, -0.5], 0.5);
    expect(certificate.status).toBe('certified');
    expect(certificate.kinks).toEqual([]);
  });

  test('the rows of a batch are samples of their own', async () => {
    const shape = [3, 5];
    const v = engine.tensor(normals(15, 3), shape);
    const z = root((y, x) => y.sub(simplexProjection(y.mul(0.5).add(x))), {
      unknown: engine.tensor(new Float64Array(15), shape),
      inputs: [v],
    });
    const { samples, status } = await z.solve.certify();
    expect(status).toBe('certified');
    expect(samples).toHaveLength(3);
  });
});

describe('selections', () => {
  const gradientWith = async (selection: Parameters<typeof fixedPoint>[1]['selection']): Promise<number[]> => {
    const [, [gradient]] = await valueAndGrad(
      (x) =>
        fixedPoint((z, given) => z.mul(0).add(simplexProjection(given)), {
          unknown: engine.tensor([0, 0, 0]),
          inputs: [x],
          selection,
        })
          .slice([0], [1])
          .sum(),
      [engine.tensor([1, 0.5, 0.25])],
    );
    return Array.from(await gradient.data());
  };

  test('a number, or a number by the name of the kinks, reaches the projection', async () => {
    const [least, greatest] = [
      [1 / 2, -1 / 2, 0],
      [2 / 3, -1 / 3, -1 / 3],
    ];
    const close = (numbers: readonly number[]) => numbers.map((each) => expect.closeTo(each, 12));
    expect(await gradientWith(0)).toEqual(close(least));
    expect(await gradientWith(1)).toEqual(close(greatest));
    expect(await gradientWith({ maximum: 1 })).toEqual(close(greatest));
    expect(await gradientWith({ relu: 1 })).toEqual(close(least));
    expect(await gradientWith(undefined)).toEqual(close(least));
  });

  test('a selection by place is refused, with what to do instead', async () => {
    await expect(gradientWith({ random: 1 })).rejects.toThrow('a selection by place does not reach simplexProjection');
  });
});
