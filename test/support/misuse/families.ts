/** Every public function of the library, with valid arguments. */
import * as library from '../../../src/index.ts';
import { CONE_FAMILIES } from './families-cones.ts';
import { DECLARATIVE_FAMILIES } from './families-declarative.ts';
import { DEEP_FAMILIES } from './families-deep.ts';
import { PARAMETER_FAMILIES } from './families-parameters.ts';
import { PROGRAM_FAMILIES } from './families-programs.ts';
import { SHARING_FAMILIES } from './families-sharing.ts';
import { SORTING_FAMILIES } from './families-sorting.ts';
import { SPARSE_FAMILIES } from './families-sparse.ts';
import { argument, type Family, family, options } from './family.ts';
import { idleEnd, type World } from './world.ts';

type Given = never;
const {
  adam,
  activation,
  adamW,
  argmin,
  averagePooling,
  batchNorm,
  boxProjection,
  clipped,
  concat,
  coneProjection,
  constantRate,
  convolution,
  cosine,
  crossEntropy,
  crossValidation,
  dense,
  downloadCheckpoint,
  dropout,
  evaluate,
  exponentialDecay,
  fixedPoint,
  flatten,
  gradientOf,
  heldOut,
  interiorMask,
  inverse,
  jacobianVectorProduct,
  l1BallProjection,
  largestPenalty,
  lasso,
  lassoPath,
  layerNorm,
  linearWarmUp,
  loadCheckpoint,
  huberLoss,
  maximumPooling,
  meanAbsoluteError,
  meanSquaredError,
  modelFrom,
  monotone,
  monotoneConvolution,
  monotoneConvolutionMap,
  monotoneFixedPoint,
  monotoneMap,
  monotoneMatrix,
  monotonicityMargin,
  oneCycle,
  oneHot,
  open,
  polynomialDecay,
  residual,
  root,
  saveCheckpoint,
  scheduleNamed,
  sequential,
  serveTraining,
  sgd,
  simplexProjection,
  sparseCoding,
  stepDecay,
  stochasticGradient,
  sure,
  train,
  trainInWorker,
  tune,
  tunedStep,
  valueAndGrad,
} = library;

const SOLVE =
  'tolerance backwardTolerance solver linearSolver step limit backwardLimit selection kinkUnits onFailure onFailedCertificate checkInputs';
const LIMITS = 'signal timeLimit';
const IMPLICIT = `unknown inputs coupled tolerance backwardTolerance linearSolver limit backwardLimit selection certify onFailedCertificate onFailure solver ${LIMITS}`;
const LASSO = `X y weights masks intercept selection solver tolerance backwardTolerance limit backwardLimit kinkUnits onFailure onFailedCertificate ${LIMITS}`;
const F = 'F f function autodiff followed';

const loss = () => (a: library.Tensor) => a.mul(2).sum();
const equation = () => (z: library.Tensor, a: library.Tensor) => z.mul(2).sub(a);
const contraction = () => (z: library.Tensor, a: library.Tensor) => z.mul(0.5).add(a);
const unknowns = ({ z0 }: World) => ({ unknown: z0, inputs: [z0] });
const problem = ({ X, y }: World) => ({ X, y });

const model = (world: World) => {
  const made = sequential(dense({ inputs: 2, outputs: 2 }));
  made.initialise(world.engine);
  return made;
};
/** Samples with two targets. */
const numbered = ({ samples: { labels, ...rest } }: World) => ({
  ...rest,
  targets: Float64Array.from({ length: 2 * rest.count }, (_, at) => at),
});
/** Outside of a page these functions refuse every argument. */
function inNoPage(call: () => void): void {
  try {
    call();
  } catch (error) {
    if (!(error instanceof Error && error.message.includes('there is no page here'))) throw error;
  }
}
/** Calls a function with a model of its own, which is disposed of afterwards. */
const withModel =
  (use: (made: library.Model, world: World, ...given: Given[]) => unknown) =>
  (world: World, ...given: Given[]) => {
    const made = model(world);
    let result: unknown;
    try {
      result = use(made, world, ...given);
    } finally {
      if (!(result instanceof Promise)) made.dispose();
    }
    return result instanceof Promise ? result.finally(() => made.dispose()) : result;
  };

