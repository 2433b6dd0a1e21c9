import { readFileSync } from 'node:fs';
import { transform } from 'esbuild';
import { describe, expect, test } from 'vitest';
import * as library from '../../../src/index.ts';
import { coneProgram, open, quadraticProgram, readCanonicalForm } from '../../../src/index.ts';
import { loadCanonicalForms } from '../../fixtures/load-canonical-forms.ts';
import { clouds } from '../../support/clouds.ts';

const FORMS = loadCanonicalForms();
const formOf = (name: string, solver: string) =>
  FORMS.find((one) => one.name === name && one.form.solver === solver)?.form as (typeof FORMS)[number]['form'];

/** The program with its entries sorted, without those that are 0. */
function sorted(form: unknown) {
  const { A, P, ...others } = readCanonicalForm(form).program;
  const sort = (entries: readonly (readonly [number, number, number])[] = []) =>
    entries.filter(([, , value]) => value !== 0).sort(([i, j], [k, l]) => i - k || j - l);
  return { ...others, A: sort(A.entries), P: sort(P?.entries) };
}

describe('a problem is the same whatever solver CVXPY arranged it for', () => {
  test.each([
    ['mixed', 'CLARABEL'],
    ['entropy', 'CLARABEL'],
    ['entropy', 'ECOS'],
  ])('%s for %s', (name, solver) => {
    const [expected, actual] = [formOf(name, 'SCS'), formOf(name, solver)].map(sorted);
    expect(actual.cones).toEqual(expected.cones);
    expect(actual.A.map(([row, column]) => [row, column])).toEqual(expected.A.map(([row, column]) => [row, column]));
    for (const [index, [, , value]] of expected.A.entries()) expect(actual.A[index][2]).toBeCloseTo(value, 13);
    for (const [index, value] of expected.b.entries()) expect(actual.b[index]).toBeCloseTo(value, 13);
    expect([actual.c, actual.P]).toEqual([expected.c, expected.P]);
  });
});

test.each(FORMS)('$name for $form.solver is solved on a backend of float32', async ({ form, minimum, solution }) => {
  const engine = await open({ backend: 'wasm' });
  const { program, offset, variables } = readCanonicalForm(form);
  const solved = coneProgram({ engine, ...program });
  const { x, objective } = await solved.values();
  expect(objective[0] + offset).toBeCloseTo(minimum, 7);
  for (const [name, values] of Object.entries(solution)) {
    const { start, shape } = variables[name];
    expect(shape.reduce((size, extent) => size * extent, 1)).toBe(values.length);
    for (const [index, value] of values.entries()) expect(x[start + index]).toBeCloseTo(value, 7);
  }
  expect((await solved.certificate()).status).toBe('certified');
  engine.close();
});

test('a quadratic program is what quadraticProgram makes of it', async () => {
  const engine = await open({ backend: 'cpu' });
  const dims = { zero: 1, nonneg: 2, exp: 0, soc: [], psd: [] };
  const matrix = (rows: number[][]) => ({
    rows: rows.length,
    columns: 2,
    entries: rows.flatMap((row, i) => row.map((value, j) => [i, j, value] as [number, number, number])),
  });
  const [P, A] = [
    [[2, 0.5], [0.5, 1]],
    [[1, 1], [-1, 0], [0, -1]],
  ]; // biome-ignore format: matrices
  const [b, c] = [[1, 0, 0], [-1, 0.2]]; // biome-ignore format: vectors
  const { program, rows } = readCanonicalForm({ solver: 'SCS', dims, P: matrix(P), A: matrix(A), b, c });
  expect(rows).toEqual([0, 1, 2]);
  const { x } = await coneProgram({ engine, ...program }).values();
  const l = [1, null, null];
  const { x: expected } = await quadraticProgram({ engine, P, q: c, A, l, u: b }).values();
  for (const [index, value] of expected.entries()) expect(x[index]).toBeCloseTo(value, 8);
  engine.close();
});

test('without cones there is only the objective', () => {
  const dims = { zero: 0, nonneg: 0, exp: 0, soc: [], psd: [], p3d: [], pnd: [] };
  const A = { rows: 0, columns: 1, entries: [] };
  expect(readCanonicalForm({ solver: 'CLARABEL', dims, A, b: [], c: [1] }).program).toMatchObject({ b: [], cones: [] });
  const without = readCanonicalForm({ solver: 'ECOS', dims, A: null, b: null, G: null, h: null, P: null, c: [1] });
  expect(without.program).toEqual({ A, b: [], c: [1], cones: [] });
  expect([without.rows, without.offset, without.variables]).toEqual([[], 0, {}]);
});

