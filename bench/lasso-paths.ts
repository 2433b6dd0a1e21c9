/**
 * Times Lasso paths and cross-validation on every backend in Node and in scikit-learn: `npm run lasso`, with `--
 * --help` for the options. The accuracy reached is stated as the duality gap.
 */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BACKENDS } from '../src/backends/open.ts';
import { EXIT, formatValue, InputError } from '../src/cli/io.ts';
import { formatHelp, readArguments, readChoice, readCount, readPositive } from '../src/cli/options.ts';
import { foldMasks } from '../src/data/index.ts';
import type { AdapterDescription, BackendName } from '../src/index.ts';
import { bundleForNode } from './bundle.ts';
import { runCommand } from './command.ts';
import type { Session } from './environment.ts';
import { findNewestWith, type Interpreter, titleOf as pythonTitle, requireInterpreter } from './interpreters.ts';
import { LASSO_CASES, type LassoSize, lassoProblem } from './lasso.ts';
import type { LassoAssignment, LassoFinding } from './lasso-measurements.ts';
import { LOADED_SHARE, LoadWatch } from './load.ts';
import { firstLine, Log } from './log.ts';
import { median } from './measure.ts';
import { openNode, TimeLimitError, webGPUVariables } from './node.ts';

/** Seconds for the untimed parts: generating the problem, and computing its gap. */
const GRACE = 30;

const TABLE = {
  backend: { value: '<name>', description: `${BACKENDS.join(', ')}, python`, fallback: 'all' },
  case: { value: '<name>', description: Object.keys(LASSO_CASES).join(', '), fallback: 'all' },
  size: { value: '<samples>x<features>', description: 'one size, such as 442x10', fallback: 'all' },
  tolerance: { value: '<number>', description: 'of the relative proximal residual', fallback: '3e-7' },
  chunk: { value: '<count>', description: 'λ of a path solved at once', fallback: 'as the library chooses' },
  repetitions: {
    value: '<count>',
    description: 'of each case, as far as the limit allows; the median is told',
    fallback: '3',
  },
  limit: { value: '<seconds>', description: 'for a case on one backend, after which it is stopped', fallback: '300' },
  python: {
    value: '<program>',
    description: 'the Python that has scikit-learn',
    fallback: 'that with the newest scikit-learn',
  },
  output: { value: '<file>', description: 'where the JSON goes', fallback: 'dist/bench/lasso.json' },
};

interface Case extends LassoSize {
  readonly name: keyof typeof LASSO_CASES;
  readonly lambdas: number;
  readonly folds: number;
  /** The largest gap that is accepted. */
  readonly gap: number;
}

interface Entry extends Case {
  readonly contestant: string;
  readonly adapter?: AdapterDescription;
  readonly tolerance?: number;
  readonly chunk?: number;
  /** Load average of the system over the minute before the case. */
  readonly load: number;
  /**
   * The share of all processors that other programs used during the case; absent where the system does not report it.
   */
  readonly others?: number;
  /** Milliseconds. */
  readonly median?: number;
  readonly finding?: LassoFinding;
  readonly error?: string;
}

interface Options {
  readonly backends: readonly string[];
  readonly cases: readonly Case[];
  readonly tolerance: number;
  readonly chunk: number | undefined;
  readonly repetitions: number;
  /** Seconds. */
  readonly limit: number;
  readonly python: string | undefined;
  readonly output: string;
}

await runCommand({
  readOptions,
  help: () => formatHelp('npm run lasso -- [options]', 'Times Lasso paths; prints a table and writes JSON.', TABLE),
  bench,
});

function readOptions(argv: readonly string[]): Options | undefined {
  const given = readArguments('lasso', TABLE, argv);
  const { help, size, python, output = 'dist/bench/lasso.json' } = given.options;
  if (help) return undefined;
  const backend = readChoice(given, 'backend', [...BACKENDS, 'python']);
  const only = readChoice(given, 'case', Object.keys(LASSO_CASES));
  const own = size === undefined ? undefined : sizeOf(size);
  const cases = Object.entries(LASSO_CASES)
    .filter(([name]) => only === undefined || name === only)
    .flatMap(([name, { sizes, lambdas, folds, gap }]) =>
      (own ? [own] : sizes).map((each) => ({ name: name as Case['name'], ...each, lambdas, folds, gap })),
    );
  return {
    backends: backend ? [backend] : [...BACKENDS, 'python'],
    cases,
    tolerance: readPositive(given, 'tolerance', 3e-7),
    chunk: readCount(given, 'chunk', undefined),
    repetitions: readCount(given, 'repetitions', 3),
    limit: readPositive(given, 'limit', 300),
    python,
    output,
  };
}

