/**
 * Times batches of programs with second-order and semidefinite cones through the public face, beside solvers that take
 * one program at a time: `npm run cones`. Prints tables and writes them to bench/results/cones.json and cones.md.
 */
import { availableParallelism, loadavg } from 'node:os';
import { EXIT } from '../src/cli/io.ts';
import { formatHelp, readArguments, readChoice, readCount } from '../src/cli/options.ts';
import { type Engine, type OpenOptions, open } from '../src/index.ts';
import type { Work } from './cases.ts';
import { describeRun, runCommand } from './command.ts';
import { type ConeBatch, createSdps, createSocps, firstCones, judgeCones } from './cone-problems.ts';
import { type ConeEntry, type ConeFinding, coneTextOf } from './cone-table.ts';
import {
  type ConeRun,
  coneForwardWork,
  coneGradientWork,
  type Found,
  type MemoryFinding,
  measureMemory,
} from './cone-works.ts';
import { LoadWatch } from './load.ts';
import { Log } from './log.ts';
import { Contest, differenceOf } from './measure.ts';
import { openConeCvxopt, openConeScs } from './peers/cone-peers.ts';
import { PEER_CHOICES, type PeerChoice } from './peers/install.ts';
import { type Contestant, contestantOf, openPeers, startPython, writeTables } from './program-contestants.ts';
import { refereeRounds } from './referee.ts';

/** Relative and absolute, of every contestant: what numbers of 32 bits reach on programs such as these. */
const TOLERANCE = 1e-5;
/** The most repetitions of all contestants that replace loaded ones: some of them take seconds. */
const SPARES = 2;
/** Of iterations, between which the memory is compared. */
const LIMITS = [100, 4000];
/** The number of programs whose memory is measured. */
const HELD = 16;
/** How far the gradients of the two solvers may differ, since one computes in float32. */
const AGREEMENT = 1e-3;
const SOLVERS = ['splitting', 'interior-point'] as const;

const TABLE = {
  threads: { value: '<count>', description: 'of WebAssembly', fallback: '2' },
  repetitions: { value: '<count>', description: 'of each measurement; the median is told', fallback: '9' },
  seconds: {
    value: '<count>',
    description: 'after which a contestant makes no further repetition; it warms up for a quarter of it',
    fallback: '4',
  },
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
    fallback: 'bench/results/cones.json',
  },
};

interface Options {
  readonly threads: number;
  readonly repetitions: number;
  readonly seconds: number;
  readonly peers: PeerChoice;
  readonly python: string | undefined;
  readonly isQuick: boolean;
  readonly output: string;
}

await runCommand({
  readOptions,
  help: () =>
    formatHelp('npm run cones -- [options]', 'Times batches of cone programs; prints tables and writes JSON.', TABLE),
  bench,
});

function readOptions(argv: readonly string[]): Options | undefined {
  const given = readArguments('cones', TABLE, argv);
  const { help, quick, python } = given.options;
  if (help) return undefined;
  const isQuick = quick !== undefined;
  return {
    threads: readCount(given, 'threads', 2),
    repetitions: readCount(given, 'repetitions', isQuick ? 3 : 9),
    seconds: readCount(given, 'seconds', 4),
    peers: readChoice(given, 'peers', PEER_CHOICES) ?? (isQuick ? 'present' : 'install'),
    python,
    isQuick,
    output: given.options.output ?? (isQuick ? 'dist/bench/cones.json' : 'bench/results/cones.json'),
  };
}

async function bench(options: Options): Promise<number> {
  const log = new Log();
  const cores = availableParallelism();
  const [load] = loadavg();
  if (load > cores / 4) log.note(`other work was going on before the run: load ${load.toFixed(1)} on ${cores} cores`);
  const small = options.isQuick ? { batch: 8 } : {};
  const kinds = [createSocps({ ...small, isShared: true }), createSocps(small), createSdps(small)];
  const findings: ConeFinding[] = [];
  for (const programs of kinds) {
    console.error(`${programs.batch} ${programs.title} …`);
    findings.push(await measureKind(options, programs, log));
  }
  const results = {
    ...describeRun(),
    load,
    tolerance: TOLERANCE,
    threads: options.threads,
    notes: log.notes,
    findings,
  };
  const text = await writeTables(options.output, results, coneTextOf(results));
  console.log(`\n${text}\nwritten to ${options.output}`);
  return log.failed ? EXIT.failure : EXIT.done;
}

