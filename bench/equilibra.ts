/** The cases, done by this library. */
import { Tape } from '../src/autodiff/tape.ts';
import {
  adam,
  dense,
  type Engine,
  monotone,
  monotoneFixedPoint,
  monotoneMatrix,
  type OpenOptions,
  open,
  type Scope,
  type SolveReport,
  sequential,
  type Tensor,
  train,
} from '../src/index.ts';
import { product } from '../src/tensor/kernels.ts';
import type { Work, Works } from './cases.ts';
import {
  MARGIN,
  PARAMETERS,
  RELU_ITERATIONS,
  type ReluProblem,
  type Size,
  type SolveProblem,
  solveProblem,
  TOLERANCE,
  TRAINING,
  type TrainingProblem,
} from './problems.ts';

export function equilibraWorks(engine: Engine): Works {
  return {
    relu: (size) => reluIterations(engine, size),
    solve: (size) => solveAndGradient(engine, size),
    training: (size) => trainingSteps(engine, size),
  };
}

/** All iterations are one Program; z is read at the end. */
function reluIterations(engine: Engine, { batch, width }: Size): Work<ReluProblem> {
  const W = engine.tensor(new Float32Array(width ** 2), [width, width]);
  const b = engine.tensor(new Float32Array(batch * width), [batch, width]);
  return {
    async prepare(problem) {
      engine.write(W, problem.W);
      engine.write(b, problem.b);
      await engine.idle();
    },
    async run() {
      const [z] = engine.run(`relu iterations ${RELU_ITERATIONS}`, [W, b], ([matrix, bias]) => {
        let next = bias;
        for (let iteration = 0; iteration < RELU_ITERATIONS; iteration++) {
          next = product(next, matrix, { transposeB: true, bias, activation: 'relu' });
        }
        return [next];
      });
      const answer = z.data();
      z.dispose();
      return { answer: await answer };
    },
    dispose() {
      for (const tensor of [W, b]) tensor.dispose();
    },
  };
}

/**
 * Computes W, z, and the gradients of ⟨v, z⟩ with respect to A, B and b. The reports and the gradient of b are read.
 */
function solveAndGradient(engine: Engine, { batch, width }: Size): Work<SolveProblem> {
  const zeros = (rows: number): Tensor => engine.tensor(new Float32Array(rows * width), [rows, width]);
  const [A, B, b, v] = [zeros(width), zeros(width), zeros(batch), zeros(batch)];
  return {
    async prepare(problem) {
      engine.write(A, problem.A);
      engine.write(B, problem.B);
      engine.write(b, problem.b);
      engine.write(v, problem.v);
      await engine.idle();
    },
    async run() {
      const tape = new Tape();
      return engine.tidy(async (scope) => {
        try {
          const watched = [A, B, b].map((tensor) => tape.watch(scope.use(tensor)));
          const W = monotoneMatrix(watched[0], watched[1], engine.scalar(MARGIN));
          const { z, report, backwardReports } = monotoneFixedPoint(W, watched[2], {
            activation: 'relu',
            margin: MARGIN,
            tolerance: TOLERANCE,
            checkInputs: false,
          });
          const gradients = tape.pullback(z, watched, v);
          // The gradients of A and B stay on the device, as in training.
          const [read] = await Promise.all([gradients[2].data(), engine.idle()]);
          const [there, back] = await Promise.all([report, backwardReports[0]]);
          return {
            answer: read,
            iterations: { forward: meanIterations(there), backward: meanIterations(back) },
            most: { forward: slowestIterations(there), backward: slowestIterations(back) },
          };
        } finally {
          tape.dispose();
        }
      });
    },
    dispose() {
      for (const tensor of [A, B, b, v]) tensor.dispose();
    },
  };
}

/**
 * The bytes that an engine holds after a solve of `iterations` iterations and its gradient, buffers kept for reuse
 * included: the peak of what was needed. Each measurement opens an engine of its own, because Programs are kept too.
 */
export async function measureImplicitMemory(
  options: OpenOptions,
  { batch, width }: Size,
  iterations: number,
): Promise<number> {
  const engine = await open(options);
  try {
    await engine.tidy(async (scope) => {
      const tape = new Tape();
      try {
        await solveOfLength(engine, scope, tape, { batch, width }, iterations);
      } finally {
        tape.dispose();
      }
    });
    const { bytes, programBytes, pooledBytes } = engine.memory();
    return bytes + programBytes + pooledBytes;
  } finally {
    engine.close();
  }
}

async function solveOfLength(
  engine: Engine,
  scope: Scope,
  tape: Tape,
  { batch, width }: Size,
  limit: number,
): Promise<void> {
  const { A, B, b, v } = solveProblem({ batch, width }, 0);
  const [matrixA, matrixB] = [A, B].map((values) => scope.tensor(values, [width, width]));
  const bias = tape.watch(scope.tensor(b, [batch, width]));
  const { z, report } = monotoneFixedPoint(monotoneMatrix(matrixA, matrixB, engine.scalar(MARGIN)), bias, {
    activation: 'relu',
    margin: MARGIN,
    solver: 'forward-backward',
    linearSolver: 'forward-backward',
    tolerance: 1e-30, // never met, so that all iterations are carried out
    limit,
    backwardLimit: limit,
    onFailure: 'report',
    checkInputs: false,
  });
  const [gradient] = tape.pullback(z, [bias], scope.tensor(v, [batch, width]));
  await Promise.all([gradient.data(), report]);
}

function meanIterations({ samples }: SolveReport): number {
  return samples.reduce((total, { iterations }) => total + iterations, 0) / samples.length;
}

function slowestIterations({ samples }: SolveReport): number {
  return samples.reduce((most, { iterations }) => Math.max(most, iterations), 0);
}

/** Steps of `train` with Adam, on a layer of this width followed by a dense layer. */
function trainingSteps(engine: Engine, { batch, width }: Size): Work<TrainingProblem> {
  const { inputs, classes, steps, rate } = TRAINING;
  const model = sequential(
    monotone({ inputs, width, margin: MARGIN, tolerance: TOLERANCE }),
    dense({ inputs: width, outputs: classes }),
  );
  let problem: TrainingProblem;
  return {
    async prepare(given) {
      problem = given;
      model.initialise(engine, 0);
      for (const [index, name] of PARAMETERS.entries()) {
        engine.write(model.parameters[index].value, problem.parameters[name]);
      }
      await engine.idle();
    },
    async run(units) {
      const samples = { inputs: problem.inputs, labels: problem.labels, count: batch * steps, features: inputs };
      const { epochs } = await train(engine, model, samples, {
        epochs: 1,
        batch,
        maximumSteps: units,
        optimiser: adam({ rate }),
      });
      await engine.idle();
      return { iterations: { forward: epochs[0].iterationsForward, backward: epochs[0].iterationsBackward } };
    },
    dispose: () => model.dispose(),
  };
}
