/** Declarative nodes, with valid arguments. */
import { optimalTransport, robustPooling, totalLeastSquares, weightedLeastSquares } from '../../../src/index.ts';
import { argument, type Family, family, options } from './family.ts';

type Given = never;

const NODE = 'signal timeLimit onFailure onFailedCertificate';

export const DECLARATIVE_FAMILIES: readonly Family[] = [
  family('robustPooling', ({ engine }, x: Given, given: Given) => engine.tidy(() => robustPooling(x, given).y), [
    argument('x', ({ x }) => x),
    options(`penalty scale weights selection ${NODE}`, ({ v }) => ({ penalty: 'welsch', weights: v })),
  ]),
  family(
    'weightedLeastSquares',
    ({ engine }, A: Given, y: Given, given: Given) => engine.tidy(() => weightedLeastSquares(A, y, given).beta),
    [argument('A', ({ X }) => X), argument('y', ({ y }) => y), options(`weights ${NODE}`, ({ y }) => ({ weights: y }))],
  ),
  family(
    'totalLeastSquares',
    ({ engine }, M: Given, given: Given) => engine.tidy(() => totalLeastSquares(M, given).x),
    [argument('M', ({ X }) => X), options(NODE)],
  ),
  family(
    'optimalTransport',
    ({ engine }, C: Given, given: Given) => engine.tidy(() => optimalTransport(C, given).plan),
    [
      argument('C', ({ x }) => x),
      options(`epsilon a b tolerance limit ${NODE}`, ({ v }) => ({ epsilon: 1, a: v, b: v })),
    ],
  ),
];
