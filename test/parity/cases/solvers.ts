/** The solvers as a whole: solution, gradients and verdicts of a backend against the float64 reference. */
import fc from 'fast-check';
import { Tape } from '../../../src/autodiff/tape.ts';
import type { Backend } from '../../../src/backends/backend.ts';
import { monotoneFixedPoint } from '../../../src/implicit/monotone.ts';
import { fixedPoint } from '../../../src/implicit/root.ts';
import type { ActivationOption } from '../../../src/solvers/activations.ts';
import {
  FORWARD_SOLVERS,
  type ForwardSolverName,
  GENERAL_SOLVERS,
  type GeneralSolverName,
  LINEAR_SOLVERS,
  type LinearSolverName,
} from '../../../src/solvers/index.ts';
import type { Iteration } from '../../../src/solvers/iteration.ts';
import { isSolved } from '../../../src/solvers/report.ts';
import { Engine } from '../../../src/tensor/engine.ts';
import { douglasRachford } from '../../support/douglas-rachford.ts';
import {
  type MonotoneProblem,
  matmul,
  monotoneProblem,
  norm,
  normals,
  relativeError,
  transpose,
} from '../../support/numbers.ts';
import { REPETITIONS } from '../../support/solvers.ts';
import { lassoCases } from './lasso.ts';
import type { ParityCase } from './parity.ts';

interface Choice {
  readonly n: number;
  readonly batch: number;
  readonly seed: number;
  readonly margin: number;
  readonly activation: ActivationOption;
  readonly selection: number;
}

interface Answer {
  readonly z: ArrayLike<number>;
  readonly gradB: ArrayLike<number>;
  readonly gradW: ArrayLike<number>;
}

async function solve(
  backend: Backend,
  problem: MonotoneProblem,
  choice: Choice,
  solver: ForwardSolverName | Iteration,
  linearSolver: LinearSolverName | Iteration,
): Promise<Answer> {
  const engine = new Engine(backend);
  const { n, batch, margin } = problem;
  const { activation, selection } = choice;
  return engine.tidy(async (scope) => {
    const tape = new Tape();
    const W = tape.watch(scope.tensor(problem.W, [n, n]));
    const b = tape.watch(scope.tensor(problem.b, [batch, n]));
    const tolerance = 4 * engine.epsilon;
    const solution = monotoneFixedPoint(W, b, {
      activation,
      margin,
      tolerance,
      solver,
      linearSolver,
      selection,
      limit: 5000,
      backwardLimit: 5000,
    });
    const [gradW, gradB] = tape.pullback(solution.z, [W, b], scope.tensor(problem.v, [batch, n]));
    const [z, dW, dB] = await Promise.all([solution.z.data(), gradW.data(), gradB.data()]);
    for (const report of [await solution.report, ...(await Promise.all(solution.backwardReports))]) {
      if (!report.samples.every(isSolved)) throw new Error(`unsolved: ${JSON.stringify(report)}`);
    }
    tape.dispose();
    return { z, gradB: dB, gradW: dW };
  });
}

/** Compares both, allowing an error that grows with √n·ε and the condition (1 + ‖I − W‖)/m. */
async function compare(
  [reference, candidate]: readonly [Backend, Backend],
  choice: Choice,
  solver: ForwardSolverName | Iteration,
  linearSolver: LinearSolverName | Iteration,
): Promise<void> {
  // Plain repetition converges only where W contracts.
  const spread = [solver, linearSolver].some((name) => REPETITIONS.includes(`${name}`)) ? 0.25 : 1;
  const problem = monotoneProblem(choice.n, choice.batch, choice.seed, choice.margin, spread);
  const expected = await solve(reference, problem, choice, solver, linearSolver);
  const found = await solve(candidate, problem, choice, solver, linearSolver);
  const difference = problem.W.map((x, at) => (Math.floor(at / choice.n) === at % choice.n ? 1 : 0) - x);
  const condition = (1 + norm(difference) / Math.sqrt(choice.n)) / choice.margin;
  const allowed = 16 * Math.sqrt(choice.n) * candidate.epsilon * condition;
  for (const part of ['z', 'gradB', 'gradW'] as const) {
    const error = relativeError(found[part], expected[part]) * (part === 'gradW' ? cancellation(choice, expected) : 1);
    // The error of z enters a gradient a second time, through the slope of J.
    if (!(error <= (part === 'z' ? allowed : allowed * condition))) {
      throw new Error(`${part} differs by ${error}, allowed ${allowed}, for ${JSON.stringify(choice)}`);
    }
  }
}

/**
 * ‖Σ_batch (Jᵀu)zᵀ‖ / ‖Σ_batch |Jᵀu||z|ᵀ‖: the rounding error of the gradient of W is relative to its terms, not to
 * their sum.
 */
function cancellation({ n, batch }: Choice, { z, gradB, gradW }: Answer): number {
  const terms = transpose(Array.from(gradB, Math.abs), batch, n);
  const total = norm(matmul(terms, Array.from(z, Math.abs), n, batch, n));
  return total === 0 ? 1 : norm(gradW) / total;
}

const FORWARD = Object.keys(FORWARD_SOLVERS) as ForwardSolverName[];
const LINEAR = Object.keys(LINEAR_SOLVERS) as LinearSolverName[];
const SMOOTH: readonly ActivationOption[] = ['tanh', 'sigmoid', 'softplus', 'elu', 'softsign', 'arctan', 'softmax'];
const KINKED: readonly ActivationOption[] = [
  'relu',
  { name: 'softThreshold', threshold: 0.25 },
  { name: 'leakyRelu', slope: 0.2 },
  { name: 'clip', low: -0.5, high: 0.75 },
  { name: 'elu', alpha: 0.5 },
];

