/** Declarative nodes, with valid arguments. */
import { robustPooling } from '../../../src/index.ts';
import { argument, type Family, family, options } from './family.ts';

type Given = never;

const NODE = 'signal timeLimit onFailure onFailedCertificate';

export const DECLARATIVE_FAMILIES: readonly Family[] = [
  family('robustPooling', ({ engine }, x: Given, given: Given) => engine.tidy(() => robustPooling(x, given).y), [
    argument('x', ({ x }) => x),
    options(`penalty scale weights selection ${NODE}`, ({ v }) => ({ penalty: 'welsch', weights: v })),
  ]),
];
