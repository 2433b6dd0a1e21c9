/** Work of a quarter of a second and more, of every kind that the library does. Each frees what it creates. */
import { runInTurns } from '../../src/backends/event-loop.ts';
import { diabetes, digits, sparseRegression, standardisedRegression } from '../../src/data/index.ts';
import { SolvedCone } from '../../src/implicit/cones/solved-cone.ts';
import {
  crossValidation,
  dense,
  type Engine,
  fixedPoint,
  type ImplicitSolution,
  lasso,
  lassoPath,
  monotone,
  monotoneFixedPoint,
  sequential,
  type Tensor,
  train,
  tune,
  valueAndGrad,
} from '../../src/index.ts';
import { solveConeProgram } from '../../src/solvers/cones/solve.ts';
import { monotoneProblem, normals } from './numbers.ts';
import { coneDataOf, plantConeProgram } from './planted-cone-programs.ts';

interface LongWork {
  readonly name: string;
  readonly run: (engine: Engine, signal?: AbortSignal) => Promise<unknown>;
}

export const LONG_WORK: readonly LongWork[] = [
  { name: 'many small solves', run: smallSolves },
  { name: 'one long solve', run: longSolve },
  { name: 'gradients', run: gradients },
  { name: 'the solution of an equation, and its gradients', run: equations },
  { name: 'a certificate by enumeration', run: (engine, signal) => certify(engine, signal, { exact: false }) },
  { name: 'a certificate with the worst element', run: (engine, signal) => certify(engine, signal, { exact: true }) },
  { name: 'the interval of a gradient', run: interval },
  { name: 'checks of stated margins', run: margins },
  { name: 'tuning', run: tuning },
  { name: 'a path of a Lasso', run: path },
  { name: 'the certificates of a path', run: pathCertificates },
  { name: 'training', run: training },
  { name: 'training in large steps', run: trainingInLargeSteps },
];

/** On the host, and so the same on every backend. */
export const LONG_CONE_WORK: readonly {
  readonly name: string;
  readonly run: (signal?: AbortSignal) => Promise<unknown>;
}[] = [
  { name: 'a cone program with large matrices', run: (signal) => solveCones(MATRICES, signal) },
  { name: 'a dense linear program', run: (signal) => solveCones(LINEAR, signal) },
  { name: 'a program with exponential cones', run: (signal) => solveCones(EXPONENTIAL, signal) },
  { name: 'the certificate of a cone program', run: certifyCones },
  { name: 'the derivative of a cone program', run: differentiateCones },
];

const SETTINGS = { absolute: 1e-9, relative: 1e-9, limit: 500 };
const MATRICES = plantConeProgram({ seed: 1, n: 100, cones: [{ type: 'psd', dim: 32 }] });
/** With as many variables as make the multipliers unique. */
const DETERMINED = plantConeProgram({ seed: 1, n: 200, cones: [{ type: 'psd', dim: 32 }] });
const LINEAR = plantConeProgram({ seed: 1, n: 250, cones: [{ type: 'nonneg', dim: 500 }], rank: 0 });
const EXPONENTIAL = plantConeProgram({
  seed: 1,
  n: 200,
  cones: [
    ...Array.from({ length: 50 }, () => ({ type: 'exp', dim: 3 }) as const),
    ...Array.from({ length: 20 }, () => ({ type: 'soc', dim: 8 }) as const),
  ],
});

async function solveCones(program: typeof MATRICES, signal?: AbortSignal): Promise<void> {
  const { status } = await runInTurns(solveConeProgram(coneDataOf(program), SETTINGS), signal);
  if (status !== 'converged') throw new Error(`it is ${status}`);
}

/** At the solution that was chosen. */
function solvedCones(): SolvedCone {
  const data = coneDataOf(DETERMINED);
  const { x, y, s } = DETERMINED;
  const residuals = { primal: 0, dual: 0, gap: 0 };
  const result = { x, y, s, residuals, status: 'converged', iterations: 0, objective: 0, merit: 0 } as const;
  return new SolvedCone(result, { data: () => data, epsilon: Number.EPSILON, isExact: true });
}

async function certifyCones(signal?: AbortSignal): Promise<void> {
  const { status } = await runInTurns(solvedCones().certify(), signal);
  if (status !== 'certified') throw new Error(`it is ${status}`);
}

