/**
 * `equilibra train` beside ridge regression: the mean of the root mean squared errors of five folds, over three seeds.
 * Usage: `npm run regression -- [--seeds 3] [--write]`
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { open } from '../src/index.ts';
import { housingTable } from './housing.ts';
import { type Comparison, compareWithRidge, FOLDS } from './ridge-comparison.ts';

const RESULTS = 'bench/results/regression.json';

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '3' }, write: { type: 'boolean' } } });
const folder = await mkdtemp(join(tmpdir(), 'equilibra-regression-'));
const engine = await open({ backend: 'wasm' });
try {
  const housing = join(folder, 'housing.csv');
  await writeFile(housing, housingTable());
  const sets = [
    { name: 'diabetes', path: 'src/data/diabetes/diabetes.csv', target: 'target' },
    { name: 'housing', path: housing, target: 'price' },
  ];
  const found: Comparison[] = [];
  for (const { name, path, target } of sets) {
    for (let seed = 0; seed < Number(values.seeds); seed++) {
      const one = { ...(await compareWithRidge(engine, path, target, seed)), data: name };
      found.push(one);
      console.log(
        `${name}, seed ${seed}: train ${one.train.toFixed(2)}, ridge ${one.ridge.toFixed(2)}, ratio ${(one.train / one.ridge).toFixed(4)}`,
      );
    }
    const own = found.filter(({ data }) => data === name);
    const ratio = own.reduce((sum, each) => sum + each.train, 0) / own.reduce((sum, each) => sum + each.ridge, 0);
    console.log(`${name}: ratio of the means ${ratio.toFixed(4)}`);
  }
  if (values.write) {
    await writeFile(RESULTS, `${JSON.stringify({ folds: FOLDS, comparisons: found }, null, 2)}\n`);
    console.log(`wrote ${RESULTS}, ${(await readFile(RESULTS)).length} bytes`);
  }
} finally {
  engine.close();
  await rm(folder, { recursive: true });
}
