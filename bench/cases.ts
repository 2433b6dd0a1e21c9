/** The work that is measured. The numbers drawn are the same on every backend and in every environment. */
import { Tape } from '../src/autodiff/tape.ts';
import { type Random, random } from '../src/data/random.ts';
import {
  adam,
  dense,
  type Engine,
  monotone,
  monotoneFixedPoint,
  monotoneMatrix,
  type Samples,
  type SolveReport,
  sequential,
  type Tensor,
  train,
} from '../src/index.ts';
import { product } from '../src/tensor/kernels.ts';
import type { Work } from './measure.ts';

export interface Size {
  readonly batch: number;
  readonly width: number;
}

/** Mean over the samples. */
export interface Iterations {
  readonly forward: number;
  readonly backward: number;
}

export type CaseName = keyof typeof CASES;

interface Case {
  readonly title: string;
  /** Floating-point operations of one unit, where they are known without knowing what the solver did. */
  operations?(size: Size): number;
  work(engine: Engine, size: Size): Work<Iterations | undefined>;
}

const TOLERANCE = 1e-4;
const MARGIN = 1;
const RELU_ITERATIONS = 50;
const TRAINING = { inputs: 64, classes: 10, steps: 10 };

export const CASES = {
  relu: {
    title: `${RELU_ITERATIONS} relu iterations`,
    // A product of batch × n with n × n is batch·n² multiplications and as many additions.
    operations: ({ batch, width }) => 2 * batch * width ** 2 * RELU_ITERATIONS,
    work: reluIterations,
  },
  solve: { title: 'solve and gradient', work: solveAndGradient },
  training: { title: 'training step', work: trainingSteps },
} as const satisfies Record<string, Case>;

/** z ← relu(Wz + b) from z = b, in one Program; z is read at the end. W is uniform on ±1/√n, which contracts. */
function reluIterations(engine: Engine, { batch, width }: Size): Work<undefined> {
  const generator = random(0);
  const W = engine.tensor(uniforms(generator.fork('W'), width), [width, width]);
  const b = engine.tensor(new Float32Array(batch * width), [batch, width]);
  return {
    most: 1,
    async prepare(repetition) {
      engine.write(b, normals(generator.fork(`b ${repetition}`), b.size));
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
      const numbers = z.data();
      z.dispose();
      await numbers;
      return undefined;
    },
    dispose() {
      for (const tensor of [W, b]) tensor.dispose();
    },
  };
}

/**
 * z = relu(Wz + b) and the gradients of ⟨v, z⟩ with respect to A, B and b, on a layer as it starts: W from A, B uniform on
 * ±1/√n. The reports and the gradient of b are read.
 */
function solveAndGradient(engine: Engine, { batch, width }: Size): Work<Iterations> {
  const generator = random(0);
  const zeros = (rows: number): Tensor => engine.tensor(new Float32Array(rows * width), [rows, width]);
  const [A, B, b, v] = [zeros(width), zeros(width), zeros(batch), zeros(batch)];
  return {
    most: 1,
    async prepare(repetition) {
      for (const [name, matrix] of Object.entries({ A, B })) {
        engine.write(matrix, uniforms(generator.fork(`${name} ${repetition}`), width));
      }
      for (const [name, rows] of Object.entries({ b, v })) {
        engine.write(rows, normals(generator.fork(`${name} ${repetition}`), rows.size));
      }
      await engine.idle();
    },
    async run() {
      const tape = new Tape();
      const reports = await engine.tidy(async (scope) => {
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
          // Those of A and B stay on the device, as in training.
          await Promise.all([gradients[2].data(), engine.idle()]);
          return Promise.all([report, backwardReports[0]]);
        } finally {
          tape.dispose();
        }
      });
      const [forward, backward] = reports.map(meanIterations);
      return { forward, backward };
    },
    dispose() {
      for (const tensor of [A, B, b, v]) tensor.dispose();
    },
  };
}

function meanIterations({ samples }: SolveReport): number {
  return samples.reduce((total, { iterations }) => total + iterations, 0) / samples.length;
}

/** Steps of `train` on a layer of this width and a dense one behind it, with Adam, from a fresh start; the data are random. */
function trainingSteps(engine: Engine, { batch, width }: Size): Work<Iterations> {
  const { inputs, classes, steps } = TRAINING;
  const generator = random(0);
  const model = sequential(
    monotone({ inputs, width, margin: MARGIN, tolerance: TOLERANCE }),
    dense({ inputs: width, outputs: classes }),
  );
  let samples: Samples;
  return {
    most: steps,
    async prepare(repetition) {
      samples = randomSamples(generator.fork(`data ${repetition}`), batch * steps);
      model.initialise(engine, repetition);
      await engine.idle();
    },
    async run(units) {
      const { epochs } = await train(engine, model, samples, {
        epochs: 1,
        batch,
        maximumSteps: units,
        optimiser: adam(),
      });
      await engine.idle();
      return { forward: epochs[0].iterationsForward, backward: epochs[0].iterationsBackward };
    },
    dispose: () => model.dispose(),
  };
}

function randomSamples(generator: Random, count: number): Samples {
  const { inputs: features, classes } = TRAINING;
  const labels = Int32Array.from({ length: count }, () => generator.integer(classes));
  return { inputs: normals(generator, count * features), labels, count, features };
}

function normals(generator: Random, count: number): Float32Array {
  return Float32Array.from({ length: count }, () => generator.normal());
}

/** An n × n matrix uniform on ±1/√n. */
function uniforms(generator: Random, n: number): Float32Array {
  return Float32Array.from({ length: n * n }, () => (2 * generator.uniform() - 1) / Math.sqrt(n));
}