async function differentiateCones(signal?: AbortSignal): Promise<void> {
  const derivative = await runInTurns(solvedCones().differentiate(0.5, false), signal);
  const { residual } = await runInTurns(derivative.adjoint({ x: new Float64Array(DETERMINED.n).fill(1) }), signal);
  if (!(residual < 1e-10)) throw new Error(`the residual is ${residual}`);
}

const MARGIN = 0.5;
/** Created beforehand, so that only the library is measured. */
const SMALL = problem(10, 2);
const MIDDLE = problem(60, 16);
const LARGE = problem(400, 1);

function problem(n: number, batch: number) {
  const { W, b } = monotoneProblem(n, batch, 1, MARGIN);
  return { n, batch, W, b };
}

function weights(engine: Engine, { n, batch, W, b }: ReturnType<typeof problem>) {
  return { W: engine.tensor(W, [n, n]), b: engine.tensor(b, [batch, n]), margin: 0.99 * MARGIN };
}

async function smallSolves(engine: Engine, signal?: AbortSignal): Promise<void> {
  const { W, b, margin } = weights(engine, SMALL);
  try {
    for (let solve = 0; solve < 600; solve++) {
      const solution = monotoneFixedPoint(W, b, { activation: 'relu', margin, signal, checkInputs: false });
      try {
        await solution.z.data();
      } finally {
        solution.dispose();
      }
    }
  } finally {
    for (const tensor of [W, b]) tensor.dispose();
  }
}

/** Each iteration contracts by 1 − 1e-6 only. */
async function longSolve(engine: Engine, signal?: AbortSignal): Promise<void> {
  const n = 100;
  const margin = 1e-6;
  const W = engine.tensor(
    Float64Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? 1 - margin : 0)),
    [n, n],
  );
  const b = engine.tensor(new Float64Array(n).fill(1), [1, n]);
  const solution = monotoneFixedPoint(W, b, {
    activation: 'relu',
    margin: 0.5 * margin,
    solver: 'picard',
    tolerance: 1e-12,
    limit: 1e8,
    timeLimit: 1000,
    onFailure: 'report',
    signal,
  });
  try {
    await solution.z.data();
  } finally {
    for (const tensor of [W, b]) tensor.dispose();
    solution.dispose();
  }
}

async function gradients(engine: Engine, signal?: AbortSignal): Promise<void> {
  const { W, b, margin } = weights(engine, MIDDLE);
  const loss = (A: Tensor, c: Tensor): Tensor =>
    monotoneFixedPoint(A, c, { activation: 'relu', margin, signal, tolerance: 1e-5 }).z.square().sum();
  try {
    for (let step = 0; step < 40; step++) {
      const [, made] = await valueAndGrad(loss, [W, b]);
      for (const gradient of made) gradient.dispose();
    }
  } finally {
    for (const tensor of [W, b]) tensor.dispose();
  }
}

async function equations(engine: Engine, signal?: AbortSignal): Promise<void> {
  const { W, b } = weights(engine, MIDDLE);
  const loss = (A: Tensor, c: Tensor): Tensor =>
    fixedPoint((z, M, x) => z.matmul(M, { transposeB: true }).mul(0.2).add(x).tanh(), {
      unknown: c,
      inputs: [A, c],
      signal,
    })
      .square()
      .sum();
  try {
    for (let step = 0; step < 20; step++) {
      const [, made] = await valueAndGrad(loss, [W, b]);
      for (const gradient of made) gradient.dispose();
    }
  } finally {
    for (const tensor of [W, b]) tensor.dispose();
  }
}

const KINKS = 15;

/**
 * All elements are invertible, but nothing less than all principal minors shows it: (I + K)·C with a skew K and a
 * diagonal C.
 */
function hiddenMinors(): number[] {
  const drawn = normals(KINKS * KINKS, 3, 2);
  return Array.from({ length: KINKS * KINKS }, (_, at) => {
    const [i, j] = [Math.floor(at / KINKS), at % KINKS];
    const skew = i < j ? drawn[at] : -drawn[j * KINKS + i];
    return (i === j ? 1 : skew) * 2 ** ((7 * j) % 5);
  });
}

