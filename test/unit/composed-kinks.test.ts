/** See test/support/composed/properties/kinks.ts; `npm run test:long -- composed` tries many more cases. */
import { afterAll } from 'vitest';
import { kinks } from '../support/composed/properties/kinks.ts';
import { engineOn } from '../support/engines.ts';

const { engine, close } = engineOn('cpu');
afterAll(close);
kinks(1, engine);