async function measureKind(options: Options, programs: ConeBatch, log: Log): Promise<ConeFinding> {
  const { title, batch, n, m } = programs;
  const opening = { backend: 'wasm', threads: options.threads } as const;
  const engine = await open(opening);
  const loop = await startPython<ConeBatch>(options, (program) => openConeCvxopt(program, programs, TOLERANCE), log);
  const watch = new LoadWatch();
  try {
    const peers = await openPeers(options.peers, [() => openConeScs(TOLERANCE)], log);
    const own = SOLVERS.map((solver) => createOwnContestants(engine, solver));
    const others = [...peers.map(contestantOf), ...(loop ? [loop.contestant] : [])].map(otherContestantOf);
    const all = [...own.flatMap(({ contestants }) => contestants), ...others];
    const measured = await measureAll(options, programs, all, log);
    const share = watch.share();
    const [splitting, exact] = own.map(({ gradients }) => gradients());
    const gradients = splitting.map((numbers, index) => differenceOf(numbers, exact[index]));
    if (!(Math.max(...gradients) <= AGREEMENT)) log.note(`${title}: the gradients of the two solvers differ`);
    return {
      ...{ title, batch, n, m, cones: wordsFor(programs) },
      ...measured,
      ...{ gradients, memory: await compareMemory(opening, programs, log) },
      ...(share !== undefined && { others: share }),
    };
  } finally {
    await loop?.close();
    engine.close();
  }
}

function wordsFor({ cones }: ConeBatch): string {
  const [{ type, dim }] = cones;
  return type === 'soc' ? `${cones.length} second-order cones of ${dim} rows` : `symmetric matrices of order ${dim}`;
}

/** A contestant. */
interface ConeContestant extends Pick<ConeEntry, 'name' | 'solver' | 'isForwardOnly' | 'isUncertified'> {
  readonly work: Work<ConeBatch>;
  /** What it found, for the judge. */
  found(): Promise<Pick<Found, 'solutions'> & Partial<Found>>;
}

function otherContestantOf({ name, isForwardOnly, work, solutions }: Contestant<ConeBatch>): ConeContestant {
  return { name, isForwardOnly, work, found: async () => ({ solutions: await solutions() }) };
}

/** The solutions are judged where they are alone; with gradients, they come from the same solve. */
function createOwnContestants(engine: Engine, solver: ConeRun['solver']) {
  const run = { solver, tolerance: TOLERANCE };
  const forward = coneForwardWork(engine, run);
  const both = coneGradientWork(engine, run);
  const bare = coneGradientWork(engine, { ...run, isUncertified: true });
  const common = { name: 'equilibra', solver, found: () => forward.found() };
  const contestants: ConeContestant[] = [
    { ...common, isForwardOnly: true, work: forward.work },
    { ...common, isForwardOnly: false, isUncertified: true, work: bare.work },
    { ...common, isForwardOnly: false, work: both.work },
  ];
  return { contestants, gradients: () => both.gradients() };
}

/** Times all contestants in turns. Failures of others are their lines; a failure of the library is one of the run. */
async function measureAll(
  { repetitions, seconds }: Options,
  programs: ConeBatch,
  contestants: readonly ConeContestant[],
  log: Log,
): Promise<Pick<ConeFinding, 'entries' | 'refusals'>> {
  const contest = new Contest(
    contestants.map(({ work }) => work),
    { problem: () => programs, maximumUnits: 1 },
    { repetitions, milliseconds: 1000 * seconds },
  );
  await refereeRounds(contest, repetitions, new LoadWatch(), undefined, SPARES);
  const entries: ConeEntry[] = [];
  const refusals: { name: string; reason: string }[] = [];
  for (const [index, measured] of contest.results().entries()) {
    const { name, solver, isForwardOnly, isUncertified, found } = contestants[index];
    if ('error' in measured) {
      const who = solver ? `${name}, ${solver}` : name;
      if (solver) log.failure(`${who}, ${programs.title}: ${measured.error}`);
      refusals.push({ name: who, reason: reasonOf(programs, name, measured.error) });
    } else {
      const { solutions, report } = await found();
      const judgement = judgeCones(programs, solutions, TOLERANCE);
      const own = solver && { solver, report };
      entries.push({ name, ...own, isForwardOnly, isUncertified, timing: measured.timing, judgement });
    }
  }
  for (const { work } of contestants) work.dispose();
  return { entries, refusals };
}

/** The messages of SCS do not say why it fails. */
function reasonOf({ cones }: ConeBatch, name: string, error: string): string {
  const isRefused = name.startsWith('scs-solver') && cones.some(({ type }) => type === 'psd');
  return isRefused ? `${error}, because it is built without LAPACK and refuses semidefinite cones` : error;
}

async function compareMemory(opening: OpenOptions, programs: ConeBatch, log: Log): Promise<readonly MemoryFinding[]> {
  const few = firstCones(programs, HELD);
  const found: MemoryFinding[] = [];
  for (const limit of LIMITS) found.push(await measureMemory(opening, few, limit));
  const sizes = found.map(({ bytes, pooledBytes }) => bytes + pooledBytes);
  if (sizes.some((size) => size !== sizes[0])) log.failure(`${programs.title}: the memory depends on the iterations`);
  return found;
}
