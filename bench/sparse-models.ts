/**
 * Tunes sparse logistic regression by the derivative of its held-out loss, beside a grid, and by cross-validation on a
 * problem of few rows: `npm run sparse-models`. Prints two tables and writes JSON.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EXIT } from '../src/cli/io.ts';
import { formatHelp, readArguments, readCount } from '../src/cli/options.ts';
import { crossValidation, type Engine, heldOut, open, type SparseTuneResult, tuneSparseModel } from '../src/index.ts';
import { describeRun, runCommand } from './command.ts';
import { median } from './measure.ts';
import { createClasses } from './sparse-classes.ts';

/** The problem on which descent and grid are compared, and the points of the grid. */
const HELD_OUT = { count: 100, heldOut: 100, features: 5000, supportSize: 10 };
const POINTS = 100;
/** The grid goes down to this share of λ_max: below it these fits are saturated. */
const DEPTH = Math.log(100);
/** A tenth of the fits of the grid. */
const LIMIT = POINTS / 10;
/** The shape of the leukaemia data of Golub et al. 1999, which are not part of this project. */
const FEW_ROWS = { count: 38, heldOut: 1, features: 7129, supportSize: 3 };
const FOLDS = 5;

const TABLE = {
  seeds: { value: '<count>', description: 'of problems of either kind', fallback: '20' },
  output: { value: '<file>', description: 'where the JSON goes', fallback: 'dist/bench/sparse-models.json' },
};

await runCommand({
  readOptions,
  help: () =>
    formatHelp('npm run sparse-models -- [options]', 'Tunes sparse logistic regression; prints tables.', TABLE),
  bench,
});

interface Options {
  readonly seeds: number;
  readonly output: string;
}

function readOptions(argv: readonly string[]): Options | undefined {
  const given = readArguments('sparse-models', TABLE, argv);
  if (given.options.help) return undefined;
  return {
    seeds: readCount(given, 'seeds', 20),
    output: given.options.output ?? TABLE.output.fallback,
  };
}

async function bench({ seeds, output }: Options): Promise<number> {
  const engine = await open({ backend: 'cpu' });
  try {
    const compared = [];
    for (let seed = 0; seed < seeds; seed++) compared.push(await compare(engine, seed));
    const isWithin = compared.filter(({ descent, grid }) => descent.value <= 1.01 * grid.value).length;
    const isNoWorse = compared.filter(({ descent, grid }) => descent.value <= grid.value).length;
    console.log(`${HELD_OUT.count} × ${HELD_OUT.features}, held-out loss, ${seeds} problems`);
    console.log(
      `  fits: descent at most ${Math.max(...compared.map(({ descent }) => descent.solves))}, grid ${POINTS}`,
    );
    console.log(`  descent within 1 % of the grid: ${isWithin}; not worse: ${isNoWorse}`);
    console.log(
      `  milliseconds, median: descent ${timeOf(compared.map(({ descent }) => descent))}, grid ${timeOf(compared.map(({ grid }) => grid))}`,
    );
    const folded = [];
    for (let seed = 0; seed < seeds; seed++) folded.push(await fold(engine, seed));
    console.log(`${FEW_ROWS.count} × ${FEW_ROWS.features}, ${FOLDS}-fold cross-validation, ${seeds} problems`);
    const processor = median(folded.map(({ processorMilliseconds }) => processorMilliseconds)).toFixed(0);
    console.log(
      `  milliseconds, median: ${timeOf(folded)}, of the processor ${processor}; fits ${median(folded.map(({ solves }) => solves))}`,
    );
    console.log(`  ended at: ${countsOf(folded.map(({ ended }) => ended))}`);
    await mkdir(dirname(output), { recursive: true });
    await writeFile(output, `${JSON.stringify({ run: describeRun(), compared, folded }, undefined, 2)}\n`);
    return EXIT.done;
  } finally {
    engine.close();
  }
}

type Figures = Pick<SparseTuneResult, 'logLambda' | 'value' | 'solves' | 'ended' | 'milliseconds'>;

function figuresOf({ logLambda, value, solves, ended, milliseconds }: SparseTuneResult): Figures {
  return { logLambda, value, solves, ended, milliseconds };
}

async function compare(engine: Engine, seed: number): Promise<Readonly<Record<'descent' | 'grid', Figures>>> {
  const { fit, heldOut: rows } = createClasses(engine, HELD_OUT, seed);
  const model = { ...fit, loss: 'logistic', intercept: true, criterion: heldOut(rows) } as const;
  const descent = figuresOf(await tuneSparseModel({ ...model, limit: LIMIT }));
  const grid = figuresOf(await tuneSparseModel({ ...model, optimiser: 'grid', points: POINTS, depth: DEPTH }));
  for (const tensor of [fit.X, fit.y, rows.X, rows.y]) tensor.dispose();
  return { descent, grid };
}

/** With the processor time, which other work on the machine does not lengthen. */
async function fold(engine: Engine, seed: number): Promise<Figures & { readonly processorMilliseconds: number }> {
  const { fit, heldOut: rest } = createClasses(engine, FEW_ROWS, seed);
  for (const tensor of Object.values(rest)) tensor.dispose();
  const criterion = crossValidation({ folds: FOLDS });
  const before = process.cpuUsage();
  const found = await tuneSparseModel({ ...fit, loss: 'logistic', intercept: true, criterion });
  const { user, system } = process.cpuUsage(before);
  for (const tensor of [fit.X, fit.y]) tensor.dispose();
  return { ...figuresOf(found), processorMilliseconds: (user + system) / 1000 };
}

function timeOf(found: readonly Figures[]): string {
  return median(found.map(({ milliseconds }) => milliseconds)).toFixed(0);
}

function countsOf(ends: readonly string[]): string {
  return [...new Set(ends)].map((end) => `${end} ${ends.filter((one) => one === end).length}`).join(', ');
}