test('the rows of triangles and of exponential cones', () => {
  const dims = { zero: 1, nonneg: 0, exp: 1, soc: [2], psd: [3], p3d: [0.25] };
  const shared = { dims, A: { rows: 15, columns: 1, entries: [] }, b: Array.from({ length: 15 }, (_, i) => i), c: [0] };
  const upper = readCanonicalForm({ ...shared, solver: 'CLARABEL' });
  // Upper: 00 01 11 02 12 22. Lower: 00 10 20 11 21 22.
  expect(upper.rows).toEqual([0, 1, 2, 3, 4, 6, 5, 7, 8, 9, 10, 11, 12, 13, 14]);
  expect(upper.program.b).toEqual(upper.rows);
  expect(upper.program.cones).toEqual([
    { type: 'zero', dim: 1 },
    { type: 'soc', dim: 2 },
    { type: 'psd', dim: 3 },
    { type: 'exp', dim: 3 },
    { type: 'pow', dim: 3, alpha: 0.25 },
  ]);
  expect(readCanonicalForm({ ...shared, solver: 'SCS' }).rows).toEqual(shared.b);
  const parts = { A: null, b: null, G: { rows: 3, columns: 1, entries: [[1, 0, 7]] }, h: [1, 2, 3], c: [0] };
  const ecos = { zero: 0, nonneg: 0, exp: 1, soc: [], psd: [] };
  const read = readCanonicalForm({ ...parts, dims: ecos, solver: 'ECOS' });
  expect(read.rows).toEqual([0, 2, 1]);
  expect(read.program).toMatchObject({ b: [1, 3, 2], A: { entries: [[2, 0, 7]] } });
});

