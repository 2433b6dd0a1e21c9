/** The properties are in test/support/composed/properties/; `npm run test:long -- composed` tries many more cases. */
import { afterAll } from 'vitest';
import { checkIntervals } from '../support/composed/properties/intervals.ts';
import { checkSelections } from '../support/composed/properties/selections.ts';
import { engineOn } from '../support/engines.ts';

const { engine, close } = engineOn('cpu');
afterAll(close);
checkSelections(1, engine);
checkIntervals(1, engine);
