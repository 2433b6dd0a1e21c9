/**
 * Times solves and training steps of the single-layer convolutional networks of Winston & Kolter, beside PyTorch, and
 * counts their iterations: `npm run convolution`. Prints tables and writes them to bench/results/convolution.json and
 * convolution.md.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { EXIT, InputError } from '../src/cli/io.ts';
import { formatHelp, readArguments, readCount } from '../src/cli/options.ts';
import { open } from '../src/index.ts';
import { describeRun, runCommand } from './command.ts';
import { NETWORKS, type Network, type NetworkName, samplesFor, TOLERANCE } from './convolution-networks.ts';
import { type ConvolutionFinding, convolutionTextOf } from './convolution-table.ts';
import { type ConvolutionContestant, countFreshAndTrained, measureMemory, openOwn } from './convolution-works.ts';
import { requireInterpreter, titleOf } from './interpreters.ts';
import { LoadWatch } from './load.ts';
import { writeTables } from './program-contestants.ts';

const TABLE = {
  batch: { value: '<count>', description: 'of images', fallback: '128' },
  rounds: { value: '<count>', description: 'in which the contestants take turns', fallback: '5' },
  seeds: { value: '<count>', description: 'of fresh parameters, from 0 on', fallback: '5' },
  steps: { value: '<count>', description: 'of training before iterations are counted again', fallback: '20' },
  threads: { value: '<count>', description: 'of WebAssembly', fallback: '2' },
  network: { value: '<name>', description: 'the only one, by how its name begins' },
  data: { value: '<folder>', description: 'with the four IDX files of MNIST or Fashion-MNIST, to train on' },
  python: { value: '<program>', description: 'a Python that has PyTorch, to be measured too' },
  output: {
    value: '<file>',
    description: 'where the JSON goes; the tables go beside it',
    fallback: 'bench/results/convolution.json',
  },
};

interface Options {
  readonly batch: number;
  readonly rounds: number;
  readonly seeds: number;
  readonly steps: number;
  readonly threads: number;
  readonly network: string;
  readonly data: string | undefined;
  readonly python: string | undefined;
  readonly output: string;
}

/** Of iterations, between which the memory is compared. */
const LIMITS = [5, 50];
/** Shares of the batch, at which steps are timed too, and the memory is measured at the smallest one. */
const SHARES = [4, 2];

await runCommand({
  readOptions,
  help: () =>
    formatHelp(
      'npm run convolution -- [options]',
      'Times convolutional networks beside PyTorch; prints tables and writes JSON.',
      TABLE,
    ),
  bench,
});

function readOptions(argv: readonly string[]): Options | undefined {
  const given = readArguments('convolution', TABLE, argv);
  const { options } = given;
  if (options.help) return undefined;
  const network = options.network ?? '';
  if (!Object.keys(NETWORKS).some((name) => name.startsWith(network))) {
    throw new InputError(
      `--network: it is ${network}; it must begin the name of ${Object.keys(NETWORKS).join(' or ')}`,
    );
  }
  return {
    batch: readCount(given, 'batch', 128),
    rounds: readCount(given, 'rounds', 5),
    seeds: readCount(given, 'seeds', 5),
    steps: readCount(given, 'steps', 20),
    threads: readCount(given, 'threads', 2),
    network,
    data: options.data,
    python: options.python,
    output: options.output ?? TABLE.output.fallback,
  };
}

async function bench(options: Options): Promise<number> {
  const { python } = options;
  const peer = python
    ? `PyTorch: ${titleOf('torch', await requireInterpreter('torch', python))}.`
    : 'PyTorch was not measured: no --python was given.';
  const findings: ConvolutionFinding[] = [];
  for (const name of Object.keys(NETWORKS) as NetworkName[]) {
    if (name.startsWith(options.network)) findings.push(await measure(name, options));
  }
  const results = {
    ...describeRun(),
    ...{ batch: options.batch, threads: options.threads, tolerance: TOLERANCE },
    notes: [peer],
    findings,
  };
  process.stdout.write(await writeTables(options.output, results, convolutionTextOf(results)));
  return EXIT.done;
}

async function measure(name: NetworkName, options: Options): Promise<ConvolutionFinding> {
  const { batch, rounds, seeds, steps, threads, data } = options;
  const network = NETWORKS[name];
  const opening = { backend: 'wasm', threads } as const;
  const watch = new LoadWatch();
  const sizes = SHARES.map((share) => Math.max(1, Math.floor(batch / share)));
  const memory = [];
  for (const limit of LIMITS) memory.push(await measureMemory(opening, network, sizes[0], limit));
  const engine = await open(opening);
  const samples = await samplesFor(network, steps * batch, data);
  const counts = await countFreshAndTrained(engine, network, samples, { batch, seeds, steps });
  const others = watch.share();
  const peers = options.python ? [openPeer(options.python, network, batch, threads)] : [];
  const times = await takeTurns([openOwn(engine, network, batch), ...peers], rounds);
  const smaller = await takeTurns(
    sizes.map((size) => openOwn(engine, network, size)),
    rounds,
  );
  engine.close();
  return {
    network: name,
    images: data !== undefined && network.inputChannels === 1 ? `Trained on images of ${data}` : 'Generated images',
    times,
    batches: [...sizes.map((size, at) => ({ batch: size, step: smaller[at].step })), { batch, step: times[0].step }],
    memory,
    ...counts,
    ...(others === undefined ? {} : { others }),
  };
}

async function takeTurns(contestants: readonly ConvolutionContestant[], rounds: number) {
  const times = contestants.map(({ name }) => ({ name, solve: [] as number[], step: [] as number[] }));
  for (let round = 0; round <= rounds; round++) {
    for (const [index, contestant] of contestants.entries()) {
      const [solve, step] = [await contestant.solve(), await contestant.step()];
      if (round === 0) continue; // warms up
      times[index].solve.push(solve);
      times[index].step.push(step);
    }
  }
  for (const contestant of contestants) contestant.close();
  return times;
}

/** PyTorch in a process of its own, which answers each line with the milliseconds that it took. */
function openPeer(
  python: string,
  { inputChannels, channels, size }: Network,
  batch: number,
  threads: number,
): ConvolutionContestant {
  // Without these, freed arrays go back to the system, and PyTorch spends a third of its time on page faults.
  const env = { ...process.env, MALLOC_MMAP_THRESHOLD_: '4294967296', MALLOC_TRIM_THRESHOLD_: '8589934592' };
  const given = [inputChannels, channels, size[0], batch, threads].map(String);
  const child = spawn(python, ['bench/python/convolution.py', ...given], { stdio: ['pipe', 'pipe', 'inherit'], env });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (what: string): Promise<number> => {
    child.stdin.write(`${what}\n`);
    const { value, done } = await lines.next();
    if (done) throw new InputError(`--python: ${python} ended without an answer; it must have PyTorch`);
    return Number(value);
  };
  return { name: 'PyTorch', solve: () => ask('solve'), step: () => ask('step'), close: () => child.kill() };
}
