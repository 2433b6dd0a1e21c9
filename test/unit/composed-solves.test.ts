/** The properties are in test/support/composed/properties/; `npm run test:long -- composed` tries many more cases. */
import { afterAll } from 'vitest';
import { checkNeighbours } from '../support/composed/properties/neighbours.ts';
import { checkSolves } from '../support/composed/properties/solves.ts';
import { BACKENDS } from '../support/composed/property.ts';
import { engineOn } from '../support/engines.ts';

for (const backend of BACKENDS) {
  const { engine, close } = engineOn(backend);
  afterAll(close);
  checkSolves(1, engine, backend);
  checkNeighbours(1, engine, backend);
}
