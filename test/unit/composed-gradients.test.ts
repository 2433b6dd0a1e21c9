/** The properties are in test/support/composed/properties/; `npm run test:long -- composed` tries many more cases. */
import { afterAll } from 'vitest';
import { intervals } from '../support/composed/properties/intervals.ts';
import { selections } from '../support/composed/properties/selections.ts';
import { engineOn } from '../support/engines.ts';

const { engine, close } = engineOn('cpu');
afterAll(close);
selections(1, engine);
intervals(1, engine);
