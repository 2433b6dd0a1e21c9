/** With its defaults, `equilibra train` is no worse than ridge regression; `npm run regression` has the figures. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { housingTable } from '../../bench/housing.ts';
import { compareWithRidge } from '../../bench/ridge-comparison.ts';
import { engineOn } from '../support/engines.ts';
import { createFolder } from '../support/folder.ts';

const wasm = engineOn('wasm');
afterAll(() => wasm.close());
const folder = createFolder('ridge');

test('on the diabetes data, where hardly anything but noise is not linear', { timeout: 120_000 }, async () => {
  const { train, ridge } = await compareWithRidge(await wasm.engine(), 'src/data/diabetes/diabetes.csv', 'target', 0);
  expect(train / ridge).toBeLessThan(1.02);
});

test('on prices of houses, where bends can be learnt, it is better', { timeout: 120_000 }, async () => {
  const path = join(folder, 'housing.csv');
  writeFileSync(path, housingTable());
  const { train, ridge } = await compareWithRidge(await wasm.engine(), path, 'price', 0);
  expect(train / ridge).toBeLessThan(1);
});
