/** `equilibra tune`: chooses the penalty of a Lasso, or of another model, by the gradient of a criterion. */
import { BACKENDS } from '../backends/open.ts';
import { ConvergenceError, type TuneOptions, tune as tuneLasso } from '../index.ts';
import { PENALTIES, type PenaltyName } from '../train/tune/penalties.ts';
import { openEngine } from './engine.ts';
import { checkWritable, writeOutput } from './files.ts';
import { describeInterruption, EXIT, InputError, type IO } from './io.ts';
import { type Arguments, formatHelp, readArguments, readChoice, readCount } from './options.ts';
import { formatEvaluation } from './progress.ts';
import { tuningPage } from './report/tune/page.ts';
import { type ChosenCriterion, CRITERION_OPTIONS, readCriterion } from './tune/criterion.ts';
import { DATA_OPTIONS, readTuningData, type TuningData } from './tune/data.ts';
import { type Coefficients, evaluateLine, type Line, searchGrid, solvePath, type TuningProblem } from './tune/lines.ts';
import { MODEL_NAMES, readModel } from './tune/model/models.ts';
import { prepareModel } from './tune/model/run.ts';
import { createJSON, createReport, formatText, type Outcome } from './tune/outcome.ts';
import { type PreparedTuning, printIntroduction, type Session, showProgress } from './tune/session.ts';
import { formatNumber } from './tune/text.ts';
import { listWarnings, warnOfCollinearColumns } from './tune/warnings.ts';
import { printRemarks } from './wording.ts';

const PENALTY_NAMES = Object.keys(PENALTIES) as PenaltyName[];
const OPTIMISERS = ['descent', 'adam', 'grid'] as const;
/** The evaluations allowed from each start. A search over several penalties needs more. */
const LIMITS = { single: 60, 'elastic-net': 200, features: 200 } as const satisfies Record<PenaltyName, number>;

const TABLE = {
  ...DATA_OPTIONS,
  ...CRITERION_OPTIONS,
  model: { value: '<name>', description: MODEL_NAMES.join(', '), fallback: MODEL_NAMES[0] },
  groups: {
    value: '<columns>',
    description: 'group-lasso: columns that share a norm, as a,b;c,d',
    fallback: 'each column, with all its categories',
  },
  penalty: {
    value: '<kind>',
    description: 'lasso: single λ, features (one λ each), elastic-net',
    fallback: PENALTY_NAMES[0],
  },
  'non-negative': { description: 'lasso, logistic: let no coefficient be negative' },
  optimiser: { value: '<name>', description: 'descent, grid; lasso: also adam', fallback: OPTIMISERS[0] },
  starts: { value: '<count>', description: 'lasso: starting points of the search', fallback: '4; 2 for features' },
  limit: {
    value: '<count>',
    description: 'evaluations allowed, for a lasso from each start',
    fallback: '20; for a lasso 60, with several penalties 200',
  },
  backend: { value: '<name>', description: BACKENDS.join(', '), fallback: 'cpu, in float64' },
  report: { value: '<file>', description: 'lasso: write a report, one HTML file' },
  json: { description: 'print one JSON object instead of text' },
};

const SUMMARY =
  'Chooses the penalty λ of a Lasso, ½‖y − Xβ‖² + λ‖β‖₁ over standardised features, or of another sparse model, or the cost C\n' +
  'of a support vector machine, by the gradient of a criterion, and compares it with a grid. Without a file it explains the\n' +
  'bundled diabetes data.';

const NOTES =
  'Means and deviations are those of all rows. The coefficients are fitted to all rows with the chosen penalty.\nCtrl-C stops it.\nExit code: 0 tuned, 2 bad input, 3 a solve did not converge, 130 interrupted (143 by SIGTERM).';

/** The tuning of a Lasso, after all checks. */
interface LassoTuning {
  readonly given: Arguments;
  readonly data: TuningData;
  readonly chosen: ChosenCriterion;
  readonly settings: Required<Pick<TuneOptions, 'penalty' | 'optimiser' | 'limit'>> & Pick<TuneOptions, 'starts'>;
}

