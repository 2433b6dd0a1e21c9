/**
 * Times batches of quadratic programs through the public face, beside solvers that take one program at a time:
 * `npm run programs`. Prints tables and writes them to bench/results/programs.json and programs.md.
 */
import { availableParallelism, loadavg } from 'node:os';
import { EXIT } from '../src/cli/io.ts';
import { formatHelp, readArguments, readChoice, readCount } from '../src/cli/options.ts';
import { type Engine, open } from '../src/index.ts';
import { bundleForNode } from './bundle.ts';
import { describeRun, runCommand } from './command.ts';
import { LoadWatch } from './load.ts';
import { firstLine, Log } from './log.ts';
import { Contest, differenceOf, median, ratioOf } from './measure.ts';
import { openNode, webGPUVariables } from './node.ts';
import { openCvxopt } from './peers/cvxopt.ts';
import { PEER_CHOICES, type PeerChoice } from './peers/install.ts';
import { openHighs, openScs } from './peers/program-peers.ts';
import { type Contestant, contestantOf, openPeers, startPython, writeTables } from './program-contestants.ts';
import { createOwnPrograms, firstOf, judge, type ProgramBatch } from './program-problems.ts';
import { GOALS, type ProgramEntry, type ProgramResults, textOf } from './program-table.ts';
import {
  type ControllerFinding,
  type ControllerTask,
  forwardWork,
  gradientsOf,
  gradientWork,
  measureControllers,
  solutionsOf,
} from './program-works.ts';
import { refereeRounds } from './referee.ts';

/** Relative and absolute, of every contestant. */
const TOLERANCE = 1e-6;
/** Milliseconds after which a contestant makes no further repetition; it warms up for a quarter of it. */
const MILLISECONDS = 30_000;
/** The number of programs whose gradients are compared with those of the oracle. */
const COMPARED = 4;
/** In float32. */
const SPLITTING_TOLERANCES = [1e-4, 1e-6];
/** Milliseconds. */
const WEBGPU_LIMIT = 600_000;

const TABLE = {
  threads: { value: '<count>', description: 'of WebAssembly', fallback: '2' },
  repetitions: { value: '<count>', description: 'of each measurement; the median is told', fallback: '15' },
  peers: {
    value: '<what>',
    description: 'install the other solvers, measure those present, or none',
    fallback: 'install',
  },
  python: { value: '<program>', description: 'the Python that has cvxopt', fallback: 'that with the newest cvxopt' },
  quick: { description: 'small batches and three repetitions, to see that all of it runs' },
  output: {
    value: '<file>',
    description: 'where the JSON goes; the table goes beside it',
    fallback: 'bench/results/programs.json',
  },
};

interface Options {
  readonly threads: number;
  readonly repetitions: number;
  readonly peers: PeerChoice;
  readonly python: string | undefined;
  readonly isQuick: boolean;
  readonly output: string;
}

await runCommand({
  readOptions,
  help: () =>
    formatHelp(
      'npm run programs -- [options]',
      'Times batches of quadratic programs; prints tables and writes JSON.',
      TABLE,
    ),
  bench,
});

function readOptions(argv: readonly string[]): Options | undefined {
  const given = readArguments('programs', TABLE, argv);
  const { help, quick, python } = given.options;
  if (help) return undefined;
  const isQuick = quick !== undefined;
  return {
    threads: readCount(given, 'threads', 2),
    repetitions: readCount(given, 'repetitions', isQuick ? 3 : 15),
    peers: readChoice(given, 'peers', PEER_CHOICES) ?? (isQuick ? 'present' : 'install'),
    python,
    isQuick,
    output: given.options.output ?? (isQuick ? 'dist/bench/programs.json' : 'bench/results/programs.json'),
  };
}

async function bench(options: Options): Promise<number> {
  const log = new Log();
  const cores = availableParallelism();
  const watch = new LoadWatch();
  const [load] = loadavg();
  if (load > cores / 4) log.note(`other work was going on before the run: load ${load.toFixed(1)} on ${cores} cores`);
  const own = await measureOwn(options, log);
  const others = watch.share();
  const save = (controllers: readonly ControllerFinding[]): Promise<string> =>
    writeOwn(options.output, {
      ...describeRun(),
      load,
      ...(others !== undefined && { others }),
      tolerance: TOLERANCE,
      goals: GOALS,
      notes: log.notes,
      ...own,
      controllers,
    });
  // What was measured is kept if a driver of WebGPU never comes to an end.
  await save([]);
  const text = await save(await measureAllControllers(options, log));
  console.log(`\n${text}\nwritten to ${options.output}`);
  return log.failed ? EXIT.failure : EXIT.done;
}

const writeOwn = (output: string, results: ProgramResults): Promise<string> =>
  writeTables(output, results, textOf(results));

