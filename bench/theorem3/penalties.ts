/** Penalties that are learnt: of a Lasso, of each of its features, and of sparse logistic regression. */
import {
  type Engine,
  type LassoSolution,
  type Layer,
  largestPenalty,
  largestSparsePenalty,
  lasso,
  type Samples,
  type SparseSolution,
  sequential,
  sparseModel,
  type Tensor,
  valueAndGrad,
} from '../../src/index.ts';
import { findIntervals } from './intervals.ts';
import type { DerivativeInterval, Problem } from './problem.ts';
import { diabetesSplit, generatedSplit, type Split } from './splits.ts';

/** There is one loss, that on all held-out rows: a step of the method is then one of gradient descent. */
const ONE_SAMPLE: Samples = { inputs: Float32Array.of(0), labels: Int32Array.of(0), count: 1, features: 1 };

/** A model whose output is its own loss. */
function lossLayer(
  parameters: Layer['parameters'],
  compute: (own: readonly Tensor[], solved: (solution: LassoSolution | SparseSolution) => void) => Tensor,
): Layer {
  return {
    ...{ kind: 'held-out loss', inputs: 1, outputs: 1, parameters },
    forward: (_, own, { solves }) => compute(own, (solution) => solves.push(solution)).reshape([1, 1]),
  };
}

/** Starts at least half a unit below log λ_max: above it the loss is constant, and every point critical for nothing. */
const startBelow = (largest: number, spread: number): Layer['parameters'] => [
  {
    name: 'logLambda',
    shape: [1],
    initial: (generator) => Float32Array.of(largest - 0.5 - spread * generator.uniform()),
  },
];

/** A model with one log λ, and its loss on held-out rows as a function of β. */
interface PenalisedModel {
  readonly largest: number;
  readonly tensors: readonly Tensor[];
  solve(logLambda: Tensor): LassoSolution | SparseSolution;
  judge(beta: Tensor): Tensor;
}

function penaltyProblem(
  own: Omit<Problem, 'prepare'>,
  spread: number,
  begin: (engine: Engine) => Promise<PenalisedModel>,
): Problem {
  return {
    ...own,
    async prepare(engine, seed) {
      const { largest, tensors, solve, judge } = await begin(engine);
      const lossOf = (
        [logLambda]: readonly Tensor[],
        solved?: (solution: ReturnType<typeof solve>) => void,
      ): Tensor => {
        const solution = solve(logLambda);
        solved?.(solution);
        return judge(solution.beta);
      };
      const model = sequential(lossLayer(startBelow(largest, spread), lossOf));
      model.initialise(engine, seed);
      const intervalAt = (logLambda: number): Promise<DerivativeInterval> =>
        engine.tidy(async (scope) => {
          if (logLambda >= largest)
            throw new Error(`${own.name}: log λ is ${logLambda}, above that of λ_max, ${largest}`);
          const solution = solve(scope.tensor([logLambda], [1]));
          const [, [cotangent]] = await valueAndGrad(judge, [solution.beta]);
          const [interval] = await solution.gradientInterval(cotangent);
          cotangent.dispose();
          return interval;
        });
      return {
        model,
        samples: ONE_SAMPLE,
        loss: (outputs) => outputs.mean(),
        objective: (values) => lossOf(values),
        /** The hull of the ranges at the point and one last step away on both sides. */
        async intervals([value], radius) {
          const [logLambda] = await value.data();
          const found: DerivativeInterval[] = [];
          for (const side of [-1, 0, 1]) found.push(await intervalAt(logLambda + side * radius));
          return [{ low: Math.min(...found.map(({ low }) => low)), high: Math.max(...found.map(({ high }) => high)) }];
        },
        dispose() {
          for (const tensor of tensors) tensor.dispose();
          model.dispose();
        },
      };
    },
  };
}

/** log of the mean squared error. @param beta [1, features] */
const logSquaredError = (beta: Tensor, X: Tensor, y: Tensor): Tensor =>
  beta.matmul(X, { transposeB: true }).sub(y).square().mean().log();

async function beginLasso({ X, y, heldX, heldY }: Split): Promise<PenalisedModel> {
  const [largest] = await largestPenalty({ X, y });
  return {
    largest,
    tensors: [X, y, heldX, heldY],
    solve: (logLambda) => lasso({ X, y, logLambda }),
    judge: (beta) => logSquaredError(beta, heldX, heldY),
  };
}

