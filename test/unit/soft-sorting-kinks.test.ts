/** Kinks of soft sorting, isotonic regression and pooling inside of a root: verdicts against all elements, by enumeration. */
import { afterAll, describe, expect, test } from 'vitest';
import { random } from '../../src/data/random.ts';
import {
  type Engine,
  isotonicRegression,
  robustPooling,
  root,
  softRank,
  softSort,
  type Tensor,
} from '../../src/index.ts';
import { largestDifference } from '../support/declarative.ts';
import { createOracle } from '../support/engines.ts';

const engine = createOracle();
afterAll(() => engine.close());

type Matrix = readonly (readonly number[])[];

/** A value, and the extreme elements of the derivative. */
interface Elements {
  readonly value: readonly number[];
  readonly elements: readonly Matrix[];
  readonly kinks: number;
}

/** Isotonic regression by its definition: the blocks of least and of greatest number, and all between them. */
function isotonicElements(y: readonly number[]): Elements {
  const n = y.length;
  const mean = (from: number, to: number): number =>
    y.slice(from, to).reduce((sum, each) => sum + each, 0) / (to - from);
  // vᵢ = min over a ≤ i of max over b > i of the mean of y from a to b
  const value = y.map((_, i) =>
    Math.min(
      ...Array.from({ length: i + 1 }, (_, a) =>
        Math.max(...Array.from({ length: n - i }, (_, more) => mean(a, i + 1 + more))),
      ),
    ),
  );
  let pulled = 0;
  const places = value.slice(0, -1).map((each, i) => {
    pulled += each - y[i];
    if (each - value[i + 1] > 1e-9) return 'cut';
    return pulled > 1e-9 ? 'joined' : 'kink';
  });
  const kinks = places.flatMap((place, at) => (place === 'kink' ? [at] : []));
  const elements = Array.from({ length: 2 ** kinks.length }, (_, set) => {
    const isCut = (at: number): boolean => places[at] === 'cut' || ((set >> kinks.indexOf(at)) & 1) === 1;
    const block = y.map((_, i) =>
      places.slice(0, i).reduce((count, place, at) => {
        return count + Number(place === 'kink' ? isCut(at) : place === 'cut');
      }, 0),
    );
    return y.map((_, i) =>
      y.map((_, j) => (block[i] === block[j] ? 1 / block.filter((each) => each === block[i]).length : 0)),
    );
  });
  return { value, elements, kinks: kinks.length };
}

/** The places of x in an order. */
const orderOf = (x: readonly number[], sign: number): number[] =>
  Array.from(x.keys()).sort((a, b) => sign * (x[b] - x[a]) || a - b);

function rankElements(x: readonly number[]): Elements {
  const order = orderOf(x, -1);
  const { value, elements, kinks } = isotonicElements(order.map((place, at) => -x[place] - (x.length - at)));
  return {
    value: x.map((each, i) => -each - value[order.indexOf(i)]),
    elements: elements.map((J) =>
      x.map((_, i) => x.map((_, j) => J[order.indexOf(i)][order.indexOf(j)] - Number(i === j))),
    ),
    kinks,
  };
}

function sortElements(x: readonly number[]): Elements {
  const order = orderOf(x, 1);
  const weights = x.map((_, at) => x.length - at);
  const { value, elements, kinks } = isotonicElements(order.map((place, at) => weights[at] - x[place]));
  return {
    value: value.map((each, at) => weights[at] - each),
    elements: elements.map((J) => x.map((_, i) => x.map((_, j) => J[i][order.indexOf(j)]))),
    kinks,
  };
}

function determinant(matrix: Matrix): number {
  if (matrix.length === 1) return matrix[0][0];
  return matrix[0].reduce((sum, value, column) => {
    if (value === 0) return sum;
    const minor = matrix.slice(1).map((row) => row.filter((_, at) => at !== column));
    return sum + (column % 2 === 0 ? value : -value) * determinant(minor);
  }, 0);
}