/** z = relu(z − M·z + x·1), whose solution at x = 0 is 0, where every unit is at a kink. */
async function atKinks(
  engine: Engine,
  signal: AbortSignal | undefined,
  read: (solution: ImplicitSolution) => Promise<unknown>,
): Promise<void> {
  await engine.tidy(async (scope) => {
    const M = scope.tensor(hiddenMinors(), [KINKS, KINKS]);
    const solution = fixedPoint(
      (z, x, M) => {
        const row = z.reshape([1, KINKS]);
        return row
          .sub(row.matmul(M, { transposeB: true }))
          .add(x)
          .relu()
          .reshape([KINKS]);
      },
      { unknown: scope.tensor(new Float64Array(KINKS)), inputs: [scope.tensor([0]), M], solver: 'given', signal },
    );
    await read(solution);
  });
}

async function certify(engine: Engine, signal: AbortSignal | undefined, options: { exact: boolean }): Promise<void> {
  await atKinks(engine, signal, async ({ solve }) => {
    for (let again = 0; again < (options.exact ? 1 : 8); again++) {
      const { status, argument, samples } = await solve.certify(options);
      if (status !== 'certified' || argument !== 'P-matrix') throw new Error(`it is ${status} by ${argument}`);
      if (samples[0].kinks !== KINKS) throw new Error(`there are ${samples[0].kinks} kinks`);
    }
  });
}

async function interval(engine: Engine, signal?: AbortSignal): Promise<void> {
  await atKinks(engine, signal, async (solution) => {
    const cotangent = engine.tensor(new Float64Array(KINKS).fill(1));
    try {
      const { argument } = await solution.solve.gradientInterval(cotangent);
      if (argument !== 'enumeration') throw new Error(`it is by ${argument}`);
    } finally {
      cotangent.dispose();
    }
  });
}

async function margins(engine: Engine, signal?: AbortSignal): Promise<void> {
  const { W, b, margin } = weights(engine, LARGE);
  try {
    for (let solve = 0; solve < 2; solve++) {
      const solution = monotoneFixedPoint(W, b, { activation: 'relu', margin, signal });
      try {
        await solution.certificate();
      } finally {
        solution.dispose();
      }
    }
  } finally {
    for (const tensor of [W, b]) tensor.dispose();
  }
}

async function tuning(engine: Engine, signal?: AbortSignal): Promise<void> {
  const { X, y, count, features } = standardisedRegression(await diabetes());
  const rows = { X: engine.tensor(X, [count, features]), y: engine.tensor(y) };
  try {
    await tune({ ...rows, criterion: crossValidation(), signal });
  } finally {
    for (const tensor of Object.values(rows)) tensor.dispose();
  }
}

const WIDE = sparseRegression({ count: 150, features: 600, supportSize: 20, seed: 2 });

function wideRows(engine: Engine): { X: Tensor; y: Tensor } {
  const { X, y, count, features } = WIDE;
  return { X: engine.tensor(X, [count, features]), y: engine.tensor(y) };
}

async function path(engine: Engine, signal?: AbortSignal): Promise<void> {
  const rows = wideRows(engine);
  try {
    // A short one could be over before the signal ends it.
    for (let again = 0; again < 5; again++) {
      const found = await lassoPath({ ...rows, count: 100, signal, onFailure: 'report' });
      try {
        await Promise.all([found.beta.data(), ...found.reports]);
      } finally {
        for (const tensor of [found.beta, found.intercept]) tensor.dispose();
      }
    }
  } finally {
    for (const tensor of Object.values(rows)) tensor.dispose();
  }
}

async function pathCertificates(engine: Engine, signal?: AbortSignal): Promise<void> {
  const rows = wideRows(engine);
  const logLambda = Array.from({ length: 30 }, (_, at) => 3 - at / 15);
  const solution = lasso({ ...rows, logLambda, signal, onFailure: 'report' });
  try {
    await solution.certificate();
  } finally {
    solution.dispose();
    for (const tensor of Object.values(rows)) tensor.dispose();
  }
}

async function training(engine: Engine, signal?: AbortSignal): Promise<void> {
  const model = sequential(monotone({ inputs: 64, width: 40 }), dense({ inputs: 40, outputs: 10 }));
  const data = await digits();
  try {
    await train(engine, model, data, { epochs: 1, validation: data.test, signal });
  } finally {
    model.dispose();
  }
}

/** Each step takes longer than an abort may. */
async function trainingInLargeSteps(engine: Engine, signal?: AbortSignal): Promise<void> {
  const model = sequential(monotone({ inputs: 64, width: 100 }), dense({ inputs: 100, outputs: 10 }));
  try {
    await train(engine, model, (await digits()).train, { epochs: 2, batch: 512, signal });
  } finally {
    model.dispose();
  }
}