describe('names', () => {
  const good = formOf('mixed', 'CLARABEL');
  const dims = good.dims as object;
  const two = formOf('entropy', 'ECOS');
  const A = good.A as { rows: number; columns: number };
  test.each<[string, unknown, string]>([
    ['no object', [good], 'canonical form: it is'],
    [
      'a strange field',
      { ...good, cones: [] },
      'canonical form: there is no "cones"; the names are kind, solver, dims',
    ],
    ['another kind', { ...good, kind: 'cone' }, 'kind: it is "cone"; it must be \'canonical\''],
    ['no solver', { ...good, solver: undefined }, 'solver: it is undefined; it must be one of SCS, CLARABEL, ECOS'],
    ['another solver', { ...good, solver: 'MOSEK' }, 'solver: it is "MOSEK"'],
    ['a solver that every object has', { ...good, solver: 'toString' }, 'solver: it is "toString"'],
    ['no dims', { ...good, dims: null }, 'dims: it is null; it must be an object with zero, nonneg, soc'],
    ['dims of an old version', { ...good, dims: { ...dims, nonpos: 3 } }, 'dims: there is no "nonpos"'],
    ['a negative number of rows', { ...good, dims: { ...dims, zero: -1 } }, 'dims.zero: it is -1'],
    ['exponential cones in a list', { ...good, dims: { ...dims, exp: [3] } }, 'dims.exp: it is'],
    [
      'no second-order cones',
      { ...good, dims: { ...dims, soc: undefined } },
      'dims.soc: it is undefined; it must be a list',
    ],
    ['a second-order cone of nothing', { ...good, dims: { ...dims, soc: [3, 0] } }, 'dims.soc[1]: it is 0'],
    [
      'a large order',
      { ...good, dims: { ...dims, psd: [40] } },
      'dims.psd[0]: it is 40; it must be an order from 1 to 32',
    ],
    [
      'an exponent',
      { ...good, dims: { ...dims, p3d: [1] } },
      'dims.p3d[0]: it is 1; it must be a number above 0 and below 1',
    ],
    [
      'wide power cones',
      { ...good, dims: { ...dims, pnd: [[0.2, 0.8]] } },
      'dims.pnd: there are 1 power cones of more',
    ],
    [
      'psd for ECOS',
      { ...two, dims: { ...(two.dims as object), psd: [2] } },
      'dims.psd: ECOS has no semidefinite cones',
    ],
    ['pow for ECOS', { ...two, dims: { ...(two.dims as object), p3d: [0.5] } }, 'dims.p3d: ECOS has no power cones'],
    ['G for another solver', { ...good, G: A }, 'G: only ECOS has it'],
    ['h for another solver', { ...good, h: [] }, 'h: only ECOS has it'],
    ['no G', { ...two, G: null }, 'G: it is null; it must be { rows, columns, entries'],
    ['no A', { ...good, A: undefined }, 'A: it is undefined; it must be { rows, columns, entries'],
    ['A as rows', { ...good, A: [[1]] }, 'A: it is'],
    [
      'A of too few rows',
      { ...good, A: { ...A, rows: 1, entries: [] } },
      `A: it is 1 × ${A.columns}; c and dims make it`,
    ],
    [
      'A of too few columns',
      { ...good, A: { ...A, columns: 1, entries: [] } },
      `A: it is ${A.rows} × 1; c and dims make`,
    ],
    ['an entry outside', { ...good, A: { ...A, entries: [[A.rows, 0, 1]] } }, 'A.entries[0][0]: it is'],
    ['an entry that is no number', { ...good, A: { ...A, entries: [[0, 0, null]] } }, 'A.entries[0][2]: it is null'],
    ['P of the wrong size', { ...good, P: { rows: 1, columns: 1, entries: [] } }, 'P: it is 1 × 1'],
    ['no b', { ...good, b: null }, 'b: it is null; it must be a list of numbers'],
    ['a short b', { ...good, b: [1] }, `b: it holds 1 numbers; dims have ${A.rows} rows, so it must hold ${A.rows}`],
    ['an entry of b', { ...good, b: ['x'] }, 'b[0]: it is "x"; it must be a finite number'],
    ['no c', { ...good, c: undefined }, 'c: it is undefined; it must be a list of numbers'],
    ['an empty c', { ...good, c: [] }, 'c: it holds no numbers'],
    ['an offset in words', { ...good, offset: 'five' }, 'offset: it is "five"; it must be a finite number'],
    ['variables in a list', { ...good, variables: [] }, 'variables: it is'],
    [
      'a variable that is a number',
      { ...good, variables: { x: 3 } },
      'variables["x"]: it is 3; it must be { start, shape }',
    ],
    [
      'a strange key',
      { ...good, variables: { x: { start: 0, shape: [], size: 1 } } },
      'variables["x"]: there is no "size"',
    ],
    [
      'a variable beyond x',
      { ...good, variables: { x: { start: A.columns, shape: [] } } },
      'variables["x"].start: it is',
    ],
    ['a shape of fractions', { ...good, variables: { x: { start: 0, shape: [0.5] } } }, 'variables["x"].shape: it is'],
  ])('%s', (_, form, message) => {
    expect(() => readCanonicalForm(form)).toThrow(RangeError);
    expect(() => readCanonicalForm(form)).toThrow(message);
  });
});

test('the five lines of the guide make a layer, which learns', async () => {
  const guide = readFileSync(new URL('../../../docs/cones.md', import.meta.url), 'utf8');
  const sample = guide.match(/^```ts\n(import [^`]*readCanonicalForm[^`]*)^```/m)?.[1] as string;
  expect(sample.trim().split('\n')).toHaveLength(5);
  const { code } = await transform(sample, { loader: 'ts' });
  const body = code.replace(/^import (\{[^}]*\}) from "equilibra";/m, 'const $1 = library;');
  const AsyncFunction = (async () => {}).constructor as new (
    ...parts: string[]
  ) => (...given: unknown[]) => Promise<library.Layer>;
  const fetched = async (): Promise<unknown> => ({ json: async () => formOf('portfolio', 'CLARABEL') });
  const model = await new AsyncFunction('library', 'fetch', `${body}; return model;`)(library, fetched);
  const engine = await open({ backend: 'cpu' });
  const { program } = readCanonicalForm(formOf('portfolio', 'CLARABEL'));
  expect(model.outputs).toBe(program.c.length);
  const whole = library.sequential(
    library.dense({ inputs: 2, outputs: model.inputs }),
    model,
    library.dense({ inputs: model.outputs, outputs: 3 }),
  );
  const { epochs } = await library.train(engine, whole, clouds(12), { epochs: 3, batch: 6 });
  expect(epochs[2].loss).toBeLessThan(epochs[0].loss);
  engine.close();
});
