/** The properties are in test/support/composed/properties/; `npm run test:long -- composed` tries many more cases. */
import { afterAll } from 'vitest';
import { checkCertificates } from '../support/composed/properties/certificates.ts';
import { checkKinks } from '../support/composed/properties/kinks.ts';
import { engineOn } from '../support/engines.ts';

const { engine, close } = engineOn('cpu');
afterAll(close);
checkCertificates(1, engine);
checkKinks(1, engine);
