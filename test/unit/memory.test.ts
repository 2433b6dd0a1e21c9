/** After a call of any public function, however it ends, only its results are left. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  graphSamples,
  nodeSamples,
  parseSafetensors,
  undirectedGraph,
  writeSafetensors,
} from '../../src/data/index.ts';
import * as library from '../../src/index.ts';
import {
  activation,
  adam,
  adamW,
  argmin,
  argsort,
  averagePooling,
  ballProjection,
  batchNorm,
  boxProjection,
  type Cone,
  type Criterion,
  clipped,
  concat,
  coneLayer,
  coneProgram,
  coneProjection,
  contractive,
  contractiveFixedPoint,
  contractiveMatrix,
  convolution,
  crossEntropy,
  crossValidation,
  dense,
  dropout,
  type Engine,
  equilibrium,
  evaluate,
  type FixedPointOptions,
  fixedPoint,
  flatten,
  gradientOf,
  graphFixedPoint,
  graphProduct,
  heldOut,
  huberLoss,
  type ImplicitSolution,
  implicitGraph,
  implicitNodes,
  inverse,
  isotonicRegression,
  jacobianPenalty,
  jacobianVectorProduct,
  type Layer,
  l1BallProjection,
  largestPenalty,
  largestSparsePenalty,
  lasso,
  lassoPath,
  layerNorm,
  linearProgram,
  loadCheckpoint,
  loadParameters,
  loadStateDict,
  type Model,
  type MonotoneOptions,
  maximumPooling,
  meanAbsoluteError,
  meanSquaredError,
  median,
  modelFrom,
  monotone,
  monotoneConvolution,
  monotoneConvolutionMap,
  monotoneFixedPoint,
  monotoneMap,
  monotoneMatrix,
  type Optimiser,
  open,
  optimalTransport,
  pullbackOf,
  quadraticLayer,
  quadraticProgram,
  rank,
  residual,
  robustPooling,
  root,
  saveCheckpoint,
  saveParameters,
  sequential,
  sgd,
  simplexProjection,
  smallestSupportVectorCost,
  softRank,
  softSort,
  sort,
  sparseCoding,
  sparseModel,
  sparseModelPath,
  spectralNormalisation,
  sphereProjection,
  stateDictOf,
  stochasticGradient,
  supportVectorMachine,
  supportVectorMachinePath,
  sure,
  type Tensor,
  type TrainOptions,
  topK,
  topKMask,
  totalLeastSquares,
  train,
  tune,
  tunedStep,
  tuneSparseModel,
  tuneSupportVectorMachine,
  valueAndGrad,
  weightedLeastSquares,
} from '../../src/index.ts';
import { clouds } from '../support/clouds.ts';

/** An object that holds tensors. */
type Held = Pick<Tensor, 'dispose'>;
/** The results of a call: tensors, which are counted, and other objects to dispose of. */
interface Left {
  readonly tensors?: readonly Tensor[];
  readonly others?: readonly Held[];
}

interface Inputs {
  readonly engine: Engine;
  readonly t: (values: readonly number[], shape?: readonly number[]) => Tensor;
  readonly x: Tensor; // [2, 2], with a kink
  readonly W: Tensor; // [2, 2], monotone
  readonly zero: Tensor; // [2, 2]
  readonly one: Tensor; // [1]
  readonly X: Tensor; // [4, 2]
  readonly y: Tensor; // [4]
  readonly model: Model;
}

type Call = (inputs: Inputs) => Left | Promise<Left>;

const KINKED: Record<string, (z: Tensor) => Tensor> = {
  relu: (z) => z.relu(),
  abs: (z) => z.abs(),
  softThreshold: (z) => z.softThreshold(0.5),
  leakyRelu: (z) => z.leakyRelu(),
  elu: (z) => z.elu(0.5),
  clip: (z) => z.clip(0, 1),
  maximum: (z) => z.maximum(z.mul(0.5)),
  minimum: (z) => z.minimum(z.mul(0.5)),
};
const step = (z: Tensor, x: Tensor): Tensor => z.mul(0.5).add(x).relu();
const monotoneOptions: MonotoneOptions = { margin: 0.3, activation: 'relu' };
const masked: MonotoneOptions = { margin: 0.3, activation: { name: 'relu', mask: [1, 0] } } as MonotoneOptions;
const leaveSolution = (solution: ImplicitSolution): Left => ({ tensors: [solution] });
const fail = (): never => {
  throw new Error('on purpose');
};
/** Throws; the tensors made before it are for others to free. */
const failAfter = (..._made: unknown[]): never => fail();
const nothingOf = (call: Promise<unknown>): Promise<Left> => call.then(() => ({}));
const boxed = {
  P: [
    [2, 1],
    [1, 2],
  ],
  q: [1, 2],
  A: [
    [1, 0],
    [0, 1],
  ],
  l: [0, -3],
  u: [3, null],
};
const round = {
  P: [
    [2, 0],
    [0, 2],
  ],
  A: [
    [0, 0],
    [-1, 0],
    [0, -1],
  ],
  b: [1, 0, 0],
  c: [3, 1],
  cones: [{ type: 'soc', dim: 3 }] as const,
};
const solving = (f: (z: Tensor, x: Tensor) => Tensor, { zero, x }: Inputs): ImplicitSolution =>
  fixedPoint(f, { unknown: zero, inputs: [x] });