/** The certificate of F(z) = Az + Bf(z) − r at z = x, where it is 0, and what the determinants of all elements say. */
async function compare(
  on: Engine,
  f: (x: Tensor) => Tensor,
  x: readonly number[],
  { value, elements }: Elements,
  matrix: () => Matrix,
): Promise<{ readonly status: string; readonly expected: string; readonly kinks: number }> {
  const [A, B, n] = [matrix(), matrix(), x.length];
  const times = (M: Matrix, v: readonly number[]): number[] =>
    M.map((row) => row.reduce((sum, each, j) => sum + each * v[j], 0));
  const [first, second] = [times(A, x), times(B, value)];
  const dets = elements.map((J) =>
    determinant(A.map((row, i) => row.map((each, j) => each + B[i].reduce((sum, b, k) => sum + b * J[k][j], 0)))),
  );
  const isOf = (sign: number): boolean => dets.every((each) => sign * each > 1e-9);
  const tensors = [[first.map((each, i) => each + second[i])], A, B].map((rows) =>
    on.tensor(rows.flat(), [rows.length, n]),
  );
  const z = root(
    (given, r, a, b) =>
      given
        .matmul(a, { transposeB: true })
        .add(f(given).matmul(b, { transposeB: true }))
        .sub(r),
    { unknown: on.tensor(x, [1, n]), inputs: tensors, solver: 'given' },
  );
  const { status, kinks } = await z.solve.certify();
  return { status, expected: isOf(1) || isOf(-1) ? 'certified' : 'failed', kinks: kinks.length };
}

describe.each([
  ['isotonicRegression', (x: Tensor) => isotonicRegression(x), isotonicElements],
  ['softRank', (x: Tensor) => softRank(x), rankElements],
  ['softSort', (x: Tensor) => softSort(x), sortElements],
] as const)('%s', (name, f, elementsOf) => {
  // Sums and means of these are exact in binary numbers.
  const rows: Readonly<Record<typeof name, readonly (readonly number[])[]>> = {
    isotonicRegression: [[1, 1], [3, 1, 3, 2], [0, 2, 1], [2, 2, 2, 2], [4, 1], [5]],
    softRank: [[0, 1], [0, 0, 2], [3, 0, 1, 1], [0, 0], [2, 1, 0, -5], [4]],
    softSort: [[1, 0], [3, 1, 0], [1, 0.5], [5, 4, 0], [7, 1, 3], [4]],
  };

  test('is certified or failed as all elements at its kinks say', async () => {
    const generator = random(name.length);
    const seen = new Set<string>();
    for (const row of rows[name]) {
      const expectedElements = elementsOf(row);
      expect(largestDifference(await f(engine.tensor(row)).data(), expectedElements.value)).toBeLessThan(1e-14);
      for (let trial = 0; trial < 4; trial++) {
        const matrix = (): Matrix => row.map(() => row.map(() => Math.floor(5 * generator.uniform()) - 2));
        const found = await compare(engine, f, row, expectedElements, matrix);
        expect(found).toMatchObject({ status: found.expected, kinks: expectedElements.kinks });
        seen.add(`${found.expected} ${expectedElements.kinks > 0}`);
      }
    }
    expect([...seen].sort()).toEqual(['certified false', 'certified true', 'failed false', 'failed true']);
  });
});

test("Huber's kinks are found inside of a root, with those of its scale", async () => {
  const x = engine.tensor([0, 0.5, -0.5, 1, -1], [1, 5]);
  // y = 0, and dy/du = (q₁ − q₂)/(3 + q₁ + q₂) with these directions: at most ¼ by size.
  const direction = engine.tensor([0, 0, 0, 1, -1], [1, 5]);
  for (const [factor, status] of [
    [0.2, 'failed'],
    [0.3, 'certified'],
  ] as const) {
    const u = root(
      (given, numbers, along, scale) => {
        const moved = numbers.add(given.mul(along));
        return given.mul(factor).add(robustPooling(moved, { penalty: 'huber', scale }).y.reshape([1, 1]));
      },
      { unknown: engine.tensor([0], [1, 1]), inputs: [x, direction, engine.tensor([1])], solver: 'given' },
    );
    const certificate = await u.solve.certify();
    expect([certificate.status, certificate.kinks.length]).toEqual([status, 2]);
  }
});
