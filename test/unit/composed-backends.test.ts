/** The properties are in test/support/composed/properties/; `npm run test:long -- composed` tries many more cases. */
import { afterAll } from 'vitest';
import { checkBackends } from '../support/composed/properties/backends.ts';
import { checkScales } from '../support/composed/properties/scales.ts';
import { BACKENDS } from '../support/composed/property.ts';
import { engineOn } from '../support/engines.ts';

for (const backend of BACKENDS) {
  const { engine, close } = engineOn(backend);
  afterAll(close);
  checkBackends(1, engine, backend);
  checkScales(1, engine, backend);
}
