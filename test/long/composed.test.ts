/** The properties of composed problems, with other seeds than in `npm test`. */
import fc from 'fast-check';
import { afterAll } from 'vitest';
import { ON_CPU, ON_EVERY_BACKEND } from '../support/composed/properties/all.ts';
import { BACKENDS } from '../support/composed/property.ts';
import { engineOn } from '../support/engines.ts';

const LOAD = Number(process.env.EQUILIBRA_TEST_LOAD ?? 1);

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env.EQUILIBRA_TEST_SEED ?? 2) });

for (const backend of BACKENDS) {
  const { engine, close } = engineOn(backend);
  afterAll(close);
  if (backend === 'cpu') for (const properties of ON_CPU) properties(LOAD, engine);
  for (const properties of ON_EVERY_BACKEND) properties(LOAD, engine, backend);
}