/** Calls a function on a solution, and disposes of the solution. */
const callOn =
  (
    make: (inputs: Inputs) => ImplicitSolution,
    call: (solution: ImplicitSolution, inputs: Inputs) => Promise<unknown>,
  ): Call =>
  async (inputs) => {
    const solution = make(inputs);
    try {
      await call(solution, inputs);
    } finally {
      solution.dispose();
    }
    return {};
  };
const grad =
  (
    lossOf: (inputs: Inputs, ...given: Tensor[]) => Tensor | Promise<Tensor>,
    names: readonly ('x' | 'W' | 'one' | 'X' | 'y')[] = ['x'],
  ): Call =>
  async (inputs) => {
    const [, gradients] = await valueAndGrad(
      (...given) => lossOf(inputs, ...given),
      names.map((name) => inputs[name]),
    );
    return { tensors: gradients };
  };
const GRAPH = undirectedGraph({ nodes: 2, edges: [[0, 1]], weights: [0.5] });
const ROWS = graphSamples([0, 1].map((label) => ({ graph: GRAPH, label })));
const training =
  (options: (inputs: Inputs) => TrainOptions, layers: () => Layer[] = () => [dense({ inputs: 2, outputs: 3 })]): Call =>
  async ({ engine }) => {
    const model = sequential(...layers());
    model.initialise(engine);
    try {
      await train(engine, model, clouds(12), { epochs: 2, batch: 4, ...options({} as Inputs) });
    } finally {
      model.dispose();
    }
    return {};
  };
/** An optimiser that creates a tensor and then throws. */
const brokenStart: Optimiser = {
  ...sgd({ rate: 0.1 }),
  start(engine, parameters) {
    for (const { size } of parameters) engine.tensor(new Float32Array(size));
    return fail();
  },
};
const brokenUpdate: Optimiser = {
  ...adam(),
  start(...given) {
    const state = adam().start(...given);
    return {
      ...state,
      update(values, gradients, epoch, at) {
        if (at === 2) {
          values[0].mul(2);
          fail();
        }
        return state.update(values, gradients, epoch, at);
      },
    };
  },
};