export const FAMILIES: readonly Family[] = [
  family(
    'open',
    async (_, given: Given) => {
      const engine = await open(given);
      engine.close();
    },
    [options('backend device powerPreference threads gpujs', () => ({ backend: 'cpu' }))],
  ),

  family('valueAndGrad', (_, f: Given, inputs: Given) => valueAndGrad(f, inputs), [
    argument(`lossOf ${F} loss operand data`, loss),
    argument('inputs function other', ({ x }) => [x]),
  ]),
  family(
    'jacobianVectorProduct',
    (_, f: Given, inputs: Given, tangents: Given) => jacobianVectorProduct(f, inputs, tangents),
    [
      argument(F, loss),
      argument('inputs tangents function other', ({ x }) => [x]),
      argument('tangents', ({ x }) => [x]),
    ],
  ),
  family('gradientOf', (_, f: Given, given: Given) => gradientOf(f)(given), [
    argument(F, () => (a: library.Tensor) => a.square()),
    argument('arguments', ({ x }) => x),
  ]),

  family('root', (_, f: Given, given: Given) => root(f, given), [argument(F, equation), options(IMPLICIT, unknowns)]),
  family('fixedPoint', (_, f: Given, given: Given) => fixedPoint(f, given), [
    argument(F, contraction),
    options(IMPLICIT, unknowns),
  ]),
  family('inverse', (_, f: Given, at: Given, given: Given) => inverse(f, at, given), [
    argument(F, () => (z: library.Tensor) => z.mul(2)),
    argument('x inputs function', ({ z0 }) => z0),
    options(IMPLICIT, ({ z0 }) => ({ unknown: z0 })),
  ]),
  family('argmin', (_, f: Given, given: Given) => argmin(f, given), [
    argument(`ψ ${F} gradientOf`, () => (z: library.Tensor, a: library.Tensor) => z.sub(a).square()),
    options(`${IMPLICIT} proximal step`, unknowns),
  ]),
  family('solve.certify', ({ rootOf }, given: Given) => rootOf.certify(given), [
    options('exact enumerationLimit warnBelow seed radius estimate signal'),
  ]),
  family('solve.select', ({ rootOf }, choose: Given) => rootOf.select(choose), [argument('choose', () => () => 0)]),
  family(
    'solve.gradientInterval',
    ({ scalarRoot }, cotangent: Given, given: Given) => scalarRoot.gradientInterval(cotangent, given),
    [argument('cotangent', ({ z0 }) => z0), options('input radius signal')],
  ),

  family('monotoneFixedPoint', (_, W: Given, b: Given, given: Given) => monotoneFixedPoint(W, b, given), [
    argument('W margin b', ({ W }) => W),
    argument('b W', ({ b }) => b),
    options(`${SOLVE} ${LIMITS} activation initial margin`, () => ({ activation: 'relu', margin: 0.5 })),
  ]),
  family('monotoneFixedPoint of a map', ({ map }, given: Given) => monotoneFixedPoint(map, map.parameters[0], given), [
    options(`${SOLVE} ${LIMITS} activation initial margin`, () => ({ activation: 'relu' })),
  ]),
  family('monotoneMap', (_, A: Given, B: Given, m: Given) => monotoneMap(A, B, m).parameters, [
    argument('A B', ({ W }) => W),
    argument('B A', ({ W }) => W),
    argument('margin', () => 1),
  ]),
  family(
    'monotoneConvolutionMap',
    (_, A: Given, B: Given, g: Given, h: Given, given: Given) => monotoneConvolutionMap(A, B, g, h, given).parameters,
    [
      argument('A B', ({ kernel }) => kernel),
      argument('B A', ({ kernel }) => kernel),
      argument('g', ({ one }) => one),
      argument('h', ({ one }) => one),
      options('torus margin', () => ({ torus: [2, 2] })),
    ],
  ),
  family(
    'interiorMask',
    (_, channels: Given, torus: Given, interior: Given, ring: Given) => interiorMask(channels, torus, interior, ring),
    [
      argument('channels', () => 1),
      argument('torus interior', () => [3, 3]),
      argument('interior', () => [1, 1]),
      argument('ring', () => 1),
    ],
  ),
  family('monotoneMatrix', (_, A: Given, B: Given, m: Given) => monotoneMatrix(A, B, m), [
    argument('A B', ({ W }) => W),
    argument('B A', ({ W }) => W),
    argument('margin', ({ one }) => one),
  ]),
  family('monotonicityMargin', (_, W: Given, n: Given) => monotonicityMargin(W, n), [
    argument('W', () => [0, 0, 0, 0]),
    argument('n', () => 2),
  ]),
  family('tunedStep', (_, W: Given, b: Given, given: Given) => tunedStep(W, b, given), [
    argument('W b', ({ W }) => W),
    argument('b W', ({ b }) => b),
    options(
      `tolerance backwardTolerance limit backwardLimit selection kinkUnits onFailedCertificate checkInputs ${LIMITS} activation initial margin largest`,
      () => ({ activation: 'relu', margin: 0.5 }),
    ),
  ]),

  family('lasso', (_, given: Given) => lasso(given), [
    options(`${LASSO} logLambda ridge initial`, (world) => ({ ...problem(world), logLambda: -1 })),
  ]),
  family('largestPenalty', (_, given: Given) => largestPenalty(given), [
    options('X y weights masks intercept signal', problem),
  ]),
  family('lassoPath', (_, given: Given) => lassoPath(given), [
    options(`${LASSO} ridge count depth logLambda chunk`, (world) => ({ ...problem(world), count: 2 })),
  ]),
  family('solution.gradientInterval', ({ lassoOf }, cotangent: Given) => lassoOf.gradientInterval(cotangent), [
    argument('cotangent', ({ v }) => v),
  ]),

  ...CONE_FAMILIES,
  ...DECLARATIVE_FAMILIES,
  ...DEEP_FAMILIES,
  ...PARAMETER_FAMILIES,
  ...SHARING_FAMILIES,
  ...SORTING_FAMILIES,
  ...SPARSE_FAMILIES,
  ...PROGRAM_FAMILIES,

  family('dense', (_, given: Given) => dense(given), [
    options('inputs outputs activation', () => ({ inputs: 2, outputs: 2 })),
  ]),
  family('dropout', (_, given: Given) => dropout(given), [options('inputs rate', () => ({ inputs: 2 }))]),
  family('layerNorm', (_, given: Given) => layerNorm(given), [options('inputs epsilon', () => ({ inputs: 2 }))]),
  family('monotone', (_, given: Given) => monotone(given), [
    options(`${SOLVE} timeLimit inputs width activation margin warmStart`, () => ({ inputs: 2, width: 2 })),
  ]),
  family('monotoneConvolution', (_, given: Given) => monotoneConvolution(given), [
    options(`${SOLVE} timeLimit inputChannels channels size kernel activation margin border`, () => ({
      inputChannels: 1,
      channels: 1,
      size: [2, 2],
    })),
  ]),
  family('activation', (_, given: Given) => activation(given), [
    options('inputs channels size activation', () => ({ inputs: 2, activation: 'relu' })),
  ]),
  family('averagePooling', (_, given: Given) => averagePooling(given), [
    options('channels size window stride padding', () => ({ channels: 1, size: [2, 2], window: 2 })),
  ]),
  family('batchNorm', (_, given: Given) => batchNorm(given), [
    options('inputs channels size epsilon momentum activation', () => ({ inputs: 2 })),
  ]),
  family('maximumPooling', (_, given: Given) => maximumPooling(given), [
    options('channels size window stride padding selection', () => ({ channels: 1, size: [2, 2], window: 2 })),
  ]),
  family('residual', (_, first: Given, second: Given) => residual(first, second), [
    argument('layer', ({ layer }) => layer),
    argument('layer', ({ layer }) => layer),
  ]),
  family('convolution', (_, given: Given) => convolution(given), [
    options('inputChannels channels size kernel stride padding bias activation', () => ({
      inputChannels: 1,
      channels: 1,
      size: [3, 3],
    })),
  ]),
  family('convolutionNetwork', (_, given: Given) => library.convolutionNetwork(given), [
    options('shape outputs channels window kernel activation margin tolerance solver linearSolver step', () => ({
      shape: [1, 4, 4],
      outputs: 2,
      channels: 1,
    })),
  ]),
  family('flatten', (_, given: Given) => flatten(given), [
    options('channels size', () => ({ channels: 1, size: [2, 2] })),
  ]),
  family('sparseCoding', (_, given: Given) => sparseCoding(given), [
    options(
      'inputs features logLambda ridge solver selection tolerance backwardTolerance limit backwardLimit kinkUnits onFailure onFailedCertificate timeLimit',
      () => ({ inputs: 2, features: 2 }),
    ),
  ]),
  family('sequential', (_, first: Given, second: Given) => sequential(first, second), [
    argument('layer', ({ layer }) => layer),
    argument('layer', ({ layer }) => layer),
  ]),

  family(
    'Model.initialise',
    withModel((made, _, engine: Given, seed: Given) => made.initialise(engine, seed)),
    [argument('engine', ({ engine }) => engine), argument('seed', () => 0)],
  ),
  family(
    'Model.takeUp',
    withModel((made, _, engine: Given, values: Given, memories: Given) => made.takeUp(engine, values, memories)),
    [
      argument('engine', ({ engine }) => engine),
      argument('values', ({ engine }) => [engine.tensor([1, 2, 3, 4], [2, 2]), engine.tensor([1, 2])]),
      argument('memories', () => [{ numbers: new Map(), tensors: new Map() }]),
    ],
  ),
  family(
    'Model.replaceParameters',
    withModel((made, _, values: Given) => made.replaceParameters(values)),
    [argument('values', ({ engine }) => [engine.tensor([1, 2, 3, 4], [2, 2]), engine.tensor([1, 2])])],
  ),
  family('Model.forward', (world, at: Given, given: Given) => world.model.forward(at, given), [
    argument('x input', ({ x }) => x),
    options('values solves signal training'),
  ]),
  family('Model.tuningDue', ({ model: made }, step: Given) => made.tuningDue(step), [argument('step', () => 0)]),
  family('Model.tune', ({ model: made }, at: Given, step: Given) => made.tune(at, step), [
    argument('x', ({ x }) => x),
    argument('step', () => 0),
  ]),
  family('Model.save', ({ model: made }, given: Given) => made.save(given), [options('extras')]),
  family('Model.load', ({ model: made }, bytes: Given, engine: Given) => made.load(bytes, engine), [
    argument('bytes checkpoint', ({ bytes }) => bytes),
    argument('engine', ({ engine }) => engine),
  ]),
  family('Model.predictValues', ({ model: made }, rows: Given, given: Given) => made.predictValues(rows, given), [
    argument('inputs', () => [1, 2]),
    options('batch signal'),
  ]),
  family('Model.predict', ({ model: made }, rows: Given, given: Given) => made.predict(rows, given), [
    argument('inputs', () => [1, 2]),
    options('batch signal'),
  ]),

  family('concat', (_, tensors: Given, axis: Given) => concat(tensors, axis), [
    argument('tensors tensor', ({ x, W }) => [x, W]),
    argument('axis', () => 0),
  ]),

  family('sphereProjection', (_, v: Given, given: Given) => library.sphereProjection(v, given), [
    argument('v', ({ x }) => x),
    options('radius'),
  ]),
  family('ballProjection', (_, v: Given, given: Given) => library.ballProjection(v, given), [
    argument('v', ({ x }) => x),
    options('radius selection'),
  ]),
  family('simplexProjection', (_, v: Given, given: Given) => simplexProjection(v, given), [
    argument('v', ({ x }) => x),
    options('radius selection'),
  ]),
  family('l1BallProjection', (_, v: Given, given: Given) => l1BallProjection(v, given), [
    argument('v', ({ x }) => x),
    options('radius selection'),
  ]),
  family('boxProjection', (_, v: Given, given: Given) => boxProjection(v, given), [
    argument('v', ({ x }) => x),
    options('low high selection'),
  ]),
  family('coneProjection', (_, v: Given, cones: Given, given: Given) => coneProjection(v, cones, given), [
    argument('v', ({ x }) => x),
    argument('cones tensor', () => [{ type: 'nonneg', dim: 2 }]),
    options('selection'),
  ]),

  family('adam', (_, given: Given) => adam(given), [options('rate beta1 beta2 epsilon')]),
  family('adamW', (_, given: Given) => adamW(given), [options('rate beta1 beta2 epsilon weightDecay')]),
  family('sgd', (_, given: Given) => sgd(given), [
    options('rate momentum nesterov weightDecay', () => ({ rate: 0.1 })),
  ]),
  family('stochasticGradient', (_, given: Given) => stochasticGradient(given), [
    options('theorem3 rate power scale seed', () => ({ theorem3: true })),
  ]),
  family('clipped', (_, optimiser: Given, given: Given) => clipped(optimiser, given), [
    argument('optimiser', ({ optimiser }) => optimiser),
    options('norm value', () => ({ norm: 1 })),
  ]),

  family('constantRate', (_, rate: Given) => constantRate(rate)(0, 0), [argument('rate', () => 1)]),
  family('stepDecay', (_, rate: Given, given: Given) => stepDecay(rate, given)(0, 0), [
    argument('rate', () => 1),
    options('factor every', () => ({ every: 2 })),
  ]),
  family('exponentialDecay', (_, rate: Given, given: Given) => exponentialDecay(rate, given)(0, 0), [
    argument('rate', () => 1),
    options('factor'),
  ]),
  family('polynomialDecay', (_, rate: Given, given: Given) => polynomialDecay(rate, given)(0, 0), [
    argument('rate', () => 1),
    options('power'),
  ]),
  family('cosine', (_, rate: Given, given: Given) => cosine(rate, given)(0, 0), [
    argument('rate', () => 1),
    options('epochs warmUp final', () => ({ epochs: 2 })),
  ]),
  family(
    'linearWarmUp',
    (_, rate: Given, given: Given) => {
      linearWarmUp(rate, given);
    },
    [argument('rate', () => 1), options('epochs from', () => ({ epochs: 2 }))],
  ),
  family('oneCycle', (_, rate: Given, given: Given) => oneCycle(rate, given)(0, 0), [
    argument('rate', () => 1),
    options('epochs rise first last', () => ({ epochs: 2 })),
  ]),
  family(
    'scheduleNamed',
    (_, name: Given, given: Given) => {
      scheduleNamed(name, given);
    },
    [argument('name', () => 'cosine'), options('rate epochs warmUp final', () => ({ rate: 1, epochs: 2 }))],
  ),
  family('a schedule', (_, epoch: Given, step: Given) => cosine(1, { epochs: 2 })(epoch, step), [
    argument('epoch', () => 0),
    argument('step', () => 0),
  ]),

  family('crossEntropy', (_, outputs: Given, targets: Given) => crossEntropy(outputs, targets), [
    argument('outputs', ({ x }) => x),
    argument('targets other', ({ x }) => x),
  ]),
  family('meanSquaredError', (_, outputs: Given, targets: Given) => meanSquaredError(outputs, targets), [
    argument('outputs', ({ x }) => x),
    argument('targets other', ({ x }) => x),
  ]),
  family(
    'meanAbsoluteError',
    (_, outputs: Given, targets: Given, weights: Given) => meanAbsoluteError(outputs, targets, weights),
    [
      argument('outputs', ({ x }) => x),
      argument('targets other', ({ x }) => x),
      argument('weights', ({ x }) => x.slice([0, 0], [x.shape[0], 1])),
    ],
  ),
  family(
    'huberLoss',
    (_, outputs: Given, targets: Given, weights: Given, given: Given) => huberLoss(outputs, targets, weights, given),
    [
      argument('outputs', ({ x }) => x),
      argument('targets other', ({ x }) => x),
      argument('weights', ({ x }) => x.slice([0, 0], [x.shape[0], 1])),
      options('delta'),
    ],
  ),
  family('oneHot', (_, labels: Given, classes: Given) => oneHot(labels, classes), [
    argument('labels', () => [0, 1]),
    argument('classes labels', () => 2),
  ]),

  family(
    'train',
    withModel((made, { engine }, data: Given, given: Given) => train(engine, made, data, given)),
    [
      argument('data', ({ samples }) => samples),
      options(
        'epochs batch optimiser seed loss classWeights validation metrics maximumSteps augmentation earlyStopping signal checkpoint resume onProgress',
        () => ({ epochs: 1, batch: 3, maximumSteps: 2 }),
      ),
    ],
  ),
  family('train on', ({ samples }, engine: Given, made: Given) => train(engine, made, samples, { maximumSteps: 1 }), [
    argument('engine', ({ engine }) => engine),
    argument('model engine', model),
  ]),
  family(
    'train for regression',
    withModel((made, { engine }, data: Given, given: Given) => train(engine, made, data, given)),
    [
      argument('data', numbered),
      options(
        'epochs batch optimiser seed loss delta standardiseTargets validation metrics maximumSteps earlyStopping signal checkpoint resume onProgress',
        () => ({ epochs: 1, batch: 3, maximumSteps: 2 }),
      ),
    ],
  ),
  family('evaluate', (_, made: Given, samples: Given, given: Given) => evaluate(made, samples, given), [
    argument('model', ({ model: of }) => of),
    argument('samples evaluate', ({ samples }) => samples),
    options('batch loss metrics signal'),
  ]),
  family('evaluate for regression', (_, made: Given, samples: Given, given: Given) => evaluate(made, samples, given), [
    argument('model', ({ model: of }) => of),
    argument('samples evaluate', numbered),
    options('batch loss delta metrics intervals signal'),
  ]),

  family('saveCheckpoint', (_, made: Given, given: Given) => saveCheckpoint(made, given), [
    argument('model', ({ model: of }) => of),
    options('extras'),
  ]),
  family('loadCheckpoint', (_, bytes: Given) => loadCheckpoint(bytes), [
    argument('bytes checkpoint', ({ bytes }) => bytes),
  ]),
  family('modelFrom', (_, checkpoint: Given, engine: Given, given: Given) => modelFrom(checkpoint, engine, given), [
    argument('checkpoint layers', ({ checkpoint }) => checkpoint),
    argument('engine', ({ engine }) => engine),
    options('layers parameters'),
  ]),
  family('downloadCheckpoint', (_, bytes: Given, name: Given) => inNoPage(() => downloadCheckpoint(bytes, name)), [
    argument('bytes page', ({ bytes }) => bytes),
    argument('name page', () => 'a.equilibra'),
  ]),

  family('heldOut', (_, rows: Given) => heldOut(rows), [options('X y', problem, 'rows options')]),
  family('crossValidation', (_, given: Given) => crossValidation(given), [options('folds seed')]),
  family('sure', (_, given: Given) => sure(given), [options('deviation seed', () => ({ deviation: 1 }))]),
  family('tune', (_, given: Given) => tune(given), [
    options(
      'X y intercept solve criterion penalty optimiser starts tolerance limit points onProgress signal timeLimit',
      (world) => ({ ...problem(world), criterion: world.criterion, starts: 1, limit: 2 }),
    ),
  ]),

  family('serveTraining', (_, scope: Given, build: Given) => serveTraining(scope, build), [
    argument('scope', idleEnd),
    argument('build', () => () => undefined),
  ]),
  family(
    'trainInWorker',
    (_, worker: Given, given: Given) => {
      trainInWorker(worker, 1, given).finished.catch(() => {});
    },
    [argument('worker', idleEnd), options('onProgress onCheckpoint resume signal')],
  ),

  family('Engine.tensor', ({ engine }, values: Given, shape: Given) => engine.tensor(values, shape), [
    argument('values tensor', () => [1, 2]),
    argument('shape tensor', () => [2]),
  ]),
  family(
    'Engine.scalar',
    ({ engine }, value: Given) => {
      engine.scalar(value);
    },
    [argument('value', () => 1e-4)],
  ),
  family(
    'Engine.write',
    ({ engine }, tensor: Given, values: Given) => {
      engine.write(tensor, values);
    },
    [argument('tensor values', ({ engine }) => engine.scalar(2)), argument('values tensor', () => [2])],
  ),
  family('Engine.tidy', ({ engine }, body: Given) => engine.tidy(body), [argument('body disposed', () => () => 1)]),
  family(
    'scope.tensor',
    ({ engine }, values: Given, shape: Given) =>
      engine.tidy((scope) => {
        scope.tensor(values, shape);
      }),
    [argument('values tensor', () => [1, 2]), argument('shape tensor', () => [2])],
  ),
  family(
    'scope.use',
    ({ engine }, tensor: Given) =>
      engine.tidy((scope) => {
        scope.use(tensor);
      }),
    [argument('tensor', ({ x }) => x)],
  ),
  family('Engine.kept', ({ engine }, tensor: Given) => engine.keepAlias(tensor), [argument('tensor', ({ x }) => x)]),
  family('Engine.memory', ({ engine }) => engine.memory().bytes, []),
  family('Engine.idle', ({ engine }) => engine.idle(), []),
  family('Engine.close', async () => (await open({ backend: 'cpu' })).close(), []),

  ...(['add', 'sub', 'mul', 'div'] as const).map((name) =>
    family(`Tensor.${name}`, ({ x: of }, other: Given) => of[name](other), [
      argument(
        `other ${name} broadcast operand divisor ${{ add: 'add', sub: 'subtract', mul: 'multiply', div: 'divide' }[name]}`,
        ({ x: of }) => of,
      ),
    ]),
  ),
  family('Tensor.matmul', ({ x: of }, other: Given, given: Given) => of.matmul(other, given), [
    argument('other matmul', ({ x: of }) => of),
    options('transposeA transposeB'),
  ]),
  ...(['maximum', 'minimum'] as const).map((name) =>
    family(`Tensor.${name}`, ({ x: of }, other: Given, given: Given) => of[name](other, given), [
      argument(`other ${name}`, ({ x: of }) => of),
      options('selection'),
    ]),
  ),
  ...(['relu', 'abs'] as const).map((name) =>
    family(`Tensor.${name}`, ({ x: of }, given: Given) => of[name](given), [options('selection')]),
  ),
  family('Tensor.softThreshold', ({ x: of }, threshold: Given, given: Given) => of.softThreshold(threshold, given), [
    argument('threshold', () => 1),
    options('selection'),
  ]),
  family('Tensor.leakyRelu', ({ x: of }, slope: Given, given: Given) => of.leakyRelu(slope, given), [
    argument('slope', () => 0.1),
    options('selection'),
  ]),
  family('Tensor.elu', ({ x: of }, alpha: Given, given: Given) => of.elu(alpha, given), [
    argument('alpha', () => 0.5),
    options('selection'),
  ]),
  family('Tensor.clip', ({ x: of }, low: Given, high: Given, given: Given) => of.clip(low, high, given), [
    argument('low', () => -1),
    argument('high', () => 1),
    options('selection'),
  ]),
  ...(['sum', 'mean'] as const).map((name) =>
    family(`Tensor.${name}`, ({ x: of }, axes: Given, given: Given) => of[name](axes, given), [
      argument('axes axis', () => 0),
      options('keepAxes'),
    ]),
  ),
  family('Tensor.reshape', ({ x: of }, shape: Given) => of.reshape(shape), [argument('shape reshape', () => [4])]),
  family('Tensor.transpose', ({ x: of }, permutation: Given) => of.transpose(permutation), [
    argument('permutation', () => [1, 0]),
  ]),
  family('Tensor.slice', ({ x: of }, starts: Given, sizes: Given) => of.slice(starts, sizes), [
    argument('starts slice', () => [0, 0]),
    argument('sizes slice', () => [1, 1]),
  ]),
  family('Tensor.gather', ({ x: of }, indices: Given) => of.gather(indices), [argument('indices', () => [0])]),
  family('Tensor.dropout', ({ x: of }, rate: Given, given: Given) => of.dropout(rate, given), [
    argument('rate', () => 0.5),
    options('seed', () => ({ seed: 0 })),
  ]),
  family('Tensor.layerNorm', ({ x: of }, given: Given) => of.layerNorm(given), [options('gain bias epsilon')]),
  ...(
    [
      'neg',
      'exp',
      'sqrt',
      'square',
      'tanh',
      'sigmoid',
      'softplus',
      'softsign',
      'arctan',
      'softmax',
      'logSoftmax',
    ] as const
  ).map((name) => family(`Tensor.${name}`, ({ y: of }) => of[name](), [])),
  family('Tensor.log', ({ y: of }) => of.log(), []),
  family('Tensor.data', ({ x: of }) => of.data(), []),
  family('Tensor.verified', ({ x: of }) => of.verified(), []),
  family('Tensor.dispose', ({ engine }) => engine.tensor([1]).dispose(), []),
];