const EVERY: readonly ActivationOption[] = [...SMOOTH, ...KINKED];

/** Rows of W, and samples. */
const SHAPES = [
  [1, 1],
  [87, 1],
  [3, 1],
  [129, 2],
  [31, 3],
];
/** That each solver has, in turn, so that all together have every one several times. */
const SHAPES_EACH = 3;

/**
 * Awkward shapes, with the activations in turn. A kinked activation may take different sides on the two backends.
 * @param place of the case among all
 */
function shapesCase(solver: ForwardSolverName, linearSolver: LinearSolverName, place: number): ParityCase {
  return {
    name: `${solver} and ${linearSolver}: awkward shapes`,
    async run(...backends) {
      for (let index = 0; index < SHAPES_EACH; index++) {
        const at = SHAPES_EACH * place + index;
        const [n, batch] = SHAPES[at % SHAPES.length];
        const activation = EVERY[at % EVERY.length];
        await compare(
          backends,
          { n, batch, seed: 10 * n + batch, margin: 1, activation, selection: 0 },
          solver,
          linearSolver,
        );
      }
    },
  };
}

const randomCase: ParityCase = {
  name: 'monotone layers of random size, margin, activation and selection',
  async run(...backends) {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          n: fc.constantFrom(1, 2, 3, 8, 31),
          batch: fc.constantFrom(1, 3, 5),
          seed: fc.integer({ min: 1, max: 1e6 }),
          margin: fc.constantFrom(0.5, 1, 4),
          activation: fc.constantFrom(...EVERY),
          selection: fc.constantFrom(0, 0.5, 1),
        }),
        fc.constantFrom(...LINEAR.filter((name) => !REPETITIONS.includes(name))),
        (choice, linearSolver) => compare(backends, choice, 'peaceman-rachford', linearSolver),
      ),
      { numRuns: 12, seed: 7, endOnFailure: true },
    );
  },
};

const maskedCase: ParityCase = {
  name: 'monotone layers with a mask',
  async run(...backends) {
    const [n, batch] = [9, 3];
    const mask = Array.from({ length: n }, (_, unit) => (unit % 4 === 1 ? 0 : 1));
    for (const name of ['relu', 'tanh', 'clip', 'softmax'] as const) {
      const choice = { n, batch, seed: 21, margin: 1, activation: { name, mask }, selection: 0.5 };
      await compare(backends, choice, 'peaceman-rachford', 'peaceman-rachford');
      await compare(backends, choice, 'forward-backward', 'bicgstab');
    }
  },
};

const ownIterationCase: ParityCase = {
  name: 'an iteration of a user’s own, forward and backward',
  async run(...backends) {
    for (const activation of ['relu', 'tanh', 'softmax'] as const) {
      const choice = { n: 11, batch: 3, seed: 23, margin: 1, activation, selection: 0 };
      await compare(backends, choice, douglasRachford, douglasRachford);
    }
  },
};

/**
 * z = f(z, W, b) written with tensor operations, smooth and with kinks. The result may not depend on where it is
 * traced.
 */
const ownCase: ParityCase = {
  name: 'fixed points of a user’s own functions, with every general linear solver',
  async run(...backends) {
    for (const linearSolver of Object.keys(GENERAL_SOLVERS) as GeneralSolverName[]) {
      const [reference, candidate] = await Promise.all(backends.map((backend) => ownAnswer(backend, linearSolver)));
      for (const [index, numbers] of candidate.entries()) {
        const error = relativeError(numbers, reference[index]);
        if (!(error <= 1e-4)) throw new Error(`${linearSolver}: part ${index} differs by ${error}`);
      }
    }
  },
};

async function ownAnswer(backend: Backend, linearSolver: GeneralSolverName): Promise<ArrayLike<number>[]> {
  const engine = new Engine(backend);
  const [n, batch] = [6, 3];
  return engine.tidy(async (scope) => {
    const tape = new Tape();
    const W = tape.watch(scope.tensor(normals(n * n, 1, 0.3 / Math.sqrt(n)), [n, n]));
    const b = tape.watch(scope.tensor(normals(batch * n, 2), [batch, n]));
    const z = fixedPoint((y, w, c) => y.matmul(w).add(c).tanh().add(y.mul(0.25).abs()), {
      unknown: scope.tensor(new Float32Array(batch * n), [batch, n]),
      inputs: [W, b],
      tolerance: 1e-6,
      linearSolver,
    });
    const gradients = tape.pullback(z, [W, b], scope.tensor(normals(batch * n, 3), [batch, n]));
    const numbers = await Promise.all([z, ...gradients].map((tensor) => tensor.data()));
    tape.dispose();
    return numbers;
  });
}

/** For a backend that runs these iterations pass by pass, whatever the width. */
export const passSolverCases: readonly ParityCase[] = [
  shapesCase('peaceman-rachford', 'peaceman-rachford', 0),
  shapesCase('forward-backward', 'forward-backward', 1),
  shapesCase('picard', 'neumann', 2),
];

/** Without those of awkward shapes, which take longest, and ask nothing of a browser that Dawn in Node is not asked. */
export const browserSolverCases: readonly ParityCase[] = [
  randomCase,
  maskedCase,
  ownIterationCase,
  ownCase,
  ...lassoCases,
];

export const solverCases: readonly ParityCase[] = [
  ...FORWARD.map((solver, place) => shapesCase(solver, 'bicgstab', place)),
  ...LINEAR.map((linearSolver, place) => shapesCase('peaceman-rachford', linearSolver, place + FORWARD.length)),
  ...browserSolverCases,
];
