/** The results of `npm run programs`: the JSON that is written, and its tables. */
import type { RunDescription } from './command.ts';
import { spreadOf, type Timing } from './measure.ts';
import type { Judgement } from './program-problems.ts';
import type { ControllerFinding } from './program-works.ts';
import { describe, formatNumber, markdownTable } from './table.ts';

/** What is hoped for. */
export const GOALS = {
  /** Milliseconds for 128 programs with their own P and A, forward and backward. */
  milliseconds: 180,
  /** How many times as long as the library the peers of npm take. */
  times: 5,
  /** The largest relative difference between gradients in float32 and those of the oracle. */
  gradients: 1e-4,
};

/** A contestant of the first measurement. */
export interface ProgramEntry {
  readonly name: string;
  readonly isForwardOnly: boolean;
  readonly timing: Timing;
  readonly judgement: Judgement;
  /** How many times as long as the library's forward solve: the median over the repetitions. */
  readonly ratio: number;
}

export interface ProgramResults extends RunDescription {
  /** The load average of the minute before the run. */
  readonly load: number;
  /** The share of all processors that other programs used while programs with their own P and A were measured. */
  readonly others?: number;
  /** Of every contestant of the first measurement, relative and absolute. */
  readonly tolerance: number;
  readonly goals: typeof GOALS;
  readonly notes: readonly string[];
  readonly programs: { readonly batch: number; readonly n: number; readonly m: number; readonly equalities: number };
  readonly threads: number;
  readonly adapter: string;
  /** The library comes first: forward, then forward and backward. */
  readonly entries: readonly ProgramEntry[];
  /** Milliseconds: forward and backward less forward, the median over the repetitions. */
  readonly backward: number;
  readonly gradients: { readonly compared: number; readonly differences: readonly number[] };
  readonly controllers: readonly ControllerFinding[];
}

const LEGEND =
  'Each contestant has the same programs, whose numbers are in float32, and the same tolerance. Residuals: the largest of all programs, in max ' +
  'norms, relative to 1 + the largest of their terms, by a checker in plain float64 that shares no code with the ' +
  'solver. ms: the median, of a whole batch; *: not all repetitions were made; "loaded": repetitions during which other programs kept the processors ' +
  'busy. The other solvers compute on one thread, one program after the other, forward only, from arrays that were made ready before.';
const CONTROLLER_LEGEND =
  'Splitting computes in float32. Solved: programs that the report calls converged. Within: how many of the programs that were judged have residuals ' +
  'within the tolerance, by the same checker.';

export function textOf(results: ProgramResults): string {
  const { programs, threads, node, equilibra, processor, load, others, notes, date } = results;
  const { batch, n, m, equalities } = programs;
  const share =
    others === undefined
      ? ''
      : `; other programs had ${(100 * others).toFixed(0)} % of the processors during the first measurement`;
  return `${[
    '# Batches of quadratic programs',
    '',
    summaryOf(results),
    '',
    `${batch} programs, each with its own P and A, ${n} variables, ${m - equalities} inequalities, ${equalities} equalities:`,
    '',
    entryTable(results),
    '',
    LEGEND,
    '',
    'Controllers that share P, A and bounds and differ in q, 12 variables, 24 rows with two bounds each, in one batch:',
    '',
    controllerTable(results.controllers),
    '',
    CONTROLLER_LEGEND,
    '',
    `Equilibra ${equilibra}, Node ${node}, ${processor.name}, ${processor.cores} cores, ${threads} threads of WebAssembly, ${date.slice(0, 10)}. ` +
      `Load before the run ${load.toFixed(1)}${share}.`,
    ...(notes.length > 0 ? ['', ...notes.map((note) => `- ${note}`)] : []),
  ].join('\n')}\n`;
}

function summaryOf({ entries, backward, gradients, goals, tolerance }: ProgramResults): string {
  const [forward, both, ...others] = entries;
  const worst = Math.max(...gradients.differences);
  const ratios = others.map(({ name, ratio }) => `${name} ${formatNumber(ratio)} times`);
  return (
    `Forward and backward ${formatNumber(both.timing.median)} ms (hoped for: ${goals.milliseconds}): forward ` +
    `${formatNumber(forward.timing.median)}, backward ${formatNumber(backward)}. ` +
    `${ratios.length > 0 ? `Forward alone, ${ratios.join(', ')} as long (hoped for from the packages of npm: ${goals.times}). ` : ''}` +
    `${both.judgement.solved} programs have residuals of at most ${tolerance}; gradients in all data are within ` +
    `${worst.toExponential(1)} of those of the oracle on ${gradients.compared} programs.`
  );
}

function entryTable({ entries, backward, programs }: ProgramResults): string {
  const headings = ['who', 'what', 'ms', 'spread', 'repetitions', '× forward', 'primal', 'dual', 'gap', 'solved'];
  const rows = entries.map(({ name, isForwardOnly, timing, ratio, judgement }) => [
    name,
    isForwardOnly ? 'forward' : 'forward and backward',
    ...timingCells(timing),
    formatNumber(ratio),
    ...residualCells(judgement),
    `${judgement.solved} of ${programs.batch}`,
  ]);
  rows.splice(2, 0, [entries[0].name, 'backward', formatNumber(backward), '', '', '', '', '', '', '']);
  return markdownTable([headings, ...rows]);
}

/** The median, the spread and the repetitions. */
export function timingCells(timing: Timing): string[] {
  return [
    formatNumber(timing.median),
    `${(100 * spreadOf(timing)).toFixed(0)} %`,
    `${timing.all.length}${timing.cut ? '*' : ''}${timing.foreign > 0 ? `, ${timing.foreign} loaded` : ''}`,
  ];
}

export function residualCells({ primal, dual, gap }: Judgement): string[] {
  return [primal, dual, gap].map((value) => value.toExponential(1));
}

function controllerTable(findings: readonly ControllerFinding[]): string {
  const headings = [
    'where',
    'solver',
    'tolerance',
    'programs a second',
    'ms',
    'repetitions',
    'solved',
    'primal',
    'dual',
    'gap',
    'within',
  ];
  const rows = findings.map((each) => [
    `${each.backend}: ${describe(each.adapter)}`,
    each.solver,
    each.tolerance.toExponential(0),
    String(Math.round((1000 * each.batch) / each.median)),
    formatNumber(each.median),
    String(each.all.length),
    `${each.converged} of ${each.batch}`,
    ...residualCells(each.judgement),
    `${each.judgement.solved} of ${Math.ceil(each.batch / each.stride)}`,
  ]);
  return markdownTable([headings, ...rows]);
}
