/** The properties are in test/support/composed/properties/; `npm run test:long -- composed` tries many more cases. */
import { afterAll } from 'vitest';
import { backends } from '../support/composed/properties/backends.ts';
import { scales } from '../support/composed/properties/scales.ts';
import { BACKENDS } from '../support/composed/property.ts';
import { engineOn } from '../support/engines.ts';

for (const backend of BACKENDS) {
  const { engine, close } = engineOn(backend);
  afterAll(close);
  backends(1, engine, backend);
  scales(1, engine, backend);
}
