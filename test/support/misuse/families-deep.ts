/** Contractive and deep equilibrium layers, with valid arguments. */
import { contractive, contractiveFixedPoint, contractiveMatrix } from '../../../src/index.ts';
import { argument, type Family, family, options } from './family.ts';

type Given = never;

const SOLVE =
  'tolerance backwardTolerance linearSolver limit backwardLimit selection certify onFailedCertificate onFailure solver timeLimit';

export const DEEP_FAMILIES: readonly Family[] = [
  family('contractiveFixedPoint', (_, A: Given, b: Given, given: Given) => contractiveFixedPoint(A, b, given), [
    argument('A b', ({ W }) => W),
    argument('b A', ({ b }) => b),
    options(`${SOLVE} signal activation initial checkInputs`, () => ({ activation: 'relu' })),
  ]),
  family('contractiveMatrix', (_, V: Given, contraction: Given) => contractiveMatrix(V, contraction), [
    argument('V', ({ W }) => W),
    argument('contraction', () => 0.5),
  ]),
  family('contractive', (_, given: Given) => contractive(given), [
    options(`${SOLVE} inputs width activation contraction constraint`, () => ({ inputs: 2, width: 2 })),
  ]),
];
