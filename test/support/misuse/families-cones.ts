/** Every public function of cone programs, with valid arguments. */
import * as library from '../../../src/index.ts';
import { argument, type Family, family, options } from './family.ts';
import type { World } from './world.ts';

type Given = never;

const SOLVE =
  'solver absoluteTolerance relativeTolerance limit selection leastNorm onFailure onFailedCertificate timeLimit';
const DATA = `P A b c cones initial engine signal ${SOLVE}`;

const cones = [
  { type: 'nonneg', dim: 1 },
  { type: 'soc', dim: 2 },
] as const;

const ofArrays = ({ engine }: World) => ({
  engine,
  P: [
    [2, 1],
    [1, 2],
  ],
  A: [
    [-1, 0],
    [0, 0],
    [0, 1],
  ],
  b: [1, 1, 0],
  c: [1, 2],
  cones,
});
const ofTensors = ({ W, v, x }: World) => ({
  P: W.matmul(W.transpose()),
  A: x,
  b: v.add(20),
  c: v,
  cones: [{ type: 'nonneg', dim: 2 }] as const,
});

const canonicalForm = () => ({
  solver: 'SCS',
  dims: { zero: 1, nonneg: 0, exp: 0, soc: [], psd: [] },
  A: { rows: 1, columns: 1, entries: [[0, 0, 1]] },
  b: [1],
  c: [1],
});

export const CONE_FAMILIES: readonly Family[] = [
  family('coneProgram', (_, given: Given) => library.coneProgram(given), [options(DATA, ofArrays)]),
  family('coneProgram of tensors', ({ engine }, given: Given) => engine.tidy(() => library.coneProgram(given).x), [
    options(DATA, ofTensors),
  ]),
  family('coneProgram: initial', (world, given: Given) => library.coneProgram({ ...ofArrays(world), initial: given }), [
    options('x y s', () => ({ x: [0, 0], y: [0, 0, 0] }), 'initial'),
  ]),
  family('coneProgram: a cone', (world, given: Given) => library.coneProgram({ ...ofArrays(world), cones: [given] }), [
    options('type dim alpha', () => ({ type: 'soc', dim: 3 }), 'cones'),
  ]),
  family('projectOntoCones', (_, v: Given, of: Given, given: Given) => library.projectOntoCones(v, of, given), [
    argument('v', () => [1, 2, 3]),
    argument('cones', () => cones),
    options('tolerance', () => ({})),
  ]),
  family('coneSolution.gradients', ({ conesOf }, cotangent: Given) => conesOf.gradients(cotangent), [
    options('x y s', () => ({ x: [1, 0] }), 'cotangent'),
  ]),
  family('coneSolution.gradientIntervals', ({ conesOf }, cotangent: Given) => conesOf.gradientIntervals(cotangent), [
    options('x y s', () => ({ x: [1, 0] }), 'cotangent'),
  ]),
  family('coneSolution.tangents', ({ conesOf }, direction: Given) => conesOf.tangents(direction), [
    options('P A b c', () => ({ c: [1, 0] }), 'direction'),
  ]),
  family('readCanonicalForm', (_, given: Given) => library.readCanonicalForm(given), [
    options('kind solver dims P A b G h c offset variables', canonicalForm, 'canonical form'),
  ]),
  family('coneLayer', (_, given: Given) => library.coneLayer(given), [
    options(`inputs outputs cones map ridge ${SOLVE}`, () => ({ inputs: 2, outputs: 2, cones })),
  ]),
];
