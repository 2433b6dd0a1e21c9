/** `equilibra train --folds`: what it prints and writes. */
import type { Engine, Evaluation, Model, RegressionEvaluation } from '../index.ts';
import { crossValidate, type FoldResult, poolFolds } from './cross-validation.ts';
import { describeEvaluation } from './held-out.ts';
import { describeInterruption, EXIT, type IO, toOneLine } from './io.ts';
import { type Arguments, readNumber } from './options.ts';
import { formatNumber } from './report/numbers.ts';
import { refuseOptions } from './table-options.ts';
import type { FoldableData, TrainingData } from './training-data.ts';
import { writeFoldReport } from './training-report.ts';
import type { TrainingSettings } from './training-settings.ts';

/** What the command has read and opened. */
interface FoldSession {
  readonly io: IO;
  readonly given: Arguments;
  readonly settings: TrainingSettings;
  readonly model: Model;
  readonly engine: Engine;
  readonly interruption: AbortSignal;
}

/** The options that one model has, and cross-validation does not. */
const NOT_WITH_FOLDS = ['checkpoint', 'resume', 'held-out'];

/** @throws InputError where the number is wrong, or an option does not go with it */
export function readFolds(given: Arguments): number | undefined {
  const folds = readNumber(
    given,
    'folds',
    undefined,
    'an integer from 2',
    (value) => Number.isInteger(value) && value >= 2,
  );
  if (folds !== undefined) refuseOptions(given, NOT_WITH_FOLDS, 'it does not go with --folds');
  return folds;
}

export async function runFolds(session: FoldSession, data: FoldableData, folds: number): Promise<number> {
  const { io, given, settings, model, engine, interruption } = session;
  const started = performance.now();
  const results: FoldResult[] = [];
  try {
    await crossValidate(engine, data, settings, {
      folds,
      signal: interruption,
      onFold(result) {
        results.push(result);
        for (const line of describeEvaluation(result.data, result.evaluation)) {
          io.out(`fold ${String(results.length).padStart(String(folds).length)}/${folds}  ${line}\n`);
        }
      },
    });
  } catch (error) {
    if (!interruption.aborted || error !== interruption.reason) throw error;
    const { message, exitCode } = describeInterruption(interruption);
    io.error(`${message}\n`);
    return exitCode;
  }
  const outcome = poolFolds(results);
  const evaluation = 'numbers' in outcome ? outcome.numbers.evaluation : outcome.evaluation;
  for (const line of describeFolds(data, results)) io.out(`${line}\n`);
  for (const line of describeEvaluation(data, evaluation)) io.out(`all rows, each held out once: ${line}\n`);
  const seconds = (performance.now() - started) / 1000;
  io.out(`${seconds.toFixed(1)} s in all\n`);
  if (given.options.report === undefined) return EXIT.done;
  await writeFoldReport(given.options.report, { data, settings, model, engine, folds, outcome });
  io.out(`report   ${given.options.report}\n`);
  return EXIT.done;
}

/** The mean of each measure over the folds, and its standard deviation. */
function describeFolds(data: TrainingData, results: readonly FoldResult[]): string[] {
  const spread = (values: readonly number[], format: (value: number) => string): string => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return `${format(mean)} ± ${format(Math.sqrt(squares / (values.length - 1)))}`;
  };
  const of = `mean ± deviation of ${results.length} folds: `;
  if (data.task === 'classification') {
    const accuracies = results.map(({ evaluation }) => (evaluation as Evaluation).accuracy);
    return [`${of}accuracy ${spread(accuracies, (share) => `${(100 * share).toFixed(2)} %`)}`];
  }
  return data.dataset.targetNames.map((name, target) => {
    const own = results.map(({ evaluation }) => (evaluation as RegressionEvaluation).targets[target]);
    const rounded = (value: number): string => formatNumber(value, 4);
    const errors = spread(
      own.map(({ rootMeanSquaredError }) => rootMeanSquaredError),
      rounded,
    );
    const shares = spread(
      own.map(({ rSquared }) => rSquared),
      (value) => formatNumber(value, 3),
    );
    const which = data.dataset.targetNames.length > 1 ? `${toOneLine(name)}: ` : '';
    return `${of}${which}RMSE ${errors}, R² ${shares}`;
  });
}