function sizeOf(text: string): LassoSize {
  const [samples, features] = (text.match(/^(\d+)[x×](\d+)$/) ?? []).slice(1).map(Number);
  if (samples > 0 && features > 0) return { samples, features };
  throw new InputError(`--size: it is ${formatValue(text)}; it must be samples x features, such as 442x10`);
}

async function bench(options: Options): Promise<number> {
  const log = new Log();
  const [load] = loadavg();
  const cores = availableParallelism();
  if (load > cores / 4) log.note(`other work was going on before the run: load ${load.toFixed(1)} on ${cores} cores`);
  const entries: Entry[] = [];
  for (const backend of options.backends) {
    const add = (found: readonly Entry[]): unknown => entries.push(...found);
    add(backend === 'python' ? await inPython(options, log) : await inNode(backend as BackendName, options, log));
  }
  if (entries.length === 0) {
    console.error('nothing was measured');
    return EXIT.failure;
  }
  await mkdir(dirname(options.output), { recursive: true });
  // These options may contain paths of this computer.
  const { cases: _cases, python: _python, output: _output, ...settings } = options;
  await writeFile(
    options.output,
    `${JSON.stringify({ date: new Date().toISOString(), settings, notes: log.notes, entries }, undefined, 1)}\n`,
  );
  console.log(`\n${tableOf(entries)}\nwritten to ${options.output}`);
  return log.failed ? EXIT.failure : EXIT.done;
}

/** Each case gets a process of its own, because a process cannot be trusted after a failure. */
async function inNode(backend: BackendName, options: Options, log: Log): Promise<Entry[]> {
  const bundle = await bundleForNode('lasso-measurements');
  const variables = backend === 'webgpu' ? await webGPUVariables() : {};
  const environment = openNode(bundle, variables, 1e3 * (options.limit + GRACE));
  const entries: Entry[] = [];
  for (const each of options.cases) {
    const [load] = loadavg();
    const session = await environment.openSession();
    let isOpen = false;
    try {
      const adapter = await session.call<AdapterDescription>('openBackend', backend);
      isOpen = true;
      if (backend === 'webgpu' && adapter.software)
        log.note(`${backend}: the adapter is software: ${adapter.description}`);
      entries.push(await measureCase(session, { ...each, load }, backend, options, adapter, log));
    } catch (error) {
      if (!isOpen && entries.length === 0 && /webgpu|WebAssembly|gpu\.js/i.test(firstLine(error))) {
        log.note(`there is no ${backend}: ${firstLine(error)}`);
        return entries;
      }
      const isLate = error instanceof TimeLimitError;
      const told = isLate ? describeTimeout(options) : firstLine(error);
      if (!isLate) log.failure(`${backend}, ${titleOf(each)}: ${told}`);
      const entry = { ...each, load, contestant: backend, error: told };
      console.error(lineOf(entry));
      entries.push(entry);
    } finally {
      await session.close();
    }
  }
  return entries;
}

async function measureCase(
  session: Session,
  each: Case & Pick<Entry, 'load'>,
  backend: BackendName,
  { tolerance, chunk, repetitions, limit }: Options,
  adapter: AdapterDescription,
  log: Log,
): Promise<Entry> {
  const assignment: LassoAssignment = { ...each, tolerance, chunk, repetitions, limit };
  const watch = new LoadWatch();
  const finding = await session.call<LassoFinding>('measureLasso', assignment);
  const others = watch.share();
  const entry = {
    ...each,
    ...(others !== undefined && { others }),
    contestant: backend,
    adapter,
    tolerance,
    chunk,
    median: median(finding.all),
    finding,
  };
  if (finding.failed > 0) log.failure(`${backend}, ${titleOf(each)}: ${finding.failed} problems are not solved`);
  if (finding.gap > each.gap) log.failure(`${backend}, ${titleOf(each)}: the gap is ${finding.gap.toExponential(1)}`);
  console.error(lineOf(entry));
  return entry;
}

