/** Networks with an implicit layer, fitted by the mean absolute error, whose minimisers are at kinks. */
import {
  contractive,
  dense,
  type Layer,
  monotone,
  quadraticLayer,
  type Samples,
  sequential,
  type Tensor,
} from '../../src/index.ts';
import { findIntervals } from './intervals.ts';
import type { Problem } from './problem.ts';

/** Four numbers, the negative ones in one class and the positive ones in the other. */
const SAMPLES: Samples = {
  inputs: Float32Array.from([-2, -1, 1, 2]),
  labels: Int32Array.from([0, 0, 1, 1]),
  count: 4,
  features: 1,
};

const WIDTH = 2;
const CLASSES = 2;
/** Residuals far below the distances that matter at the end. */
const TOLERANCE = 1e-8;

/**
 * ρ of the term ρ/2·‖θ‖² of the objective. Where θ is large this term's gradient is longer than that of the error, so that steps lead
 * back: iterates stay bounded, which the theorem supposes.
 */
const RIDGE = 0.1;

/** |outputs − targets|, summed over the outputs of each sample, [samples, 1]. */
const absoluteErrors = (outputs: Tensor, targets: Tensor): Tensor =>
  outputs.sub(targets).abs().sum(1, { keepAxes: true });

/** ρ/2·‖θ‖² of some of the parameters. */
const ridgeOf = (values: readonly Tensor[]): Tensor =>
  values
    .map((value) =>
      value
        .square()
        .sum()
        .mul(RIDGE / 2),
    )
    .reduce((sum, term) => sum.add(term));

/** The layer, whose parameters have the ridge term in the loss of a training step. */
function withRidge(layer: Layer): Layer {
  return {
    ...layer,
    forward(x, own, pass) {
      pass.training?.addToLoss?.(ridgeOf(own));
      return layer.forward(x, own, pass);
    },
  };
}

type Steps = Pick<Problem, 'power' | 'epochs'>;
const EQUILIBRIUM: Steps = { power: 0.85, epochs: 6000 };
/** A program settles sooner, and its steps take longer. */
const PROGRAM: Steps = { power: 0.9, epochs: 1200 };

const SHARED: Omit<Problem, 'name' | 'title' | 'prepare' | keyof Steps> = {
  ...{ rate: 2, batch: SAMPLES.count, scale: [0.75, 1.25] },
  ...{ reach: 10, tolerance: 0.05, unrest: 0.03 },
};

function networkProblem(
  own: Pick<Problem, 'name' | 'title' | keyof Steps>,
  createLayers: () => readonly Layer[],
): Problem {
  return {
    ...SHARED,
    ...own,
    async prepare(engine, seed) {
      const model = sequential(...createLayers().map(withRidge));
      model.initialise(engine, seed);
      const { inputs, labels, count, features } = SAMPLES;
      const targets = Array.from(labels).flatMap((label) => [1 - label, label]);
      const data = [engine.tensor(inputs, [count, features]), engine.tensor(targets, [count, CLASSES])];
      const losses = (values: readonly Tensor[], [x, wanted]: readonly Tensor[]): Tensor =>
        absoluteErrors(model.forward(x, { values }), wanted).add(ridgeOf(values));
      return {
        model,
        samples: SAMPLES,
        loss: (outputs, wanted) => absoluteErrors(outputs, wanted).mean(),
        objective: (values) => losses(values, data).mean(),
        intervals: (values, radius) => findIntervals({ engine, data, losses }, values, { radius, reach: radius, seed }),
        dispose() {
          for (const tensor of data) tensor.dispose();
          model.dispose();
        },
      };
    },
  };
}

export const NETWORKS: readonly Problem[] = [
  networkProblem({ ...EQUILIBRIUM, name: 'monotone', title: 'deep equilibrium network, monotone layer' }, () => [
    monotone({ inputs: 1, width: WIDTH, tolerance: TOLERANCE }),
    dense({ inputs: WIDTH, outputs: CLASSES }),
  ]),
  networkProblem(
    {
      ...EQUILIBRIUM,
      name: 'contractive',
      title: 'deep equilibrium network, contractive layer by its parametrisation',
    },
    () => [
      contractive({ inputs: 1, width: WIDTH, contraction: 0.8, tolerance: TOLERANCE, linearSolver: 'dense' }),
      dense({ inputs: WIDTH, outputs: CLASSES }),
    ],
  ),
  networkProblem({ ...PROGRAM, name: 'program', title: 'network with a quadratic program' }, () => [
    dense({ inputs: 1, outputs: WIDTH }),
    // A run ends with an error where the hypothesis of the theorem fails at a solution.
    quadraticLayer({
      ...{ inputs: WIDTH, outputs: WIDTH, map: 'identity', inequalities: 1, lower: 0, ridge: 1 },
      onFailedCertificate: 'throw',
    }),
    dense({ inputs: WIDTH, outputs: CLASSES }),
  ]),
];
