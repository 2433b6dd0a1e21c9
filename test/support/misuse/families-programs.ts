/** Every public function of quadratic programs, with valid arguments. */
import * as library from '../../../src/index.ts';
import { type Family, family, options } from './family.ts';
import type { World } from './world.ts';

type Given = never;

const SOLVE = 'solver absoluteTolerance relativeTolerance limit selection onFailure onFailedCertificate timeLimit';
const DATA = `q A l u initial engine signal ${SOLVE}`;

const linear = ({ engine }: World) => ({
  engine,
  q: [1, 2],
  A: [
    [1, 0],
    [0, 1],
  ],
  l: [0, 0],
  u: [3, null],
});
const quadratic = (world: World) => ({
  ...linear(world),
  P: [
    [2, 1],
    [1, 2],
  ],
});
const ofTensors = ({ W, v, x }: World) => {
  const P = W.matmul(W.transpose());
  return { P, q: v, A: x, l: v.sub(20), u: v.add(20) };
};

export const PROGRAM_FAMILIES: readonly Family[] = [
  family('linearProgram', (_, given: Given) => library.linearProgram(given), [options(DATA, linear)]),
  family('quadraticProgram', (_, given: Given) => library.quadraticProgram(given), [options(`P ${DATA}`, quadratic)]),
  family(
    'quadraticProgram of tensors',
    ({ engine }, given: Given) => engine.tidy(() => library.quadraticProgram(given).x),
    [options(`P ${DATA}`, ofTensors)],
  ),
  family(
    'quadraticProgram: initial',
    (world, given: Given) => library.quadraticProgram({ ...quadratic(world), initial: given }),
    [options('x y', () => ({ x: [0, 0], y: [0, 0] }), 'initial')],
  ),
  family('program.gradients', ({ programOf }, cotangent: Given) => programOf.gradients(cotangent), [
    options('x y z', () => ({ x: [1, 0] }), 'cotangent'),
  ]),
  family('program.gradientIntervals', ({ programOf }, cotangent: Given) => programOf.gradientIntervals(cotangent), [
    options('x y z', () => ({ x: [1, 0] }), 'cotangent'),
  ]),
  family('program.tangents', ({ programOf }, direction: Given) => programOf.tangents(direction), [
    options('P q A l u', () => ({ q: [1, 0] }), 'direction'),
  ]),
  family('quadraticLayer', (_, given: Given) => library.quadraticLayer(given), [
    options(`inputs outputs inequalities equalities lower upper map ridge ${SOLVE}`, () => ({ inputs: 2, outputs: 2 })),
  ]),
];
