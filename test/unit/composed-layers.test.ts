/** The properties are in test/support/composed/properties/; `npm run test:long -- composed` tries many more cases. */
import { afterAll } from 'vitest';
import { sparseModels } from '../support/composed/properties/lasso.ts';
import { monotoneLayers } from '../support/composed/properties/monotone.ts';
import { BACKENDS } from '../support/composed/property.ts';
import { engineOn } from '../support/engines.ts';

for (const backend of BACKENDS) {
  const { engine, close } = engineOn(backend);
  afterAll(close);
  monotoneLayers(1, engine, backend);
  sparseModels(1, engine, backend);
}
