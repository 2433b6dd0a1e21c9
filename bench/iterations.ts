/**
 * Counts the iterations of every solver on the same layers: `npm run iterations`. Prints the tables of docs/solvers.md
 * and writes bench/results/iterations.json. Everything runs in float64 on the CPU, so that the counts are the same on
 * every machine.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { Tape } from '../src/autodiff/tape.ts';
import { digits } from '../src/data/index.ts';
import { random } from '../src/data/random.ts';
import {
  adam,
  dense,
  type Engine,
  type ForwardSolverName,
  type LinearSolverName,
  monotone,
  monotoneFixedPoint,
  monotoneMatrix,
  open,
  type SolveReport,
  sequential,
  stepDecay,
  type Tensor,
  train,
} from '../src/index.ts';
import { FORWARD_SOLVERS, LINEAR_SOLVERS } from '../src/solvers/index.ts';
import { stepRuleCounts } from './step-rule.ts';

interface Layer {
  readonly title: string;
  readonly W: Tensor;
  readonly b: Tensor;
  readonly v: Tensor;
  readonly margin: number;
}

const TOLERANCES = [1e-2, 1e-4];
/** The number of iterations after which a user would give up. */
const LIMIT = 2000;

const engine = await open({ backend: 'cpu' });
const layers = [
  freshLayer(),
  await referenceLayer('reference', 'n87'),
  await referenceLayer('ill-conditioned reference', 'illcond'),
  await trainedLayer(),
];
const results = { forward: await forwardCounts(), backward: await backwardCounts(), stepRule: await countByStepRule() };
await mkdir('bench/results', { recursive: true });
await writeFile('bench/results/iterations.json', `${JSON.stringify(results, undefined, 1)}\n`);
engine.close();

/** The authors' fully connected layer as PyTorch initialises it: A, B uniform on ±1/√n. */
function freshLayer(): Layer {
  const [n, batch] = [87, 128];
  const generator = random(0);
  const uniform = (): Tensor =>
    engine.tensor(
      Array.from({ length: n * n }, () => (2 * generator.uniform() - 1) / Math.sqrt(n)),
      [n, n],
    );
  const W = monotoneMatrix(uniform(), uniform(), engine.tensor([1]));
  return { title: 'fresh, n 87, batch 128, m 1', W, b: normals(batch, n, 1), v: normals(batch, n, 2), margin: 1 };
}

/** The relu case of a file of test/fixtures. */
async function referenceLayer(name: string, file: string): Promise<Layer> {
  const { cases } = JSON.parse(await readFile(`test/fixtures/mondeq-${file}.json`, 'utf8'));
  const { n, batch, m, W, A, B, b, v } = cases[0];
  const tensor = (matrix: readonly (readonly number[])[]): Tensor =>
    engine.tensor(matrix.flat(), [matrix.length, matrix[0].length]);
  const matrix = W ? tensor(W) : monotoneMatrix(tensor(A), tensor(B), engine.tensor([m]));
  const title = `${name}, n ${n}, batch ${batch}, m ${m}`;
  return { title, W: matrix, b: tensor(b), v: tensor(v), margin: m };
}

/** The layer of the README's model after 15 epochs on the digits, applied to 64 held-out digits. */
async function trainedLayer(): Promise<Layer> {
  const [n, batch] = [100, 64];
  const data = await digits();
  const model = sequential(monotone({ inputs: 64, width: n }), dense({ inputs: n, outputs: 10 }));
  await train(engine, model, data, { epochs: 15, batch: 64, optimiser: adam({ rate: stepDecay(1e-2, { every: 8 }) }) });
  const [A, B, U, c] = model.parameters.map(({ value }) => value);
  const x = engine.tensor(data.test.inputs.subarray(0, batch * 64), [batch, 64]);
  const b = x.matmul(U, { transposeB: true }).add(c);
  const W = monotoneMatrix(A, B, engine.tensor([1]));
  return { title: `trained on digits, n ${n}, batch ${batch}, m 1`, W, b, v: normals(batch, n, 3), margin: 1 };
}

function normals(rows: number, columns: number, seed: number): Tensor {
  const generator = random(seed);
  return engine.tensor(
    Array.from({ length: rows * columns }, () => generator.normal()),
    [rows, columns],
  );
}

/** The mean over the samples; undefined where some samples were not solved. */
function meanIterations({ samples }: SolveReport): number | undefined {
  if (samples.some(({ status }) => status !== 'converged')) return undefined;
  return samples.reduce((sum, { iterations }) => sum + iterations, 0) / samples.length;
}

async function forwardCounts(): Promise<object> {
  const names = Object.keys(FORWARD_SOLVERS) as ForwardSolverName[];
  return formatTable('forward', names, async ({ W, b, margin }, solver, tolerance) => {
    const options = { activation: 'relu', margin, solver, tolerance, limit: LIMIT, onFailure: 'report' } as const;
    return meanIterations(await monotoneFixedPoint(W, b, options).report);
  });
}

async function backwardCounts(): Promise<object> {
  const names = Object.keys(LINEAR_SOLVERS) as LinearSolverName[];
  return formatTable('backward', names, async ({ W, b, v, margin }, linearSolver, tolerance) => {
    const tape = new Tape();
    const input = tape.watch(b.add(0));
    const { z, backwardReports } = monotoneFixedPoint(W, input, {
      activation: 'relu',
      margin,
      linearSolver,
      solver: 'peaceman-rachford',
      tolerance: 1e-8,
      backwardTolerance: tolerance,
      backwardLimit: LIMIT,
      limit: LIMIT,
      onFailure: 'report',
    });
    tape.pullback(z, [input], v);
    return meanIterations(await backwardReports[0]);
  });
}

async function formatTable<Name extends string>(
  direction: string,
  names: readonly Name[],
  count: (layer: Layer, name: Name, tolerance: number) => Promise<number | undefined>,
): Promise<object> {
  console.log(`\n| ${direction} | ${layers.map(({ title }) => title).join(' | ')} |`);
  console.log(`|---|${layers.map(() => '---|').join('')}`);
  const table: Record<string, Record<string, (number | undefined)[]>> = {};
  for (const name of names) {
    table[name] = {};
    for (const layer of layers) {
      table[name][layer.title] = [];
      for (const tolerance of TOLERANCES) table[name][layer.title].push(await count(layer, name, tolerance));
    }
    const cells = Object.values(table[name]).map((counts) => counts.map((one) => one?.toFixed(1) ?? '–').join(' / '));
    console.log(`| \`${name}\` | ${cells.join(' | ')} |`);
  }
  return table;
}

/** Peaceman-Rachford splitting on the fresh layer, with the stopping rule of the monDEQ authors' code. */
async function countByStepRule(): Promise<object> {
  const [{ W, b, v, margin }] = layers;
  const counts = await stepRuleCounts(engine as Engine, { W, b, v, margin }, TOLERANCES);
  console.log(`\nPeaceman-Rachford, fresh layer, stopped on the relative step at ${TOLERANCES.join(', ')}:`);
  console.log(`forward ${counts.forward.join(', ')}; backward ${counts.backward.join(', ')}`);
  return counts;
}