const PENALTY_STEPS: Omit<Problem, 'name' | 'title' | 'prepare' | 'epochs'> = {
  ...{ rate: 2, power: 0.6, batch: 1, reach: 1, tolerance: 5e-3, unrest: 1e-3 },
  scale: [0.5, 1.5],
};

const LASSO = penaltyProblem(
  { ...PENALTY_STEPS, name: 'lasso', title: 'log λ of a Lasso, 50 rows of 60 numbers', epochs: 1000 },
  3,
  async (engine) => beginLasso(generatedSplit(engine, { rows: 50, features: 60, weights: [3, -2, 1.5, -1, 0.5] })),
);

const DIABETES = penaltyProblem(
  { ...PENALTY_STEPS, name: 'diabetes', title: 'log λ of a Lasso, diabetes', epochs: 1000 },
  1,
  async (engine) => beginLasso(await diabetesSplit(engine)),
);

const SPARSE_LOGISTIC = penaltyProblem(
  {
    ...PENALTY_STEPS,
    ...{ name: 'logistic', title: 'log λ of sparse logistic regression, 60 rows of 80 numbers', epochs: 500 },
  },
  2.5,
  async (engine) => {
    const shape = { rows: 60, features: 80, weights: [3, -3, 2, -2, 1], areLabels: true };
    const { X, y, heldX, heldY } = generatedSplit(engine, shape);
    const model = { X, y, loss: 'logistic' } as const;
    const [largest] = await largestSparsePenalty(model);
    return {
      largest,
      tensors: [X, y, heldX, heldY],
      solve: (logLambda) => sparseModel({ ...model, logLambda }),
      // log(1 + e^m) − ym, for labels y of 0 and 1.
      judge(beta) {
        const margins = beta.reshape([1, beta.size]).matmul(heldX, { transposeB: true });
        return margins.softplus().sub(margins.mul(heldY)).mean().log();
      },
    };
  },
);

/** Penalties λ·exp(θ₀) of every second feature and λ·exp(θ₁) of the others, each with features that matter and others. */
const LASSO_WEIGHTS: Problem = {
  ...PENALTY_STEPS,
  ...{
    name: 'weights',
    title: 'penalties of two halves of the features of a Lasso, 30 rows of 12 numbers',
    epochs: 1000,
  },
  async prepare(engine, seed) {
    const { X, y, heldX, heldY } = generatedSplit(engine, { rows: 30, features: 12, weights: [3, -2, 1] });
    const features = X.shape[1];
    const logLambda = (await largestPenalty({ X, y }))[0] - 2.5;
    const halves = Array.from({ length: 2 * features }, (_, at) =>
      Number((at % features) % 2 === Math.floor(at / features)),
    );
    const data = [X, y, heldX, heldY, engine.tensor(halves, [2, features])];
    const solve = (logWeights: Tensor, [design, targets, , , own]: readonly Tensor[]): LassoSolution =>
      lasso({ X: design, y: targets, logLambda, weights: logWeights.exp().reshape([1, 2]).matmul(own) });
    const judge = ({ beta }: LassoSolution, [, , heldDesign, heldTargets]: readonly Tensor[]): Tensor =>
      logSquaredError(beta, heldDesign, heldTargets).reshape([1, 1]);
    const parameters: Layer['parameters'] = [
      {
        name: 'logWeights',
        shape: [2],
        initial: (generator) => Float32Array.from({ length: 2 }, () => 2 * generator.uniform() - 1),
      },
    ];
    const layer = lossLayer(parameters, ([logWeights], solved) => {
      const solution = solve(logWeights, data);
      solved(solution);
      return judge(solution, data);
    });
    const model = sequential(layer);
    model.initialise(engine, seed);
    const losses = ([logWeights]: readonly Tensor[], given: readonly Tensor[]): Tensor =>
      judge(solve(logWeights, given), given);
    return {
      model,
      samples: ONE_SAMPLE,
      loss: (outputs) => outputs.mean(),
      objective: (values) => losses(values, data).mean(),
      // An argument of a kink moves with θ by about the penalty.
      intervals: (values, radius) =>
        findIntervals({ engine, data, losses }, values, { radius: Math.exp(logLambda) * radius, reach: radius, seed }),
      dispose() {
        for (const tensor of data) tensor.dispose();
        model.dispose();
      },
    };
  },
};

export const PENALTIES: readonly Problem[] = [LASSO, DIABETES, LASSO_WEIGHTS, SPARSE_LOGISTIC];
