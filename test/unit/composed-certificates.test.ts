/** The properties are in test/support/composed/properties/; `npm run test:long -- composed` tries many more cases. */
import { afterAll } from 'vitest';
import { certificates } from '../support/composed/properties/certificates.ts';
import { kinks } from '../support/composed/properties/kinks.ts';
import { engineOn } from '../support/engines.ts';

const { engine, close } = engineOn('cpu');
afterAll(close);
certificates(1, engine);
kinks(1, engine);
