/** Contractive and deep equilibrium layers and graph networks, with valid arguments. */
import { directedGraph } from '../../../src/data/index.ts';
import {
  contractive,
  contractiveFixedPoint,
  contractiveMatrix,
  equilibrium,
  graphFixedPoint,
  graphProduct,
  implicitGraph,
  implicitNodes,
  jacobianPenalty,
  spectralNormalisation,
  type Tensor,
} from '../../../src/index.ts';
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
  family('spectralNormalisation', (_, W: Given, given: Given) => spectralNormalisation(W, given), [
    argument('W', ({ W }) => W),
    options('bound iterations'),
  ]),
  family(
    'jacobianPenalty',
    ({ engine }, f: Given, z: Given, inputs: Given, given: Given) =>
      engine.tidy(() => jacobianPenalty(f, z, inputs, given)),
    [
      argument('f function', () => (z: Tensor) => z.mul(0.5)),
      argument('z f operand', ({ b }) => b),
      argument('inputs f', ({ x }) => [x]),
      options('draws seed'),
    ],
  ),
  family('equilibrium', (_, given: Given) => equilibrium(given), [
    options(
      `${SOLVE.replace('selection ', '')} inputs width parameters transition prepare jacobianPenalty kind`,
      () => ({ inputs: 2, width: 2, parameters: [], transition: (z: Tensor, x: Tensor) => z.mul(0.5).add(x) }),
    ),
  ]),
  family(
    'graphFixedPoint',
    (_, W: Given, graph: Given, B: Given, given: Given) => graphFixedPoint(W, graph, B, given),
    [
      argument('W B', ({ W }) => W),
      argument('graph', ({ graph }) => graph),
      argument('B W', ({ b }) => b),
      options(`${SOLVE} signal activation initial checkInputs weights`, () => ({
        activation: 'relu',
      })),
    ],
  ),
  family('graphProduct', (_, Z: Given, graph: Given, given: Given) => graphProduct(Z, graph, given), [
    argument('Z', ({ b }) => b),
    argument('graph', ({ graph }) => graph),
    options('transposed weights'),
  ]),
  family('implicitGraph', (_, given: Given) => implicitGraph(given), [
    options(`${SOLVE} shape width pooling activation contraction constraint`, () => ({
      shape: { nodes: 2, edges: 2, features: 1 },
      width: 2,
    })),
  ]),
  family('implicitNodes', (_, given: Given) => implicitNodes(given), [
    options(`${SOLVE} graph features width activation contraction constraint`, () => ({
      graph: directedGraph({ nodes: 2, edges: [[0, 1]] }),
      features: [1, 2],
      width: 2,
    })),
  ]),
  family('contractive', (_, given: Given) => contractive(given), [
    options(`${SOLVE} inputs width activation contraction constraint`, () => ({ inputs: 2, width: 2 })),
  ]),
];