async function measureOwn(
  options: Options,
  log: Log,
): Promise<Pick<ProgramResults, 'programs' | 'threads' | 'adapter' | 'entries' | 'backward' | 'gradients'>> {
  const programs = createOwnPrograms(options.isQuick ? { batch: 8 } : {});
  const { batch, n, m, equalities } = programs;
  const engine = await open({ backend: 'wasm', threads: options.threads });
  const loop = await startPython(options, (program) => openCvxopt(program, programs, TOLERANCE), log);
  try {
    const contestants = [
      ...createOwnContestants(engine, programs),
      ...(await openPeers(options.peers, [() => openScs(TOLERANCE), () => openHighs(TOLERANCE)], log)).map(
        contestantOf,
      ),
      ...(loop ? [loop.contestant] : []),
    ];
    const contest = new Contest(
      contestants.map(({ work }) => work),
      { problem: () => programs, maximumUnits: 1 },
      { repetitions: options.repetitions, milliseconds: MILLISECONDS },
    );
    await refereeRounds(contest, options.repetitions, new LoadWatch());
    const entries: Omit<ProgramEntry, 'ratio'>[] = [];
    for (const [index, measured] of contest.results().entries()) {
      const { name, isForwardOnly, solutions, work } = contestants[index];
      if ('error' in measured) log.failure(`${name}: ${measured.error}`);
      else {
        const judgement = judge(programs, await solutions(), TOLERANCE);
        entries.push({ name, isForwardOnly, timing: measured.timing, judgement });
      }
      work.dispose();
    }
    const [forward, both] = entries;
    if (!(both?.judgement.solved === batch)) throw new Error('the library has not solved all programs');
    const gradients = await compareGradients(engine, programs);
    if (!(Math.max(...gradients.differences) <= GOALS.gradients))
      log.failure('gradients differ from those of the oracle');
    return {
      programs: { batch, n, m, equalities },
      threads: engine.adapter.threadsUsed ?? options.threads,
      adapter: engine.adapter.description,
      entries: entries.map((entry) => ({ ...entry, ratio: ratioOf(entry.timing, forward.timing) })),
      backward: median(both.timing.all.map((milliseconds, index) => milliseconds - forward.timing.all[index])),
      gradients,
    };
  } finally {
    await loop?.close();
    engine.close();
  }
}

function createOwnContestants(engine: Engine, programs: ProgramBatch): Contestant<ProgramBatch>[] {
  const common = { name: 'equilibra', solutions: () => solutionsOf(engine, programs, TOLERANCE) };
  return [
    { ...common, isForwardOnly: true, work: forwardWork(engine, TOLERANCE) },
    { ...common, isForwardOnly: false, work: gradientWork(engine, TOLERANCE) },
  ];
}

/** How far the gradients of the first programs are from those of the oracle, ‖difference‖/‖gradient‖ of each datum. */
async function compareGradients(engine: Engine, programs: ProgramBatch): Promise<ProgramResults['gradients']> {
  const few = firstOf(programs, COMPARED);
  const oracle = await open({ backend: 'cpu' });
  try {
    const [own, exact] = await Promise.all([engine, oracle].map((each) => gradientsOf(each, few, TOLERANCE)));
    return { compared: few.batch, differences: own.map((numbers, index) => relativeDifference(numbers, exact[index])) };
  } finally {
    oracle.close();
  }
}

/** As `differenceOf`, and absolute where the gradient is 0, such as that of l for equalities, whose total stands in u. */
function relativeDifference(numbers: ArrayLike<number>, exact: ArrayLike<number>): number {
  const isZero = Array.from(exact).every((value) => value === 0);
  return isZero ? Math.max(...Array.from(numbers, Math.abs)) : differenceOf(numbers, exact);
}

/** Controllers on WebAssembly here, and on WebGPU in a process of its own, since a faulty driver crashes its process. */
async function measureAllControllers(
  { threads, repetitions, isQuick }: Options,
  log: Log,
): Promise<readonly ControllerFinding[]> {
  const batch = isQuick ? 200 : 10_000;
  const wasm = { open: { backend: 'wasm', threads }, batch, repetitions, warmUps: 3 } as const;
  const webgpu = { ...wasm, open: { backend: 'webgpu' }, repetitions: Math.min(repetitions, 3), warmUps: 0 } as const;
  const found: ControllerFinding[] = [];
  const attempt = async (task: ControllerTask, measure: (task: ControllerTask) => Promise<ControllerFinding>) => {
    const { backend } = task.open;
    console.error(`controllers: ${backend}, ${task.solver}, ${task.tolerance} …`);
    try {
      found.push(await measure(task));
    } catch (error) {
      log.note(`controllers, ${backend}, ${task.solver} to ${task.tolerance}: ${firstLine(error)}`);
    }
  };
  await attempt({ ...wasm, solver: 'interior-point', tolerance: TOLERANCE }, measureControllers);
  for (const tolerance of SPLITTING_TOLERANCES)
    await attempt({ ...wasm, solver: 'splitting', tolerance }, measureControllers);
  const bundle = await bundleForNode('program-works');
  const environment = openNode(bundle, await webGPUVariables(), WEBGPU_LIMIT);
  for (const tolerance of SPLITTING_TOLERANCES) {
    const session = await environment.openSession();
    await attempt({ ...webgpu, solver: 'splitting', tolerance }, (task) => session.call('measureControllers', task));
    await session.close();
  }
  return found;
}
