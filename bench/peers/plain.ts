/**
 * The cases in JavaScript without a library, as fast as a blocked product of Float32Arrays makes them. loop.ts
 * describes the method.
 */
import type { Outcome, Work, Works } from '../cases.ts';
import {
  type Numbers,
  PARAMETERS,
  RELU_ITERATIONS,
  type ReluProblem,
  type Size,
  type SolveProblem,
  TRAINING,
  type TrainingProblem,
} from '../problems.ts';
import { ADAM, biasCorrections, iterateUntilSmall, SMALLEST, STEP_SIZE, type Stretch } from './loop.ts';

export const plainWorks = { relu: reluIterations, solve: solveAndGradient, training: trainingSteps } satisfies Works;

interface Matrix {
  readonly values: Numbers;
  readonly rows: number;
  readonly columns: number;
}

function matrix(values: Numbers, rows: number, columns: number): Matrix {
  return { values, rows, columns };
}

function transpose({ values, rows, columns }: Matrix): Matrix {
  const result = new Float32Array(values.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) result[j * rows + i] = values[i * columns + j];
  return { values: result, rows: columns, columns: rows };
}

/**
 * x·yᵀ in blocks of 2 × 4, whose eight sums stay in registers. Operands whose sizes do not fit are padded with zeros.
 */
function timesTransposed(x: Matrix, y: Matrix): Matrix {
  const [rows, columns, depth] = [Math.ceil(x.rows / 2) * 2, Math.ceil(y.rows / 4) * 4, x.columns];
  const [a, b] = [padTo(rows, x), padTo(columns, y)];
  const result = new Float32Array(x.rows * y.rows);
  const width = y.rows;
  for (let i = 0; i < rows; i += 2) {
    for (let j = 0; j < columns; j += 4) {
      let [s00, s01, s02, s03, s10, s11, s12, s13] = [0, 0, 0, 0, 0, 0, 0, 0];
      const [a0, a1] = [i * depth, (i + 1) * depth];
      const [b0, b1, b2, b3] = [j * depth, (j + 1) * depth, (j + 2) * depth, (j + 3) * depth];
      for (let k = 0; k < depth; k++) {
        const x0 = a[a0 + k];
        const x1 = a[a1 + k];
        const y0 = b[b0 + k];
        const y1 = b[b1 + k];
        const y2 = b[b2 + k];
        const y3 = b[b3 + k];
        s00 += x0 * y0;
        s01 += x0 * y1;
        s02 += x0 * y2;
        s03 += x0 * y3;
        s10 += x1 * y0;
        s11 += x1 * y1;
        s12 += x1 * y2;
        s13 += x1 * y3;
      }
      const block = [s00, s01, s02, s03, s10, s11, s12, s13];
      for (let place = 0; place < 8; place++) {
        const [row, column] = [i + (place >> 2), j + (place & 3)];
        if (row < x.rows && column < width) result[row * width + column] = block[place];
      }
    }
  }
  return matrix(result, x.rows, y.rows);
}

function padTo(rows: number, { values, rows: given, columns }: Matrix): Numbers {
  if (given === rows) return values;
  const padded = new Float32Array(rows * columns);
  padded.set(values);
  return padded;
}

function reluIterations({ batch, width }: Size): Work<ReluProblem> {
  let problem: ReluProblem;
  return {
    async prepare(given) {
      problem = given;
    },
    async run(): Promise<Outcome> {
      const W = matrix(problem.W, width, width);
      let z = matrix(problem.b, batch, width);
      for (let iteration = 0; iteration < RELU_ITERATIONS; iteration++) {
        z = timesTransposed(z, W);
        for (let index = 0; index < z.values.length; index++) {
          z.values[index] = Math.max(z.values[index] + problem.b[index], 0);
        }
      }
      return { answer: z.values };
    },
    dispose() {},
  };
}

/** x ← σ((1 − α)x + α(xMᵀ + c)) with its residual. `sigma` takes the value and the index of the element. */
function runStretch(x: Matrix, M: Matrix, c: Numbers, sigma: (p: number, index: number) => number): Stretch<Matrix> {
  const p = timesTransposed(x, M).values;
  const next = new Float32Array(p.length);
  let worst = 0;
  for (let row = 0; row < x.rows; row++) {
    let [missed, size] = [0, 0];
    for (let index = row * x.columns; index < (row + 1) * x.columns; index++) {
      const [from, preActivation] = [x.values[index], p[index] + c[index]];
      missed += (from - sigma(preActivation, index)) ** 2;
      size += from ** 2;
      next[index] = sigma((1 - STEP_SIZE) * from + STEP_SIZE * preActivation, index);
    }
    worst = Math.max(worst, Math.sqrt(missed) / (Math.sqrt(size) + SMALLEST));
  }
  return { x: matrix(next, x.rows, x.columns), residual: Promise.resolve(worst) };
}

/** W = B − Bᵀ − AᵀA */
function layerMatrix(A: Matrix, B: Matrix): Matrix {
  const [columnsOfA, turned] = [transpose(A), transpose(B)];
  const { values, ...shape } = timesTransposed(columnsOfA, columnsOfA);
  for (let index = 0; index < values.length; index++) {
    values[index] = B.values[index] - turned.values[index] - values[index];
  }
  return { values, ...shape };
}

interface Solution {
  readonly z: Matrix;
  /** ũ */
  readonly u: Matrix;
  readonly iterations: { readonly forward: number; readonly backward: number };
}

