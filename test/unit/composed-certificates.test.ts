/** See test/support/composed/properties/certificates.ts; `npm run test:long -- composed` tries many more cases. */
import { afterAll } from 'vitest';
import { certificates } from '../support/composed/properties/certificates.ts';
import { engineOn } from '../support/engines.ts';

const { engine, close } = engineOn('cpu');
afterAll(close);
certificates(1, engine);