const CALLS: Record<string, Call> = {
  valueAndGrad: grad((_, x) => x.square().sum()),
  'valueAndGrad, with constants made on the way': grad(({ W, engine }, x) =>
    x
      .mul(W.mul(2))
      .add(engine.tensor([1, 2]))
      .sum(),
  ),
  'valueAndGrad, which is asynchronous': grad(async ({ engine }, x) => {
    const y = x.mul(2);
    await engine.idle();
    return y.square().sum();
  }),
  'valueAndGrad, nested': grad(async (_, x) => (await valueAndGrad((y) => y.square().mul(y).sum(), [x]))[1][0].sum()),
  'valueAndGrad, nested, with others': grad(async ({ W }, x) => {
    const [, [g, h]] = await valueAndGrad((y, w) => y.mul(w).square().sum(), [x, W]);
    return g.mul(h).sum();
  }),
  'valueAndGrad that throws': grad((_, x) => {
    x.mul(2);
    return fail();
  }),
  'valueAndGrad that rejects': grad(async ({ W }, x) => {
    W.mul(3).add(x);
    await Promise.resolve();
    return fail();
  }),
  'valueAndGrad of what is no number': grad((_, x) => x.mul(2)),
  // A tensor that is created after an await, and from no other tensor, belongs to the caller, like one from outside.
  'valueAndGrad of what was read': async (given) => {
    let read: Tensor | undefined;
    try {
      return await grad(async ({ engine }, x) => {
        read = engine.tensor([(await x.sum().data())[0]]);
        return read;
      })(given);
    } finally {
      read?.dispose();
    }
  },
  'valueAndGrad of a solve that fails': grad(({ zero }, x) =>
    fixedPoint((z, a) => z.mul(-3).add(a), { unknown: zero, inputs: [x], limit: 5 }).sum(),
  ),
  'valueAndGrad with a kink that cannot be differentiated twice': grad(async (_, x) =>
    (await valueAndGrad((y) => y.relu().sum(), [x]))[1][0].sum(),
  ),
  jacobianVectorProduct: async ({ x, W }) => ({ tensors: await jacobianVectorProduct((a) => a.matmul(a), [x], [W]) }),
  'jacobianVectorProduct that throws': async ({ x, W }) => ({
    tensors: await jacobianVectorProduct((a) => failAfter(a.matmul(a)), [x], [W]),
  }),
  'jacobianVectorProduct, nested': grad(async ({ W }, x) =>
    (await jacobianVectorProduct((a) => a.matmul(a), [x], [W]))[1].sum(),
  ),
  gradientOf: async ({ x, engine }) => ({
    tensors: [await engine.tidy((scope) => gradientOf((a) => a.square())(scope.use(x)))],
  }),
  'tidy, as in TensorFlow.js': async ({ engine, x, W }) => ({ tensors: [await engine.tidy(() => x.sub(W.mul(0.1)))] }),
  'tidy that returns an object, and what was there before': async ({ engine, x, W }) => {
    const { a, b } = await engine.tidy(() => ({ a: [x.mul(2).add(1)], b: W }));
    expect(b.isDisposed).toBe(false);
    return { tensors: a };
  },
  'tidy that throws': async ({ engine, x, W }) => ({
    tensors: [await engine.tidy(() => failAfter(x.sub(W.mul(0.1))))],
  }),
  'tidy, asynchronous': async ({ engine, x, W }) => ({
    tensors: [
      await engine.tidy(async (scope) => {
        const y = x.sub(W.mul(0.1));
        await y.data();
        return y
          .mul(2)
          .add(scope.use(W).mul(2))
          .add(scope.tensor([1]));
      }),
    ],
  }),
  'tidy in tidy': async ({ engine, x, W }) => ({
    tensors: [
      await engine.tidy(async () => {
        const y = x.add(W);
        const z = await engine.tidy(() => y.mul(2).sub(W.mul(3)));
        await engine.tidy(() => y.mul(2).add(x.mul(2)));
        return z.add(y);
      }),
    ],
  }),
  'tidy around everything': async ({ engine, x, W, zero, X, y, model }) => {
    const bodies: (() => unknown)[] = [
      async () => {
        const [, [g]] = await valueAndGrad((a) => a.square().sum(), [x]);
        g.add(1);
      },
      () => valueAndGrad((a) => fixedPoint(step, { unknown: zero, inputs: [a] }).sum(), [x]).then(() => {}),
      () => void monotoneFixedPoint(W, x, monotoneOptions),
      () => void lasso({ X, y, logLambda: 0, intercept: true }),
      async () => void (await lassoPath({ X, y, count: 3 })),
      async () => void (await model.predict([1, 2])),
    ];
    for (const [index, body] of bodies.entries()) {
      await engine.tidy(body);
      const before = engine.memory().buffers;
      await engine.tidy(body);
      expect([index, engine.memory().buffers - before]).toEqual([index, 0]);
    }
    return {};
  },
  'a model that is made and trained in tidy stays': async ({ engine }) => {
    const model = sequential(monotone({ inputs: 2, width: 2, warmStart: 'step' }), dense({ inputs: 2, outputs: 3 }));
    await engine.tidy(() =>
      train(engine, model, clouds(6), { epochs: 1, batch: 3, earlyStopping: { patience: 1, on: 'training loss' } }),
    );
    expect((await model.predict([1, 2])).classes).toHaveLength(1);
    return { others: [model] };
  },
  concat: ({ x, W }) => ({ tensors: [concat([x, W]), concat([x, W, x], 1)] }),
  operations: ({ x, W }) => ({
    tensors: [
      ...Object.values(KINKED)
        .slice(0, 6)
        .map((f) => f(x)),
      ...[
        x.matmul(W),
        x.add(W),
        x.sub(1),
        x.mean(),
        x.sum(0),
        x.softmax(),
        x.logSoftmax(),
        x.layerNorm(),
        x.transpose(),
      ],
      ...[x.dropout(0.5, { seed: 1 }), x.gather([1, 1]), x.slice([0, 0], [1, 2]), x.maximum(W), x.minimum(W)],
    ],
  }),
  projections: ({ x }) => ({
    tensors: [
      ...[simplexProjection, l1BallProjection, ballProjection, sphereProjection].flatMap((f) => [
        f(x),
        f(x, { radius: 2 }),
      ]),
      ...[{}, { low: 0, high: 0 }, { low: x, high: 3 }].map((bounds) => boxProjection(x, bounds)),
      ...[['soc'], ['nonneg', 'free'], ['zero', 'nonneg']].map((types) =>
        coneProjection(
          x,
          types.map((type) => ({ type, dim: x.shape[1] / types.length }) as Cone),
        ),
      ),
    ],
  }),
  sorting: ({ x }) => ({
    tensors: [
      ...[sort(x), topK(x, 1), median(x), rank(x), argsort(x), topKMask(x, 1)],
      ...[isotonicRegression(x), softSort(x), softRank(x, { strength: 0.1 })],
    ],
  }),
  'concat that throws': ({ x, y }) => ({ tensors: [concat([x, y])] }),
  fixedPoint: async ({ zero, x }) => {
    const solution = fixedPoint(step, { unknown: zero, inputs: [x] });
    await solution.data();
    return leaveSolution(solution);
  },
  'fixedPoint by a solver of the caller': (given) =>
    leaveSolution(
      fixedPoint(step, {
        unknown: given.zero,
        inputs: [given.x],
        solver: (z, x) => step(step(z, x), x).add(1).sub(1),
        onFailure: 'report',
      } satisfies FixedPointOptions),
    ),
  'fixedPoint by a solver of the caller that throws': (given) =>
    leaveSolution(fixedPoint(step, { unknown: given.zero, inputs: [given.x], solver: (z) => failAfter(z.add(1)) })),
  'fixedPoint of a function that throws': (given) => leaveSolution(solving((z) => failAfter(z.add(1)), given)),
  'fixedPoint that fails': async (given) => {
    const solution = fixedPoint((z, x) => z.mul(-3).add(x), { unknown: given.zero, inputs: [given.x], limit: 5 });
    await solution.data().catch(() => {});
    return leaveSolution(solution);
  },
  'fixedPoint of a function that solves': async (given) => {
    const inner = (z: Tensor): Tensor => fixedPoint((a, b) => a.mul(0.2).add(b).relu(), { unknown: z, inputs: [z] });
    const solution = solving((z, x) => inner(z).mul(0.3).add(x), given);
    await solution.data();
    return leaveSolution(solution);
  },
  contractiveFixedPoint: callOn(
    ({ W, x }) => contractiveFixedPoint(W, x, { activation: 'relu' }),
    ({ solve }) => solve.certify(),
  ),
  'contractiveFixedPoint of a matrix that is not contractive': async ({ W, x }) => {
    const A = W.mul(9);
    const solution = contractiveFixedPoint(A, x, { activation: 'abs', limit: 5, onFailure: 'report' });
    A.dispose();
    await solution.solve.report;
    return leaveSolution(solution);
  },
  graphFixedPoint: callOn(
    ({ W, x }) => graphFixedPoint(W, GRAPH, x, { activation: 'relu' }),
    ({ solve }) => solve.certify(),
  ),
  graphProduct: ({ x }) => ({ tensors: [graphProduct(x, GRAPH)] }),
  contractiveMatrix: ({ W }) => ({ tensors: [contractiveMatrix(W, 0.9)] }),
  root: ({ x, zero }) => leaveSolution(root((z, a) => z.sub(a.mul(0.5)), { unknown: zero, inputs: [x] })),
  argmin: ({ x, zero }) => leaveSolution(argmin((z, a) => z.sub(a).square().sum(), { unknown: zero, inputs: [x] })),
  inverse: ({ x, zero }) => leaveSolution(inverse((z) => z.mul(2), x, { unknown: zero })),
  ...Object.fromEntries(
    Object.entries(KINKED).flatMap(([name, f]): [string, Call][] => {
      const make = (given: Inputs): ImplicitSolution => solving((z, x) => f(z.mul(0.5).add(x)), given);
      const single = ({ zero, one }: Inputs): ImplicitSolution =>
        fixedPoint((z, a) => f(z.mul(0.5).add(a)), { unknown: zero, inputs: [one] });
      return [
        [`${name}: certify`, callOn(make, ({ solve }) => solve.certify())],
        [`${name}: certify on a radius`, callOn(make, ({ solve }) => solve.certify({ radius: 0.5 }))],
        [`${name}: certify by an estimate`, callOn(make, ({ solve }) => solve.certify({ estimate: true }))],
        [`${name}: select`, callOn(make, ({ solve }) => solve.select(() => 0.25))],
        [`${name}: select that throws`, callOn(make, ({ solve }) => solve.select(fail))],
        [`${name}: gradientInterval`, callOn(single, ({ solve }, { x }) => solve.gradientInterval(x))],
        [
          `${name}: a gradient with certify, and a selection in the loss`,
          grad(async ({ zero }, x) => {
            const z = fixedPoint((a, b) => f(a.mul(0.5).add(b)), {
              unknown: zero,
              inputs: [x],
              certify: true,
              onFailedCertificate: 'ignore',
            });
            await z.solve.select(() => 0.5);
            return z.sum();
          }),
        ],
      ];
    }),
  ),
  monotoneFixedPoint: ({ W, x }) => ({ others: [monotoneFixedPoint(W, x, monotoneOptions)] }),
  'monotoneFixedPoint: certificate': async ({ W, x }) => {
    const solution = monotoneFixedPoint(W, x, monotoneOptions);
    await solution.certificate();
    solution.dispose();
    return {};
  },
  'monotoneFixedPoint: certificate, with a mask': async ({ W, x }) => {
    const solution = monotoneFixedPoint(W, x, masked);
    await solution.certificate();
    solution.dispose();
    return {};
  },
  'monotoneFixedPoint: gradients': grad((_, x, W) => monotoneFixedPoint(W, x, monotoneOptions).z.sum(), ['x', 'W']),
  'monotoneFixedPoint of a W that is not monotone': async ({ t, x }) => {
    const large = t([9, 0, 0, 9], [2, 2]);
    const solution = monotoneFixedPoint(large, x, monotoneOptions);
    await solution.z.data().catch(() => {});
    return { others: [solution, large] };
  },
  monotoneConvolutionMap: async ({ t, x, one }) => {
    const kernel = t([1], [1, 1, 1, 1]);
    const map = monotoneConvolutionMap(kernel, kernel, one, one, { torus: [1, 2] });
    const solution = monotoneFixedPoint(map, x, { activation: 'relu' });
    await solution.z.data();
    return { tensors: [kernel], others: [solution] };
  },
  pullbackOf: ({ x, W }) => {
    const { output, pullback, dispose } = pullbackOf((z: Tensor, w: Tensor) => z.mul(w).relu(), [x, W]);
    const products = pullback(output);
    dispose();
    return { tensors: products };
  },
  'pullbackOf a function that throws': ({ x }) => {
    pullbackOf((z: Tensor) => failAfter(z.relu()), [x]);
    return {};
  },
  'monotoneMap and monotoneMatrix': ({ W, one, engine }) => {
    void engine;
    const map = monotoneMap(W, W, 1);
    return { tensors: [monotoneMatrix(W, W, one), ...map.parameters] };
  },
  tunedStep: ({ W, x }) => nothingOf(tunedStep(W, x, monotoneOptions)),
  lasso: ({ X, y }) => ({ others: [lasso({ X, y, logLambda: 0 })] }),
  'lasso with everything': async ({ X, y, t }) => {
    const masks = t([1, 1, 1, 0, 1, 1, 0, 1], [2, 4]);
    const weights = t([1, 2]);
    const cotangent = t([1, 1, 1, 1], [2, 2]);
    const solution = lasso({ X, y, logLambda: [0, 0.1], masks, intercept: true, weights, ridge: 0.1 });
    await solution.certificate();
    await solution.gradientInterval(cotangent);
    return { others: [solution, masks, weights, cotangent] };
  },
  'lasso: gradients': grad((_, X, y) => lasso({ X, y, logLambda: 0, intercept: true }).beta.sum(), ['X', 'y']),
  sparseModel: async ({ X, y, t }) => {
    const weights = t([1, 2]);
    const cotangent = t([1, 1, 1, 1], [2, 2]);
    const solution = sparseModel({ X, y, logLambda: [0, 0.1], intercept: true, weights });
    await solution.certificate();
    await solution.gradientInterval(cotangent);
    return { others: [solution, weights, cotangent] };
  },
  'sparseModel: gradients': grad(
    (_, X, y) => sparseModel({ X, y, logLambda: 0, intercept: true }).beta.sum(),
    ['X', 'y'],
  ),
  'sparseModel: tangents': async ({ X, y }) => {
    const model = (given: Tensor) => sparseModel({ X: given, y, logLambda: 0 }).beta.sum();
    const [value, tangent] = await jacobianVectorProduct(model, [X], [X]);
    return { tensors: [value, tangent] };
  },
  'sparseModel of shapes that do not fit': ({ X, x }) => ({ others: [sparseModel({ X, y: x, logLambda: 0 })] }),
  sparseModelPath: async ({ X, y }) => ({ others: [await sparseModelPath({ X, y, count: 3, intercept: true })] }),
  tuneSparseModel: async ({ X, y }) => {
    await tuneSparseModel({ X, y, criterion: heldOut({ X, y }), limit: 3 });
    return {};
  },
  largestSparsePenalty: async ({ X, y }) => {
    await largestSparsePenalty({ X, y, intercept: true });
    return {};
  },
  supportVectorMachine: async ({ X, t }) => {
    const [y, rowWeights] = [t([1, -1, -1, 1]), t([1, 2, 1, 1, 1, 1, 3, 1], [2, 4])];
    const cotangent = t([1, 1, 1, 1], [2, 2]);
    const solution = supportVectorMachine({ X, y, logC: [0, 1], intercept: true, rowWeights });
    await solution.certificate();
    await solution.gradientInterval(cotangent);
    return { others: [solution, y, rowWeights, cotangent] };
  },
  'supportVectorMachine: gradients': grad(
    ({ t }, X) => {
      const y = t([1, -1, -1, 1]);
      return supportVectorMachine({ X, y, logC: 0 }).beta.sum();
    },
    ['X'],
  ),
  'supportVectorMachine of shapes that do not fit': ({ X, x }) => ({
    others: [supportVectorMachine({ X, y: x, logC: 0 })],
  }),
  supportVectorMachinePath: async ({ X, t }) => {
    const y = t([1, -1, -1, 1]);
    return { others: [y, await supportVectorMachinePath({ X, y, count: 3, intercept: true })] };
  },
  tuneSupportVectorMachine: async ({ X, t }) => {
    const y = t([1, -1, -1, 1]);
    await tuneSupportVectorMachine({ X, y, criterion: heldOut({ X, y }), limit: 3 });
    return { others: [y] };
  },
  smallestSupportVectorCost: async ({ X, t }) => {
    const y = t([1, -1, -1, 1]);
    await smallestSupportVectorCost({ X, y });
    return { others: [y] };
  },
  'lasso of shapes that do not fit': ({ X, x }) => ({ others: [lasso({ X, y: x, logLambda: 0 })] }),
  quadraticProgram: ({ engine }) => ({ others: [quadraticProgram({ engine, ...boxed })] }),
  'quadraticProgram: derivatives of arrays': async ({ engine, x }) => {
    const q = x.sub(1);
    const solution = quadraticProgram({ engine, ...boxed, q, initial: { x: [0, 0] } });
    await solution.certificate();
    await solution.gradients({ x: q });
    await solution.gradientIntervals({ x: [1, 0] });
    await solution.tangents({ q: [1, 0] });
    return { others: [solution, q] };
  },
  'quadraticProgram: gradients': grad(
    (_, q, P) => quadraticProgram({ ...boxed, q, P: P.matmul(P.transpose()) }).x.sum(),
    ['x', 'W'],
  ),
  'quadraticProgram: tangents': async ({ x }) => {
    const [value, tangent] = await jacobianVectorProduct((q) => quadraticProgram({ ...boxed, q }).z.sum(), [x], [x]);
    return { tensors: [value, tangent] };
  },
  'quadraticProgram that fails': async ({ x }) => {
    const solution = quadraticProgram({ ...boxed, q: x, limit: 1 });
    await solution.x.data().catch(() => {});
    return { others: [solution] };
  },
  'quadraticProgram: shapes that do not fit': ({ x }) => ({ others: [quadraticProgram({ ...boxed, q: x, l: [0] })] }),
  linearProgram: ({ x, zero, t }) => {
    const rows = t([1, 0, 0, 1], [2, 2]);
    return { others: [linearProgram({ q: x, A: rows, l: zero, u: [1, 1] }), rows] };
  },
  coneProgram: ({ engine }) => ({ others: [coneProgram({ engine, ...round })] }),
  'coneProgram: derivatives of arrays': async ({ engine, x }) => {
    const c = x.sub(1);
    const solution = coneProgram({ engine, ...round, c, initial: { x: [0, 0] } });
    await solution.certificate();
    await solution.gradients({ x: c });
    await solution.gradientIntervals({ x: [1, 0] });
    await solution.tangents({ c: [1, 0] });
    return { others: [solution, c] };
  },
  'coneProgram: gradients': grad(
    (_, c, P) => coneProgram({ ...round, c, P: P.matmul(P.transpose()) }).x.sum(),
    ['x', 'W'],
  ),
  'coneProgram by splitting: gradients': grad(
    (_, c, P) => coneProgram({ ...round, c, P: P.matmul(P.transpose()), solver: 'splitting' }).x.sum(),
    ['x', 'W'],
  ),
  'coneProgram: tangents': async ({ x }) => {
    const [value, tangent] = await jacobianVectorProduct((c) => coneProgram({ ...round, c }).s.sum(), [x], [x]);
    return { tensors: [value, tangent] };
  },
  'coneProgram that fails': async ({ x }) => {
    const solution = coneProgram({ ...round, c: x, limit: 1 });
    await solution.x.data().catch(() => {});
    return { others: [solution] };
  },
  'coneProgram: shapes that do not fit': ({ x }) => ({ others: [coneProgram({ ...round, c: x, b: [0] })] }),
  robustPooling: async ({ x }) => {
    const pooled = robustPooling(x, { penalty: 'welsch' });
    await pooled.certificate();
    return { others: [pooled] };
  },
  'robustPooling: gradients': grad(
    (_, x, weights, scale) =>
      robustPooling(x, {
        penalty: 'huber',
        weights: weights.square(),
        scale: scale.sum().square().reshape([1]),
      }).y.sum(),
    ['x', 'W', 'one'],
  ),
  'robustPooling: tangents': async ({ x }) => {
    const f = (given: Tensor): Tensor => robustPooling(given, { penalty: 'pseudo-huber' }).y.sum();
    const [value, tangent] = await jacobianVectorProduct(f, [x], [x]);
    return { tensors: [value, tangent] };
  },
  'robustPooling that fails': async ({ x }) => {
    const pooled = robustPooling(x, { penalty: 'huber', weights: x });
    await pooled.y.data().catch(() => {});
    return { others: [pooled] };
  },
  'least squares': async ({ X, y }) => {
    const solutions = [weightedLeastSquares(X, y), totalLeastSquares(X)];
    await Promise.all(solutions.map((solution) => solution.certificate()));
    return { others: solutions };
  },
  'least squares: gradients': grad(
    (_, A, y, M) => weightedLeastSquares(A, y).beta.sum().add(totalLeastSquares(M).x.square().sum()),
    ['X', 'y', 'W'],
  ),
  optimalTransport: async ({ x }) => {
    const solution = optimalTransport(x, { epsilon: 1 });
    await solution.certificate();
    return { others: [solution] };
  },
  'optimalTransport: gradients': grad(
    (_, C, epsilon) => optimalTransport(C, { epsilon }).plan.square().sum(),
    ['x', 'one'],
  ),
  'soft sorting and ranking: gradients': grad(
    (_, x, strength) => softSort(x, { strength }).square().sum().add(softRank(x, { strength }).mul(x).sum()),
    ['x', 'one'],
  ),
  lassoPath: async ({ X, y }) => {
    const { beta, intercept } = await lassoPath({ X, y, count: 7, chunk: 3, intercept: true });
    return { tensors: [beta, intercept] };
  },
  'lassoPath that is aborted': async ({ X, y }) => {
    const signal = AbortSignal.timeout(1);
    await lassoPath({ X, y, count: 400, chunk: 1, signal });
    return {};
  },
  largestPenalty: ({ X, y }) => nothingOf(largestPenalty({ X, y })),
  tune: ({ X, y }) => nothingOf(tune({ X, y, criterion: crossValidation({ folds: 2 }), limit: 3 })),
  'tune by SURE, and on held out rows': async ({ X, y }) => {
    await tune({ X, y, criterion: sure({ deviation: 0.5 } as never), limit: 3 });
    await tune({ X, y, criterion: heldOut({ X, y }), limit: 3, penalty: 'elasticNet' as never }).catch(() => {});
    return {};
  },
  'tune with a criterion that throws': async ({ X, y }) => {
    const criterion: Criterion = {
      name: 'broken',
      begin(scope) {
        scope.tensor([1, 2, 3]);
        return fail();
      },
    };
    await tune({ X, y, criterion });
    return {};
  },
  'tune with a judge that throws': async ({ X, y }) => {
    await tune({ X, y, criterion: { name: 'broken', begin: () => ({ copies: 1, judge: fail }) } });
    return {};
  },
  'losses in a differentiated function': grad(({ W }, x) =>
    crossEntropy(x, W.mul(1)).add(meanSquaredError(x, W)).add(meanAbsoluteError(x, W)).add(huberLoss(x, W)),
  ),
  'a model: forward, predict, evaluate': async ({ engine, model, x }) => {
    await model.predict([1, 2, 3, 4], { batch: 1 });
    await evaluate(model, clouds(5), { batch: 2 });
    return { tensors: [await engine.tidy(() => model.forward(x))] };
  },
  'predict and evaluate that throw': async ({ model }) => {
    await expect(model.predict([Number.NaN, 2])).rejects.toThrow();
    await evaluate(model, clouds(5), { loss: fail });
    return {};
  },
  'a model whose parameters cannot be made': ({ engine }) => {
    const layer = dense({ inputs: 2, outputs: 2 });
    const [W, b] = layer.parameters;
    const model = sequential({ ...layer, parameters: [W, { ...b, initial: fail }] });
    model.initialise(engine);
    return { others: [model] };
  },
  checkpoints: async ({ engine, model }) => {
    const read = loadCheckpoint(await saveCheckpoint(model));
    return { others: [modelFrom(read, engine)] };
  },
  'parameters as safetensors': async ({ engine, model }) => {
    const copy = sequential(monotone({ inputs: 2, width: 2 }), dense({ inputs: 2, outputs: 3 }));
    loadParameters(copy, engine, await saveParameters(model));
    return { others: [copy] };
  },
  'parameters of PyTorch': async ({ engine, model }) => {
    const copy = sequential(monotone({ inputs: 2, width: 2 }), dense({ inputs: 2, outputs: 3 }));
    const read = parseSafetensors(writeSafetensors(await stateDictOf(model)));
    loadStateDict(copy, engine, read.tensors);
    return { others: [copy] };
  },
  'a checkpoint that cannot be taken up': async ({ engine, model }) => {
    const read = loadCheckpoint(await saveCheckpoint(model));
    const parameters = read.parameters.map((one, index, { length }) =>
      index === length - 1 ? { ...one, shape: [77] } : one,
    );
    return { others: [modelFrom({ ...read, parameters }, engine)] };
  },
  'train: adam': training(() => ({ optimiser: adam() })),
  'train: adamW, clipped': training(() => ({ optimiser: clipped(adamW(), { norm: 1 }) })),
  'train: momentum': training(() => ({ optimiser: sgd({ rate: 0.1, momentum: 0.9 }) })),
  'train: stochasticGradient': training(() => ({ optimiser: stochasticGradient({ theorem3: true }) })),
  'train: layers': training(
    () => ({ earlyStopping: { patience: 1, on: 'training loss' } }),
    () => [
      layerNorm({ inputs: 2 }),
      monotone({ inputs: 2, width: 3, warmStart: 'sample', step: 'tuned' }),
      dropout({ inputs: 3 }),
      sparseCoding({ inputs: 3, features: 4 }),
      quadraticLayer({ inputs: 4, outputs: 4, inequalities: 2, equalities: 1, lower: -1 }),
      coneLayer({ inputs: 4, outputs: 4, cones: [{ type: 'soc', dim: 3 }] }),
      dense({ inputs: 4, outputs: 3, activation: 'relu' }),
    ],
  ),
  'train: layers for images': training(
    () => ({}),
    () => [
      convolution({ inputChannels: 1, channels: 2, size: [1, 2], padding: 1, kernel: 3 }),
      residual(batchNorm({ channels: 2, size: [1, 2] })),
      activation({ channels: 2, size: [1, 2], activation: 'elu' }),
      maximumPooling({ channels: 2, size: [1, 2], window: [1, 2] }),
      averagePooling({ channels: 2, size: [1, 1], window: 1 }),
      flatten({ channels: 2, size: [1, 1] }),
      dense({ inputs: 2, outputs: 3 }),
    ],
  ),
  'train: convolutionNetwork': training(
    () => ({}),
    () => [...library.convolutionNetwork({ shape: [1, 1, 2], outputs: 3, channels: 2 }).layers],
  ),
  spectralNormalisation: ({ W }) => ({ tensors: [spectralNormalisation(W, { bound: 0.1 })] }),
  jacobianPenalty: grad((_, x, W) => jacobianPenalty((z, a) => z.matmul(a).relu(), x, [W], { draws: 2 }), ['x', 'W']),
  'train: equilibrium': training(
    () => ({}),
    () => [
      equilibrium({
        inputs: 2,
        width: 2,
        parameters: [{ name: 'W', shape: [2, 2], initial: () => Float32Array.of(0.5, -1, 1, 0.25) }],
        prepare: (x, W) => [x, spectralNormalisation(W, { bound: 0.5 })],
        transition: (z, x, W) => z.matmul(W).add(x).tanh(),
        jacobianPenalty: 0.5,
        solver: 'broyden',
      }),
      dense({ inputs: 2, outputs: 3 }),
    ],
  ),
  'train: contractive': training(
    () => ({}),
    () => [
      contractive({ inputs: 2, width: 3 }),
      residual(contractive({ inputs: 3, width: 3, constraint: 'project', activation: 'abs' })),
      dense({ inputs: 3, outputs: 3 }),
    ],
  ),
  ...Object.fromEntries(
    (
      [
        [implicitNodes({ graph: GRAPH, features: [1, 2], width: 3, constraint: 'monotone' }), nodeSamples([0, 2])],
        [implicitGraph({ shape: ROWS.shape, width: 3, constraint: 'project' }), ROWS.samples],
      ] as const
    ).map(([layer, samples]): [string, Call] => [
      `train: ${layer.kind}`,
      async ({ engine }) => {
        const model = sequential(layer, dense({ inputs: 3, outputs: 3 }));
        await train(engine, model, samples, { epochs: 2, batch: 2 });
        model.dispose();
        return {};
      },
    ]),
  ),
  'train: monotoneConvolution': training(
    () => ({}),
    () => [monotoneConvolution({ inputChannels: 1, channels: 1, size: [1, 2] }), dense({ inputs: 2, outputs: 3 })],
  ),
  'train with an optimiser whose start throws': training(() => ({ optimiser: brokenStart })),
  'train with an optimiser that throws': training(() => ({ optimiser: brokenUpdate })),
  'train with a loss that throws': training(() => ({ loss: fail })),
  'train whose progress throws': training(() => ({ onProgress: fail })),
  'train whose checkpoint throws': training(() => ({ checkpoint: { every: { steps: 2 }, write: fail } })),
  'train with a solve that fails': training(
    () => ({}),
    () => [
      monotone({ inputs: 2, width: 3, limit: 1, tolerance: 1e-12, warmStart: 'sample' }),
      dense({ inputs: 3, outputs: 3 }),
    ],
  ),
  'train that is aborted': async (inputs) => {
    const controller = new AbortController();
    const run = training(() => ({ epochs: 50, signal: controller.signal, onProgress: () => controller.abort() }));
    return run(inputs);
  },
  'train of a model that was not there before, whose optimiser does not start': async ({ engine }) => {
    const model = sequential(dense({ inputs: 2, outputs: 3 }));
    await train(engine, model, clouds(6), { optimiser: brokenStart });
    return {};
  },
};

