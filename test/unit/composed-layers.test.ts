/** The properties are in test/support/composed/properties/; `npm run test:long -- composed` tries many more cases. */
import { afterAll } from 'vitest';
import { checkSparseModels } from '../support/composed/properties/lasso.ts';
import { checkMonotoneLayers } from '../support/composed/properties/monotone.ts';
import { BACKENDS } from '../support/composed/property.ts';
import { engineOn } from '../support/engines.ts';

for (const backend of BACKENDS) {
  const { engine, close } = engineOn(backend);
  afterAll(close);
  checkMonotoneLayers(1, engine, backend);
  checkSparseModels(1, engine, backend);
}
