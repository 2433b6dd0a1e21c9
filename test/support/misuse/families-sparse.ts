/** Every public function of sparse models and of support vector machines, with valid arguments. */
import {
  heldOut,
  largestSparsePenalty,
  smallestSupportVectorCost,
  sparseModel,
  sparseModelPath,
  supportVectorMachine,
  supportVectorMachinePath,
  tuneSparseModel,
  tuneSupportVectorMachine,
} from '../../../src/index.ts';
import { argument, type Family, family, options } from './family.ts';
import type { World } from './world.ts';

type Given = never;

const DATA = 'X y loss classes groups weights rowWeights intercept nonNegative signal';
const SOLVE = 'selection tolerance limit kinkTolerance onFailure onFailedCertificate timeLimit';
const data = ({ X, y }: World) => ({ X, y });
const MACHINE = 'X y rowWeights intercept';
const machine = ({ X, classes }: World) => ({ X, y: classes });

export const SPARSE_FAMILIES: readonly Family[] = [
  family('sparseModel', (_, given: Given) => sparseModel(given), [
    options(`${DATA} ${SOLVE} logLambda initial`, (world) => ({ ...data(world), logLambda: -1 })),
  ]),
  family('sparseModelPath', (_, given: Given) => sparseModelPath(given), [
    options(`${DATA} ${SOLVE} count depth logLambda`, (world) => ({ ...data(world), count: 2 })),
  ]),
  family('largestSparsePenalty', (_, given: Given) => largestSparsePenalty(given), [options(DATA, data)]),
  family('tuneSparseModel', (_, given: Given) => tuneSparseModel(given), [
    options(`${DATA} criterion optimiser depth tolerance limit points onProgress timeLimit`, (world) => ({
      ...data(world),
      criterion: world.criterion,
      limit: 2,
    })),
  ]),
  family('sparseSolution.gradientInterval', ({ sparseOf }, cotangent: Given) => sparseOf.gradientInterval(cotangent), [
    argument('cotangent', ({ v }) => v),
  ]),
  family('supportVectorMachine', (_, given: Given) => supportVectorMachine(given), [
    options(`${MACHINE} ${SOLVE} signal logC`, (world) => ({ ...machine(world), logC: 1 })),
  ]),
  family('supportVectorMachinePath', (_, given: Given) => supportVectorMachinePath(given), [
    options(`${MACHINE} ${SOLVE} signal count depth logC`, (world) => ({ ...machine(world), count: 2 })),
  ]),
  family('smallestSupportVectorCost', (_, given: Given) => smallestSupportVectorCost(given), [
    options(`${MACHINE} signal`, machine),
  ]),
  family('tuneSupportVectorMachine', (_, given: Given) => tuneSupportVectorMachine(given), [
    options(
      `${MACHINE} signal criterion optimiser depth tolerance limit points onProgress timeLimit`,
      ({ X, classes }) => ({ X, y: classes, criterion: heldOut({ X, y: classes }), limit: 2 }),
    ),
  ]),
  family(
    'supportVectorSolution.gradientInterval',
    ({ supportVectorOf }, cotangent: Given) => supportVectorOf.gradientInterval(cotangent),
    [argument('cotangent', ({ v }) => v)],
  ),
];
