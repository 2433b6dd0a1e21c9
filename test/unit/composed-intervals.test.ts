/** See test/support/composed/properties/intervals.ts; `npm run test:long -- composed` tries many more cases. */
import { afterAll } from 'vitest';
import { intervals } from '../support/composed/properties/intervals.ts';
import { engineOn } from '../support/engines.ts';

const { engine, close } = engineOn('cpu');
afterAll(close);
intervals(1, engine);
