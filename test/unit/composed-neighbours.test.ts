/** See test/support/composed/properties/neighbours.ts; `npm run test:long -- composed` tries many more cases. */
import { afterAll } from 'vitest';
import { neighbours } from '../support/composed/properties/neighbours.ts';
import { BACKENDS } from '../support/composed/property.ts';
import { engineOn } from '../support/engines.ts';

for (const backend of BACKENDS) {
  const { engine, close } = engineOn(backend);
  afterAll(close);
  neighbours(1, engine, backend);
}
