/**
 * Solves every quadratic program of the files *.json.gz in a folder: `npm run program-sets -- FOLDER [NAME]`. Each file holds a
 * list of problems (see program-residuals.ts). Prints a table and writes it to bench/results/NAME.json and NAME.md, by
 * default program-sets. Residuals are computed by program-residuals.ts, which shares no code with the solver.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { runUninterrupted } from '../src/backends/event-loop.ts';
import { checkConvexity } from '../src/solvers/programs/convexity.ts';
import { solveProgram } from '../src/solvers/programs/interior-point.ts';
import type { ProgramData } from '../src/solvers/programs/problem.ts';
import { sparseFromEntries } from '../src/solvers/programs/sparse.ts';
import { describeRun } from './command.ts';
import { isWithin, measureResiduals, type ProgramFile } from './program-residuals.ts';
import { markdownTable } from './table.ts';

const SECONDS = 60;
/** The accuracy asked for. A status other than converged says that the solver cannot show it; the judge decides here. */
const TOLERANCE = 1e-9;
/** A residual within so many ε·Σ|terms| is as small as its evaluation in float64 can tell. */
const UNITS = 8;

interface Entry {
  readonly set: string;
  readonly name: string;
  readonly n: number;
  readonly m: number;
  readonly isConvex: boolean;
  readonly status: string;
  readonly iterations: number;
  readonly seconds: number;
  readonly primal: number;
  readonly dual: number;
  readonly gap: number;
  readonly objective: number;
  /** All residuals at most 1e-6. */
  readonly isSolved: boolean;
  /** All residuals at most max(1e-9, 8ε·Σ|terms|). */
  readonly isAccurate: boolean;
}

const SOURCES =
  'Problems named as in the Maros-Meszaros set are from I. Maros, C. Mészáros, "A repository of convex quadratic programming problems", ' +
  '1999, in the arrangement of the public repository maros_meszaros_qpbenchmark (Apache-2.0); LIPMWALK and WHLIPBAL are from ' +
  'mpc_qpbenchmark (Apache-2.0), walking and balancing robots.';
const LEGEND =
  `Asked for: ${TOLERANCE} absolute, in float64, at most ${SECONDS} s. Residuals in max norms, evaluated in plain float64 by a separate ` +
  'checker: primal max(l − Ax, Ax − u, 0), dual |Px + q + Aᵀy|, gap |xᵀPx + qᵀx + uᵀy⁺ + lᵀy⁻|. 1e-6: all of them at most 1e-6; ' +
  '1e-9: all of them at most max(1e-9, 8ε·Σ|terms|), ε = 2⁻⁵². Objective with its constant. Not convex: refused, not solved.';

const [folder, name = 'program-sets'] = process.argv.slice(2);
if (!folder) throw new Error('the folder with the files *.json.gz must be named: npm run program-sets -- FOLDER');
const entries: Entry[] = [];
for (const file of (await readdir(folder)).filter((each) => each.endsWith('.json.gz')).sort()) {
  const problems = JSON.parse(gunzipSync(await readFile(`${folder}/${file}`)).toString()) as readonly ProgramFile[];
  for (const problem of problems) entries.push(measure(file.replace('.json.gz', ''), problem));
}
await report();

function measure(set: string, problem: ProgramFile): Entry {
  const data = dataOf(problem);
  const { isConvex } = runUninterrupted(checkConvexity(data.P));
  const { n, m } = problem;
  const size = { set, name: problem.name, n, m, isConvex };
  if (!isConvex) {
    const none = Number.NaN;
    const values = { iterations: 0, seconds: 0, primal: none, dual: none, gap: none, objective: none };
    return { ...size, ...values, status: 'not convex', isSolved: false, isAccurate: false };
  }
  const start = performance.now();
  const isCutShort = () => performance.now() - start > 1000 * SECONDS;
  const { status, iterations, x, y } = runUninterrupted(
    solveProgram(data, { absolute: TOLERANCE, relative: 0, limit: 1000, isCutShort }),
  );
  const seconds = (performance.now() - start) / 1000;
  const residuals = measureResiduals(problem, x, y);
  const { primal, dual, gap, objective } = residuals;
  return {
    ...size,
    status,
    iterations,
    seconds,
    primal: primal.value,
    dual: dual.value,
    gap: gap.value,
    objective,
    isSolved: isWithin(residuals, 1e-6),
    isAccurate: isWithin(residuals, TOLERANCE, UNITS),
  };
}

function dataOf({ n, m, P, q, A, l, u }: ProgramFile): ProgramData {
  return {
    n,
    m,
    P: sparseFromEntries(...P, n, n),
    q: Float64Array.from(q),
    A: sparseFromEntries(...A, m, n),
    l: Float64Array.from(l, (value) => value ?? Number.NEGATIVE_INFINITY),
    u: Float64Array.from(u, (value) => value ?? Number.POSITIVE_INFINITY),
  };
}

async function report(): Promise<void> {
  const convex = entries.filter(({ isConvex }) => isConvex);
  const counts = {
    problems: entries.length,
    convex: convex.length,
    solved: convex.filter(({ isSolved }) => isSolved).length,
    accurate: convex.filter(({ isAccurate }) => isAccurate).length,
    seconds: convex.reduce((sum, { seconds }) => sum + seconds, 0),
    slowest: Math.max(...convex.map(({ seconds }) => seconds)),
  };
  const environment = describeRun();
  const summary =
    `${counts.convex} of ${counts.problems} problems are convex. Of these ${counts.solved} are solved to 1e-6 and ${counts.accurate} ` +
    `to 1e-9, in ${counts.seconds.toFixed(1)} s, the slowest one in ${counts.slowest.toFixed(2)} s.`;
  const place = `Equilibra ${environment.equilibra}, Node ${environment.node}, ${environment.processor.name}.`;
  const text = [summary, '', tableOf(), '', LEGEND, '', SOURCES, '', place].join('\n');
  await mkdir('bench/results', { recursive: true });
  const json = { ...environment, tolerance: TOLERANCE, counts, legend: LEGEND, sources: SOURCES, entries };
  await writeFile(`bench/results/${name}.json`, `${JSON.stringify(json, undefined, 1)}\n`);
  await writeFile(`bench/results/${name}.md`, `# Quadratic programs\n\n${text}\n`);
  process.stdout.write(`${text}\n`);
}

function tableOf(): string {
  const headings = [
    'problem',
    'n',
    'm',
    'status',
    'iterations',
    's',
    'primal',
    'dual',
    'gap',
    'objective',
    '1e-6',
    '1e-9',
  ];
  const rows = entries.map((entry) => [
    entry.name,
    String(entry.n),
    String(entry.m),
    entry.status,
    String(entry.iterations),
    entry.seconds.toFixed(2),
    ...[entry.primal, entry.dual, entry.gap].map((value) => value.toExponential(1)),
    entry.objective.toPrecision(12),
    entry.isSolved ? 'yes' : 'no',
    entry.isAccurate ? 'yes' : 'no',
  ]);
  return markdownTable([headings, ...rows]);
}
