/**
 * Times a solve and a training step of the single-layer convolutional networks of Winston & Kolter, with fresh parameters:
 * `npm run convolution -- [--batch 128] [--seeds 5] [--rounds 5] [--backend wasm] [--network MNIST]
 * [--python python3]`. With --python it
 * takes turns with PyTorch, which does the same in a process of its own.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { random } from '../src/data/random.ts';
import {
  adam,
  type BackendName,
  crossEntropy,
  dense,
  type Engine,
  monotoneConvolution,
  oneHot,
  open,
  type SolveRecord,
  sequential,
  type Tensor,
  train,
  valueAndGrad,
} from '../src/index.ts';

const { values } = parseArgs({
  options: {
    batch: { type: 'string', default: '128' },
    seeds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '5' },
    backend: { type: 'string', default: 'wasm' },
    python: { type: 'string' },
    network: { type: 'string' },
  },
});

/** The authors' networks: images, channels of the layer, and the relative step at which they stop. */
const NETWORKS = {
  'MNIST single 54': { inputChannels: 1, channels: 54, size: [28, 28] },
  'CIFAR single 81': { inputChannels: 3, channels: 81, size: [32, 32] },
} as const;
type Network = (typeof NETWORKS)[keyof typeof NETWORKS];

const CLASSES = 10;
const TOLERANCE = 1e-2;
const RATE = 1e-3;

const [batch, seeds, rounds] = [values.batch, values.seeds, values.rounds].map(Number);

function modelOf({ inputChannels, channels, size }: Network) {
  const [rows, columns] = size;
  return sequential(
    monotoneConvolution({ inputChannels, channels, size, tolerance: TOLERANCE }),
    dense({ inputs: channels * rows * columns, outputs: CLASSES }),
  );
}

/** Images of uniform numbers with means that differ between classes. */
function samplesOf({ inputChannels, size }: Network, seed: number) {
  const features = inputChannels * size[0] * size[1];
  const generator = random(seed);
  const labels = Int32Array.from({ length: batch }, (_, sample) => sample % CLASSES);
  const inputs = Float32Array.from({ length: batch * features }, () => generator.uniform());
  return { inputs, labels, count: batch, features };
}

/** The mean numbers of iterations of the first step, and the largest true residuals. */
async function countIterations(engine: Engine, network: Network, seed: number) {
  const model = modelOf(network);
  model.initialise(engine, seed);
  const data = samplesOf(network, seed);
  const reports = await engine.tidy(async (scope) => {
    const x = scope.tensor(data.inputs, [batch, data.features]);
    const targets = scope.tensor(oneHot(data.labels, CLASSES), [batch, CLASSES]);
    const solves: SolveRecord[] = [];
    const lossOf = (...parameters: Tensor[]): Tensor =>
      crossEntropy(model.forward(x, { values: parameters, solves }), targets);
    await valueAndGrad(
      lossOf,
      model.parameters.map(({ value }) => value),
    );
    return Promise.all([solves[0].report, ...solves[0].backwardReports]);
  });
  model.dispose();
  return reports.map(({ solver, samples }) => ({
    solver,
    iterations: samples.reduce((sum, each) => sum + each.iterations, 0) / batch,
    most: Math.max(...samples.map((each) => each.iterations)),
    residual: Math.max(...samples.map((each) => each.residual)),
  }));
}

/** Opens what takes steps, and gives the milliseconds of each. */
interface Contestant {
  readonly name: string;
  solve(): Promise<number>;
  step(): Promise<number>;
  close(): void;
}

async function openOwn(engine: Engine, network: Network): Promise<Contestant> {
  const model = modelOf(network);
  model.initialise(engine, 0);
  const data = samplesOf(network, 0);
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const since = performance.now();
    await work();
    return performance.now() - since;
  };
  return {
    name: `equilibra ${engine.backend}`,
    solve: () =>
      timed(() =>
        engine.tidy(async (scope) => model.forward(scope.tensor(data.inputs, [batch, data.features])).data()),
      ),
    step: () => timed(() => train(engine, model, data, { epochs: 1, batch, optimiser: adam({ rate: RATE }) })),
    close: () => model.dispose(),
  };
}

/** PyTorch in a process of its own, which answers each line with the milliseconds that it took. */
function openPeer(python: string, { inputChannels, channels, size }: Network): Contestant {
  // Without these, freed arrays go back to the system, and PyTorch spends a third of its time on page faults.
  const env = { ...process.env, MALLOC_MMAP_THRESHOLD_: '4294967296', MALLOC_TRIM_THRESHOLD_: '8589934592' };
  const given = [inputChannels, channels, size[0], batch].map(String);
  const child = spawn(python, ['bench/python/convolution.py', ...given], { stdio: ['pipe', 'pipe', 'inherit'], env });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (what: string): Promise<number> => {
    child.stdin.write(`${what}\n`);
    const { value } = await lines.next();
    return Number(value);
  };
  return { name: 'pytorch cpu', solve: () => ask('solve'), step: () => ask('step'), close: () => child.kill() };
}

const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

for (const [name, network] of Object.entries(NETWORKS)) {
  if (values.network && !name.startsWith(values.network)) continue;
  const engine = await open({ backend: values.backend as BackendName });
  for (let seed = 0; seed < seeds; seed++) {
    console.log(JSON.stringify({ name, seed, reports: await countIterations(engine, network, seed) }));
  }
  const contestants = [await openOwn(engine, network), ...(values.python ? [openPeer(values.python, network)] : [])];
  const times = contestants.map(() => ({ solve: [] as number[], step: [] as number[] }));
  for (let round = 0; round <= rounds; round++) {
    for (const [index, contestant] of contestants.entries()) {
      const [solve, step] = [await contestant.solve(), await contestant.step()];
      if (round === 0) continue; // warms up
      times[index].solve.push(solve);
      times[index].step.push(step);
    }
  }
  for (const [index, { solve, step }] of times.entries()) {
    const shown = { name, contestant: contestants[index].name, batch, solve: median(solve), step: median(step) };
    console.log(JSON.stringify({ ...shown, solves: solve.map(Math.round), steps: step.map(Math.round) }));
    contestants[index].close();
  }
  await engine.close();
}
