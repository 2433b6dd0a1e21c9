/** Results as a Markdown table whose columns are aligned in a terminal too. */
import type { AdapterDescription } from '../src/index.ts';
import { CASES } from './cases.ts';
import { nameOf } from './contestants.ts';
import { spreadOf, type Timing } from './measure.ts';
import { type Entry, ratiosOf } from './results.ts';

const HEADINGS = [
  'where',
  'who',
  'threads',
  'case',
  'batch × width',
  'ms',
  'spread',
  'repetitions',
  'GFLOP/s',
  'iterations',
  '× same',
  '× best',
];
const NOTE =
  'Threads: that worked on processors. ms: the median; spread: the interquartile range, of the median. ' +
  'Repetitions: "5 of 10" is 5 times 10 steps timed together; * the time was up before all were done; "3 loaded": during ' +
  '3 of them other programs kept the processors busy. ' +
  'Iterations: forward / backward, mean over the samples. × same, × best: how many times as long as Equilibra on the same ' +
  'backend, and on its fastest one there.';

/** The backends that run on a graphics card where there is one. */
const ON_GRAPHICS: readonly string[] = ['webgpu', 'gpujs-webgl2'];

export function tableOf(entries: readonly Entry[]): string {
  const table = markdownTable([HEADINGS, ...entries.map((entry) => cellsOf(entry, entries))]);
  const failures = entries.flatMap((entry) =>
    entry.error === undefined ? [] : [`failed: ${caseOf(entry)}: ${entry.error}`],
  );
  return `${[table, '', NOTE, ...failures].join('\n')}\n`;
}

/** @param rows the first one holds the headings */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const lines = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`);
  lines.splice(1, 0, `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`);
  return lines.join('\n');
}

function cellsOf(entry: Entry, entries: readonly Entry[]): string[] {
  const { version, backend, adapter, threads, batch, width, timing, iterations, gigaflops } = entry;
  const who = `${nameOf(entry)}${ON_GRAPHICS.includes(backend) && adapter?.software ? ' (software)' : ''}`;
  const place = [
    version,
    who,
    threads === undefined ? '' : String(threads),
    CASES[entry.case].title,
    `${batch} × ${width}`,
  ];
  if (!timing) return [...place, 'failed', '', '', '', '', '', ''];
  const { sameBackend, best } = ratiosOf(entry, entries);
  return [
    ...place,
    formatNumber(timing.median),
    `${(100 * spreadOf(timing)).toFixed(0)} %`,
    repetitionsOf(timing),
    formatNumber(gigaflops),
    iterations ? `${iterations.forward.toFixed(1)} / ${iterations.backward.toFixed(1)}` : '',
    formatNumber(sameBackend),
    formatNumber(best),
  ];
}

function repetitionsOf({ all, units, cut, foreign }: Timing): string {
  const loaded = foreign > 0 ? `, ${foreign} loaded` : '';
  return `${all.length}${units > 1 ? ` of ${units}` : ''}${cut ? '*' : ''}${loaded}`;
}

/** One line with the environment, the library and the case. */
export function caseOf(entry: Pick<Entry, 'version' | 'library' | 'backend' | 'case' | 'batch' | 'width'>): string {
  return `${entry.version}, ${nameOf(entry)}, ${CASES[entry.case].title}, ${entry.batch} × ${entry.width}`;
}

/** An adapter in software that presents itself as a graphics card is called software. */
export function describe({ description, software }: AdapterDescription): string {
  return `${description}${software ? ' (software)' : ''}`;
}

/** Three significant digits; a longer integer part is not shortened. Empty for undefined. */
export function formatNumber(value: number | undefined): string {
  return value === undefined ? '' : value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);
}
