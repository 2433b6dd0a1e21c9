/** The properties are in test/support/composed/properties/; `npm run test:long -- composed` tries many more cases. */
import { afterAll } from 'vitest';
import { checkMemory } from '../support/composed/properties/memory.ts';
import { engineOn } from '../support/engines.ts';

const { engine, close } = engineOn('cpu');
afterAll(close);
checkMemory(1, engine);