async function solveLayer(W: Matrix, b: Matrix, cotangent: (z: Matrix) => Matrix): Promise<Solution> {
  const zeros = (): Matrix => matrix(new Float32Array(b.values.length), b.rows, b.columns);
  const ahead = await iterateUntilSmall(zeros(), 1, (z) => runStretch(z, W, b.values, (p) => Math.max(p, 0)));
  const p = timesTransposed(ahead.x, W).values;
  const active = (index: number): boolean => p[index] + b.values[index] > 0;
  const v = cotangent(ahead.x).values;
  const turned = transpose(W);
  const back = await iterateUntilSmall(zeros(), 1, (u) =>
    runStretch(u, turned, v, (x, index) => (active(index) ? x : 0)),
  );
  return { z: ahead.x, u: back.x, iterations: { forward: ahead.iterations, backward: back.iterations } };
}

/** The gradients of A and B: with G = ũᵀz, −A(G + Gᵀ) and G − Gᵀ. */
function gradientsOfMatrix(A: Matrix, { u, z }: Solution): [Numbers, Numbers] {
  const G = timesTransposed(transpose(u), transpose(z));
  const turned = transpose(G).values;
  const symmetric = { ...G, values: G.values.map((value, index) => -value - turned[index]) };
  return [timesTransposed(A, symmetric).values, G.values.map((value, index) => value - turned[index])];
}

function solveAndGradient({ batch, width }: Size): Work<SolveProblem> {
  let problem: SolveProblem;
  return {
    async prepare(given) {
      problem = given;
    },
    async run() {
      const [A, B] = [matrix(problem.A, width, width), matrix(problem.B, width, width)];
      const [b, v] = [matrix(problem.b, batch, width), matrix(problem.v, batch, width)];
      const solution = await solveLayer(layerMatrix(A, B), b, () => v);
      gradientsOfMatrix(A, solution);
      return { answer: solution.u.values, iterations: solution.iterations };
    },
    dispose() {},
  };
}

/** The layer behind an affine map, scores, cross-entropy and Adam, with the gradients written out. */
function trainingSteps({ batch, width }: Size): Work<TrainingProblem> {
  const { inputs, classes, steps, rate } = TRAINING;
  let problem: TrainingProblem;
  let state: { value: Numbers; mean: Numbers; square: Numbers }[] = [];
  const step = async (index: number): Promise<Solution['iterations']> => {
    const [A, B, U, c, D, d] = state.map(({ value }) => value);
    const samples = problem.inputs.slice(index * batch * inputs, (index + 1) * batch * inputs);
    const x = matrix(samples, batch, inputs);
    const dense = matrix(D, classes, width);
    const layer = matrix(A, width, width);
    const W = layerMatrix(layer, matrix(B, width, width));
    const b = affine(x, matrix(U, width, inputs), c);
    let scores = b;
    const solution = await solveLayer(W, b, (z) => {
      scores = gradientOfScores(affine(z, dense, d), problem.labels.subarray(index * batch, (index + 1) * batch));
      return timesTransposed(scores, transpose(dense));
    });
    const throughAffine = (y: Matrix, input: Matrix): [Numbers, Numbers] => [
      timesTransposed(transpose(y), transpose(input)).values,
      sumOfRows(y),
    ];
    const gradients = [
      ...gradientsOfMatrix(layer, solution),
      ...throughAffine(solution.u, x),
      ...throughAffine(scores, solution.z),
    ];
    for (const [place, gradient] of gradients.entries()) adamStep(state[place], gradient, rate, index + 1);
    return solution.iterations;
  };
  return {
    async prepare(given) {
      problem = given;
      state = PARAMETERS.map((name) => {
        const value = given.parameters[name].slice();
        return { value, mean: new Float32Array(value.length), square: new Float32Array(value.length) };
      });
    },
    async run(units) {
      const total = { forward: 0, backward: 0 };
      for (let index = 0; index < Math.min(units, steps); index++) {
        const { forward, backward } = await step(index);
        total.forward += forward / units;
        total.backward += backward / units;
      }
      return { iterations: total };
    },
    dispose() {},
  };
}

function affine(x: Matrix, weights: Matrix, bias: Numbers): Matrix {
  const y = timesTransposed(x, weights);
  for (let index = 0; index < y.values.length; index++) y.values[index] += bias[index % y.columns];
  return y;
}

/** The gradient of the mean cross-entropy: (softmax − one-hot)/batch. */
function gradientOfScores({ values, rows, columns }: Matrix, labels: Int32Array): Matrix {
  const result = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const scores = values.subarray(row * columns, (row + 1) * columns);
    const largest = Math.max(...scores);
    const powers = scores.map((score) => Math.exp(score - largest));
    const total = powers.reduce((sum, power) => sum + power, 0);
    for (let column = 0; column < columns; column++) {
      result[row * columns + column] = (powers[column] / total - (labels[row] === column ? 1 : 0)) / rows;
    }
  }
  return matrix(result, rows, columns);
}

function sumOfRows({ values, columns }: Matrix): Numbers {
  const sums = new Float32Array(columns);
  for (let index = 0; index < values.length; index++) sums[index % columns] += values[index];
  return sums;
}

function adamStep(
  { value, mean, square }: { value: Numbers; mean: Numbers; square: Numbers },
  gradient: Numbers,
  rate: number,
  count: number,
): void {
  const { first, second } = biasCorrections(count);
  for (let index = 0; index < value.length; index++) {
    mean[index] = ADAM.first * mean[index] + (1 - ADAM.first) * gradient[index];
    square[index] = ADAM.second * square[index] + (1 - ADAM.second) * gradient[index] ** 2;
    value[index] -= (rate * mean[index] * first) / (Math.sqrt(square[index] * second) + ADAM.epsilon);
  }
}
