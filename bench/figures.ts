/**
 * The figures in README.md and in docs/. Each block of figures is generated from one file of bench/results, and stands
 * between two comments on the page that FIGURE_PAGES names.
 */
import type { CaseName } from './cases.ts';
import { CASES } from './cases.ts';
import { spreadOf } from './measure.ts';
import type { Run } from './picture.ts';
import type { Entry, Results } from './results.ts';

/**
 * The file that bench/iterations.ts writes: the mean counts of each solver on each layer at both tolerances, null where
 * a sample was not solved.
 */
interface IterationCounts {
  readonly forward: SolverCounts;
  readonly backward: SolverCounts;
  readonly stepRule: { readonly forward: readonly number[]; readonly backward: readonly number[] };
}
type SolverCounts = Readonly<Record<string, Readonly<Record<string, readonly (number | null)[]>>>>;

/** A run of bench/digits.ts. */
interface DigitsRun extends Run {
  /** The share of all processors that other programs used; absent where it was not known. */
  readonly others?: number;
}

/** For each file in bench/results, the function that turns its contents into text. */
const FIGURES = {
  'bench-wasm.json': (text: string) => describePeers(JSON.parse(text) as WasmResults),
  'iterations.json': (text: string) => describeIterations(JSON.parse(text) as IterationCounts),
  'digits.json': (text: string) => describeTraining(JSON.parse(text) as DigitsRun),
} as const;
export type FigureFile = keyof typeof FIGURES;
export const FIGURE_FILES = Object.keys(FIGURES) as FigureFile[];

/** The page on which the figures of each file stand. */
export const FIGURE_PAGES = {
  'bench-wasm.json': 'docs/benchmarks.md',
  'iterations.json': 'docs/solvers.md',
  'digits.json': 'README.md',
} as const satisfies Record<FigureFile, string>;
type FigurePage = (typeof FIGURE_PAGES)[FigureFile];

/**
 * The text of a page with each of its blocks regenerated.
 * @param contents the parsed results, by the name of their file
 * @throws Error where the text does not contain a block exactly once
 */
export function insertFigures(page: FigurePage, text: string, contents: Readonly<Record<FigureFile, string>>): string {
  const files = FIGURE_FILES.filter((file) => FIGURE_PAGES[file] === page);
  return files.reduce((written, file) => {
    const [start, end] = [`<!-- from bench/results/${file} by npm run readme -->\n`, '\n<!-- end -->'];
    const pieces = written.split(start);
    const length = pieces[1]?.indexOf(end) ?? -1;
    if (pieces.length !== 2 || length < 0) throw new Error(`${page} must have one block of figures from ${file}`);
    return `${pieces[0]}${start}${FIGURES[file](contents[file])}${pieces[1].slice(length)}`;
  }, text);
}

/** Files written by versions that did not watch for other work have no load rule and no counts. */
export type WasmResults = Pick<Results, 'date' | 'processor' | 'notes' | 'entries'> & Partial<Pick<Results, 'load'>>;

const TABLE_SIZE = { batch: 128, width: 87 };

/** The table of one size, and sentences about the other sizes. */
export function describePeers({ date, processor, notes, entries }: WasmResults): string {
  const done = entries.filter(({ environment, timing }) => environment === 'chrome' && timing);
  const libraries = [...new Set(done.map(({ library }) => library))];
  const here = done.filter(({ batch, width }) => batch === TABLE_SIZE.batch && width === TABLE_SIZE.width);
  const solved = here.find(({ library, case: name }) => library === 'equilibra' && name === 'solve');
  if (!solved)
    throw new Error(`there is no solve of ${TABLE_SIZE.batch} × ${TABLE_SIZE.width} by the library in Chrome`);
  const cell = (name: string, library: string): string => {
    const entry = here.find((each) => each.case === name && each.library === library);
    return entry ? timeOf(entry) : '–';
  };
  const rows = Object.entries(CASES).map(
    ([name, { title }]) => `| ${title} | ${libraries.map((library) => cell(name, library)).join(' | ')} |`,
  );
  const disturbed = done.reduce((sum, { timing }) => sum + (timing?.foreign ?? 0), 0);
  const all = done.reduce((sum, { timing }) => sum + (timing?.all.length ?? 0), 0);
  const remarks = [
    ...(disturbed > 0 ? [`other programs disturbed ${disturbed} of ${all} repetitions`] : []),
    ...notes.filter((note) => /^other work/.test(note)),
  ];
  return [
    `Milliseconds on WebAssembly in ${solved.version}, ${processor.cores} cores (${processor.name}), no GPU, ` +
      `${TABLE_SIZE.batch} samples, ${TABLE_SIZE.width} wide, tolerance 1e-4, ${date.slice(0, 10)}; in brackets the interquartile range:`,
    '',
    `| | ${libraries.map((library) => (library === 'equilibra' ? `Equilibra${threadsOf(solved)}` : library)).join(' | ')} |`,
    `|---|${libraries.map(() => '---|').join('')}`,
    ...rows,
    '',
    `At ${sizesOf(done)} a solve with its gradient is ${leadOf(done, 'solve')} times as fast as the fastest of the others, ` +
      `50 iterations alone ${leadOf(done, 'relu')} times.${remarks.length > 0 ? ` (${remarks.join('; ')})` : ''}`,
  ].join('\n');
}