/**
 * Public functions that create no tensors, and those that other entries of this table cover or that need a worker or a
 * page.
 */
const WITHOUT = [
  ...[
    'DeviceLostError',
    'CertificateError',
    'ConvergenceError',
    'NoSolutionError',
    'CheckpointError',
    'monotonicityMargin',
    'projectOntoCones',
    'interiorMask',
    'readCanonicalForm',
    'oneHot',
    'open',
  ],
  ...[
    'constantRate',
    'cosine',
    'exponentialDecay',
    'linearWarmUp',
    'oneCycle',
    'polynomialDecay',
    'scheduleNamed',
    'stepDecay',
  ],
  ...['downloadCheckpoint', 'serveTraining', 'trainInWorker'],
  // test/unit/shared-device.test.ts counts what these leave, on WebGPU.
  ...['gpuBufferOf', 'readNow', 'tensorFromGPUBuffer'],
];

async function inputsOn(backend: 'cpu' | 'wasm'): Promise<Inputs> {
  const engine = await open({ backend });
  const t: Inputs['t'] = (values, shape) => engine.tensor(values, shape);
  const model = sequential(monotone({ inputs: 2, width: 2 }), dense({ inputs: 2, outputs: 3 }));
  model.initialise(engine);
  return {
    engine,
    t,
    model,
    x: t([0, 1, -1, 2], [2, 2]),
    W: t([0.1, 0.2, -0.3, 0.1], [2, 2]),
    zero: t([0, 0, 0, 0], [2, 2]),
    one: t([1]),
    X: t([1, 0, 0, 1, 1, 1, -1, 1], [4, 2]),
    y: t([1, 2, 4, 0.5]),
  };
}

