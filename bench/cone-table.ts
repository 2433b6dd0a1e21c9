/** The results of `npm run cones`: the JSON that is written, and its tables. */
import type { RunDescription } from './command.ts';
import type { ConeRun, MemoryFinding, ReportedSolutions } from './cone-works.ts';
import { ratioOf, type Timing } from './measure.ts';
import type { Judgement } from './program-problems.ts';
import { residualCells, timingCells } from './program-table.ts';
import { formatNumber, markdownTable } from './table.ts';

/** How many times as long as the library, forward and backward, scs-solver is hoped to take forward alone. */
const TIMES = 5;

/** A contestant on one kind of programs. */
export interface ConeEntry {
  readonly name: string;
  /** Of the library only. */
  readonly solver?: ConeRun['solver'];
  readonly isForwardOnly: boolean;
  /** Whether the certificates of gradients were ignored. */
  readonly isUncertified?: boolean;
  readonly timing: Timing;
  readonly judgement: Judgement;
  /** Of the library only. */
  readonly report?: ReportedSolutions;
}

/** What was found on one kind of programs. */
export interface ConeFinding {
  readonly title: string;
  readonly batch: number;
  readonly n: number;
  readonly m: number;
  /** In words. */
  readonly cones: string;
  readonly entries: readonly ConeEntry[];
  /** Who solved nothing, and why. */
  readonly refusals: readonly { readonly name: string; readonly reason: string }[];
  /** The relative differences of the gradients in c, A and b by splitting from those by interior-point. */
  readonly gradients: readonly number[];
  readonly memory: readonly MemoryFinding[];
  /** The share of all processors that other programs used meanwhile. */
  readonly others?: number;
}

export interface ConeResults extends RunDescription {
  /** The load average of the minute before the run. */
  readonly load: number;
  /** Of every contestant, relative and absolute. */
  readonly tolerance: number;
  readonly threads: number;
  readonly notes: readonly string[];
  readonly findings: readonly ConeFinding[];
}

const LEGEND =
  'Each contestant has the same programs, whose numbers are in float32, and the same tolerance. The library solves the whole batch at once, ' +
  'by splitting in float32 or by an interior point method in float64; backward are the gradients of the sum of all x in A, b and c; certificates come with gradients unless they are ignored, one for each program, in float64. The ' +
  'other solvers compute in float64, one program after the other, forward only, from arrays that were made ready before. Residuals: the ' +
  'largest of all programs, by a checker in plain float64 that shares no code with the solver: primal, how far b − Ax is outside the ' +
  'cones; dual, |Px + c + Aᵀy| and how far y is outside the cones; gap, |xᵀPx + cᵀx + bᵀy|; in max norms, relative to 1 + the largest of their ' +
  'terms. Within: how many programs have all residuals within the tolerance; converged: how many the report of the library calls so; ' +
  'iterations: the most of a program. ms: the median, of a whole batch; ×: how many times as long ' +
  'as the library’s forward solve by that solver, the median over the repetitions, in each of which all contestants took part; *: not all ' +
  'repetitions were made; "loaded": repetitions during which other programs kept the processors busy.';
const MEMORY_LEGEND =
  'Memory of the engine after splitting with a tolerance out of reach, so that all iterations are made, each time in an engine of its own: tensors: ' +
  'data and solutions; pooled: the workspace in which the iterations ran, and what is free for reuse.';

export function coneTextOf(results: ConeResults): string {
  const { findings, threads, node, equilibra, processor, load, notes, date } = results;
  return `${[
    '# Batches of cone programs',
    '',
    ...findings.flatMap((finding) => [...sectionOf(finding), '']),
    LEGEND,
    '',
    memoryTable(findings),
    '',
    MEMORY_LEGEND,
    '',
    `Equilibra ${equilibra}, Node ${node}, ${processor.name}, ${processor.cores} cores, ${threads} threads of WebAssembly, tolerance ` +
      `${results.tolerance.toExponential()}, ${date.slice(0, 10)}. Load before the run ${load.toFixed(1)}.`,
    ...(notes.length > 0 ? ['', ...notes.map((note) => `- ${note}`)] : []),
  ].join('\n')}\n`;
}

function sectionOf(finding: ConeFinding): string[] {
  const { title, batch, n, cones, refusals, gradients, others } = finding;
  const worst = Math.max(...gradients).toExponential(1);
  return [
    `## ${batch} ${title}`,
    '',
    `${n} variables, ${cones}. ${summaryOf(finding)}The gradients of the two solvers differ by at most ${worst}, relative.` +
      `${others === undefined ? '' : ` Other programs had ${(100 * others).toFixed(0)} % of the processors meanwhile.`}`,
    '',
    entryTable(finding),
    ...refusals.flatMap(({ name, reason }) => ['', `${name} has no figures: ${reason}.`]),
  ];
}

/** How long the others take, in the time of the library. */
function summaryOf({ entries }: ConeFinding): string {
  const own = entries.filter(({ solver }) => solver !== undefined);
  return entries
    .filter(({ solver }) => solver === undefined)
    .map(({ name, timing }) => {
      const ratios = own.map(
        ({ solver, timing: base, ...entry }) =>
          `${formatNumber(ratioOf(timing, base))} times that of ${solver}, ${whatOf(entry)}`,
      );
      const hope = name.startsWith('scs-solver') ? ` (hoped for: ${TIMES})` : '';
      return `The time of ${name}, forward alone, is ${ratios.join(', ')}${hope}. `;
    })
    .join('');
}

function entryTable({ entries, batch }: ConeFinding): string {
  const bases = (['splitting', 'interior-point'] as const).flatMap((solver) => {
    const base = entries.find((entry) => entry.solver === solver && entry.isForwardOnly);
    return base ? [{ heading: `× ${solver}`, timing: base.timing }] : [];
  });
  const headings = ['who', 'what', 'ms', 'spread', 'repetitions', ...bases.map(({ heading }) => heading)];
  const rows = entries.map(({ name, solver, isForwardOnly, isUncertified, timing, judgement, report }) => [
    solver ? `${name}, ${solver}` : name,
    whatOf({ isForwardOnly, isUncertified }),
    ...timingCells(timing),
    ...bases.map((base) => formatNumber(ratioOf(timing, base.timing))),
    ...residualCells(judgement),
    `${judgement.solved} of ${batch}`,
    report ? `${report.converged} of ${batch}` : '',
    report ? String(report.iterations) : '',
  ]);
  return markdownTable([[...headings, 'primal', 'dual', 'gap', 'within', 'converged', 'iterations'], ...rows]);
}

function whatOf({ isForwardOnly, isUncertified }: Pick<ConeEntry, 'isForwardOnly' | 'isUncertified'>): string {
  if (isForwardOnly) return 'forward';
  return isUncertified ? 'forward and backward' : 'forward, backward and certificates';
}

function memoryTable(findings: readonly ConeFinding[]): string {
  const headings = ['programs', 'limit', 'iterations', 'bytes of tensors', 'pooled bytes', 'bytes of Programs'];
  const rows = findings.flatMap(({ title, memory }) =>
    memory.map(({ limit, batch, iterations, bytes, pooledBytes, programBytes }) => [
      `${batch} ${title}`,
      ...[limit, iterations, bytes, pooledBytes, programBytes].map(String),
    ]),
  );
  return markdownTable([headings, ...rows]);
}