function threadsOf({ threads }: Entry): string {
  return threads === undefined ? '' : `, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
}

function timeOf({ timing }: Entry): string {
  if (!timing) return 'failed';
  return `${threeDigits(timing.median)} (${(100 * spreadOf(timing)).toFixed(0)} %)`;
}

function threeDigits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(value >= 10 ? 3 : 2);
}

/** For example "32 × 64 to 256 × 512". */
function sizesOf(entries: readonly Entry[]): string {
  const sorted = [...entries].sort((a, b) => a.batch * a.width ** 2 - b.batch * b.width ** 2);
  return [sorted[0], sorted[sorted.length - 1]].map(({ batch, width }) => `${batch} × ${width}`).join(' to ');
}

/**
 * By how many times the fastest of the other libraries took longer: the least and the greatest such factor over the
 * sizes.
 */
function leadOf(entries: readonly (Entry & Partial<Results['entries'][number]>)[], name: CaseName): string {
  const fastest = new Map<string, number>();
  for (const { case: own, library, batch, width, ratios } of entries) {
    const ratio = ratios?.sameBackend;
    if (own !== name || library === 'equilibra' || ratio === undefined) continue;
    const size = `${batch} × ${width}`;
    fastest.set(size, Math.min(fastest.get(size) ?? Number.POSITIVE_INFINITY, ratio));
  }
  const found = [...fastest.values()];
  return `${Math.min(...found).toFixed(1)} to ${Math.max(...found).toFixed(1)}`;
}

const LAYERS = ['fresh layer', 'reference', 'ill-conditioned', 'trained'];

/** The table of the solvers. The layers stand in the order of the file. */
export function describeIterations({ forward, backward, stepRule }: IterationCounts): string {
  const rowsOf = (counts: SolverCounts): string[] =>
    Object.entries(counts).map(([solver, layers]) => {
      const cells = Object.values(layers).map((values) => values.map((one) => one?.toFixed(1) ?? '–').join(' / '));
      return `| \`${solver}\` | ${cells.join(' | ')} |`;
    });
  const [coarse, fine] = [0, 1].map((index) => [stepRule.forward[index], stepRule.backward[index]]);
  return [
    `| forward | ${LAYERS.join(' | ')} |`,
    `|---|${LAYERS.map(() => '---|').join('')}`,
    ...rowsOf(forward),
    `| **backward** |${LAYERS.map(() => ' |').join('')}`,
    ...rowsOf(backward),
    '',
    "Under the stopping rule of the monDEQ authors' code, the relative step ‖z⁺ − z‖/‖z⁺‖ of the whole batch, Peaceman-Rachford takes",
    `${coarse[0]} iterations forward and ${coarse[1]} backward to 1e-2 on the fresh layer, and ${fine[0]} and ${fine[1]} to 1e-4.`,
  ].join('\n');
}

/** One sentence about the training run. */
export function describeTraining({ backend, seconds, epochs, others }: DigitsRun): string {
  const loaded =
    others !== undefined && others > 0.1
      ? `, while other programs had ${(100 * others).toFixed(0)} % of the processors`
      : '';
  return `The training run at the top, ${epochs.length} epochs, took ${seconds} s on \`${backend}\`${loaded}.`;
}