export async function tune(argv: readonly string[], io: IO): Promise<number> {
  const given = readArguments('tune', TABLE, argv);
  if (given.options.help) {
    io.out(formatHelp('equilibra tune [data.csv --target <column>] [options]', SUMMARY, TABLE, NOTES));
    return EXIT.done;
  }
  const model = readModel(given);
  const backend = readChoice(given, 'backend', BACKENDS) ?? 'cpu';
  const { data, run } = model ? await prepareModel(given, model) : await prepareLasso(given);
  const interruption = io.interruption();
  const engine = await openEngine(backend);
  try {
    await run({ io, engine, interruption });
    return EXIT.done;
  } catch (error) {
    if (interruption.aborted && error === interruption.reason) {
      const { message, exitCode } = describeInterruption(interruption);
      io.error(`${message}\n`);
      return exitCode;
    }
    // The library throws a RangeError for unsuitable numbers, such as a target that no feature correlates with.
    if (error instanceof RangeError) throw new InputError(error.message, { cause: error });
    if (error instanceof ConvergenceError) printRemarks(io, 'warning', warnOfCollinearColumns(data));
    throw error;
  } finally {
    engine.close();
  }
}

async function prepareLasso(given: Arguments): Promise<PreparedTuning> {
  const settings = readSettings(given);
  const { report } = given.options;
  if (report !== undefined) await checkWritable('report', report);
  const data = await readTuningData(given);
  const chosen = readCriterion(given, data);
  return { data, run: (session) => runTuning({ given, data, chosen, settings }, session) };
}

function readSettings(given: Arguments): LassoTuning['settings'] {
  const penalty = readChoice(given, 'penalty', PENALTY_NAMES) ?? 'single';
  const optimiser = readChoice(given, 'optimiser', OPTIMISERS) ?? 'descent';
  if (optimiser === 'grid') {
    if (penalty !== 'single') throw new InputError(`--optimiser grid: it is for a single λ; the penalty is ${penalty}`);
    const misplaced = ['starts', 'limit'].find((name) => given.options[name] !== undefined);
    if (misplaced) throw new InputError(`--${misplaced}: a grid has none`);
  }
  const starts = readCount(given, 'starts', undefined);
  return { penalty, optimiser, limit: readCount(given, 'limit', LIMITS[penalty]), ...(starts && { starts }) };
}

async function runTuning(tuning: LassoTuning, { io, engine, interruption }: Session): Promise<void> {
  const { given, data, chosen, settings } = tuning;
  const { scaled, intercept } = data;
  const started = performance.now();
  if (!given.options.json) printIntroduction(io, data, engine, describeNoise(chosen));
  const problem: TuningProblem = {
    X: engine.tensor(scaled.X, [scaled.count, scaled.features]),
    y: engine.tensor(scaled.y),
    intercept,
    rowWeights: data.rowWeights && engine.tensor(data.rowWeights),
    nonNegative: given.options['non-negative'] === 'true',
    criterion: chosen.criterion,
    signal: interruption,
  };
  const { outcome, path, curve } = await showProgress(io, async (progress) => {
    const result = await tuneLasso({
      ...problem,
      ...settings,
      onProgress: (evaluation) => progress(formatEvaluation(evaluation)),
    });
    const isReported = given.options.report !== undefined;
    progress('a grid to compare with');
    const grid = await searchGrid(problem, result);
    if (grid.points.length === 0) throw new Error('grid: no Lasso problem was solved to its tolerance');
    if (isReported) progress('the path of the coefficients');
    const path = isReported ? await solvePath(problem, result) : undefined;
    const curve = path && (await evaluateLine(problem, result, path.logLambdas));
    const best = grid.points.reduce((a, b) => (b.value < a.value ? b : a));
    const findings = { data, result, grid, path, epsilon: engine.epsilon, limit: settings.limit };
    const warnings = listWarnings(findings);
    const seconds = (performance.now() - started) / 1000;
    return { outcome: { engine, data, chosen, result, grid, best, warnings, seconds }, path, curve };
  });
  await printOutcome({ io, given }, outcome, path, curve);
}

function describeNoise({ noise }: ChosenCriterion): (readonly [string, string])[] {
  if (!noise) return [];
  const how = noise.estimated ? ', estimated by least squares' : '';
  return [['noise', `deviation ${formatNumber(noise.deviation)}${how}`]];
}

async function printOutcome(
  { io, given }: Pick<Session, 'io'> & Pick<LassoTuning, 'given'>,
  outcome: Outcome,
  path: Coefficients | undefined,
  curve: Line | undefined,
): Promise<void> {
  const { report, json } = given.options;
  if (report !== undefined && path && curve)
    await writeOutput('report', report, tuningPage(createReport(outcome, path, curve)));
  if (json) {
    io.out(`${JSON.stringify(createJSON(outcome))}\n`);
    return;
  }
  io.out(formatText(outcome));
  printRemarks(io, 'warning', outcome.warnings);
  io.out(`${outcome.seconds.toFixed(1)} s in all\n`);
  if (report !== undefined) io.out(`report   ${report}\n`);
}