test('every public function is in the table', () => {
  const [, source] = readFileSync(new URL(import.meta.url), 'utf8').split('const grad =');
  const missing = Object.entries(library)
    .filter(([name, value]) => typeof value === 'function' && !WITHOUT.includes(name))
    .filter(([name]) => !new RegExp(`\\b${name}\\b`).test(source));
  expect(missing.map(([name]) => name)).toEqual([]);
});

describe.each(['cpu', 'wasm'] as const)('on %s no memory is left by', async (backend) => {
  const inputs = await inputsOn(backend);
  const { engine } = inputs;
  const readSettledMemory = async (): Promise<{ buffers: number; bytes: number }> => {
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
    const { buffers, bytes } = engine.memory();
    return { buffers, bytes };
  };
  test.each(Object.entries(CALLS))('%s', async (name, call) => {
    const isFailing =
      /that (throw|reject|fail|is aborted|cannot|does not)|throws|was read|is no number|cannot be|whose|do not fit|that fails$/.test(
        name,
      );
    const callOnce = async (): Promise<Left | undefined> => {
      try {
        return await call(inputs);
      } catch (error) {
        if (!isFailing) throw error;
        return undefined;
      }
    };
    const disposeAll = ({ tensors = [], others = [] }: Left): void => {
      for (const one of [...tensors, ...others]) one.dispose();
    };
    // The first call creates scalars and Programs that the engine keeps.
    disposeAll((await callOnce()) ?? {});
    await readSettledMemory();
    const before = await readSettledMemory();
    for (let time = 0; time < 2; time++) {
      const left = (await callOnce()) ?? {};
      if (!left.others) expect((await readSettledMemory()).buffers - before.buffers).toBe(new Set(left.tensors).size);
      disposeAll(left);
      expect(await readSettledMemory()).toEqual(before);
    }
  });
});