/** The folds run one after the other, because scikit-learn cannot batch them. */
async function inPython(options: Options, log: Log): Promise<Entry[]> {
  let found: Interpreter;
  try {
    found = options.python ? await requireInterpreter('sklearn', options.python) : await findNewestWith('sklearn');
  } catch (error) {
    log.note(`no figures of scikit-learn: ${firstLine(error)}`);
    return [];
  }
  log.note(`scikit-learn: ${pythonTitle('sklearn', found)}`);
  const entries: Entry[] = [];
  for (const each of options.cases) {
    const [load] = loadavg();
    const watch = new LoadWatch();
    const answer = await askPython(each, options, found.program);
    const others = watch.share();
    const { all, tolerance, gap, error, isLate } = answer;
    const finding = all && { all, gap: gap as number, failed: 0, iterations: Number.NaN };
    const entry: Entry = {
      ...each,
      load,
      ...(others !== undefined && { others }),
      contestant: 'scikit-learn',
      ...(finding ? { tolerance, median: median(finding.all), finding } : { error: error ?? 'no answer' }),
    };
    if (entry.error && !isLate) log.failure(`scikit-learn, ${titleOf(each)}: ${entry.error}`);
    console.error(lineOf(entry));
    entries.push(entry);
  }
  return entries;
}

interface Answer {
  readonly all?: readonly number[];
  readonly tolerance?: number;
  readonly gap?: number;
  readonly error?: string;
  readonly isLate?: boolean;
}

async function askPython(each: Case, options: Options, python: string): Promise<Answer> {
  const { repetitions, limit } = options;
  const folder = await mkdtemp(join(tmpdir(), 'equilibra-lasso-'));
  try {
    const file = join(folder, 'problem.bin');
    const { X, y } = lassoProblem(each);
    const { samples, folds } = each;
    const masks = folds === 1 ? new Uint8Array(samples).fill(1) : foldMasks(samples, { folds }).training;
    const pieces = [X, y, masks].flatMap((array) => [Int32Array.of(array.length), Float32Array.from(array)]);
    await writeFile(file, Buffer.concat(pieces.map(({ buffer }) => Buffer.from(buffer as ArrayBuffer))));
    const child = spawn(python, ['bench/python/lasso.py'], { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.end(`${JSON.stringify({ ...each, repetitions, limit, file })}\n`);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = child.kill('SIGKILL');
    }, 1e3 * limit);
    let text = '';
    for await (const piece of child.stdout) text += piece;
    clearTimeout(timer);
    if (isLate) return { isLate, error: describeTimeout(options) };
    return text === '' ? { error: 'Python ended' } : (JSON.parse(text) as Answer);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function describeTimeout({ limit }: Options): string {
  return `stopped after ${limit} s`;
}

function titleOf({ name, samples, features }: Case): string {
  return `${LASSO_CASES[name].title}, ${samples} × ${features}`;
}

function lineOf(entry: Entry): string {
  const { contestant, median: time, finding, error } = entry;
  if (!finding || time === undefined) return `${contestant}: ${titleOf(entry)}: ${error}`;
  return `${contestant}: ${titleOf(entry)}: ${(time / 1000).toFixed(3)} s, gap ${finding.gap.toExponential(1)}`;
}

function tableOf(entries: readonly Entry[]): string {
  const rows = entries.map((entry) => {
    const { contestant, others, median: time, finding, error } = entry;
    const loaded = others !== undefined && others > LOADED_SHARE ? ` (others had ${(100 * others).toFixed(0)} %)` : '';
    const cells =
      finding && time !== undefined
        ? [`${(time / 1000).toFixed(3)}${loaded}`, finding.gap.toExponential(1), String(finding.failed)]
        : [error ?? '', '', ''];
    return `| ${[titleOf(entry), contestant, ...cells].join(' | ')} |`;
  });
  return ['| case | on | seconds | worst gap | not solved |', '|---|---|---|---|---|', ...rows].join('\n');
}
