/** What all models that `equilibra tune` tunes have in common: how their data are introduced, and how progress is shown. */
import type { Engine } from '../../index.ts';
import type { IO } from '../io.ts';
import { createLiveLine } from '../live-line.ts';
import { formatDroppedRows, formatQuantity, printRemarks } from '../wording.ts';
import type { TuningData } from './data.ts';
import { padLines } from './text.ts';

/** One run of the command. */
export interface Session {
  readonly io: IO;
  readonly engine: Engine;
  readonly interruption: AbortSignal;
}

/** A tuning whose options and data are checked. */
export interface PreparedTuning {
  readonly data: TuningData;
  run(session: Session): Promise<void>;
}

/** @param more lines about the model or the criterion */
export function printIntroduction(
  io: IO,
  { scaled, dropped, assumed }: TuningData,
  engine: Engine,
  more: readonly (readonly [string, string])[],
): void {
  const { name, count, features, target } = scaled;
  const size = `${formatQuantity(count, 'row', 'rows')}, ${formatQuantity(features, 'feature', 'features')}`;
  const lines: (readonly [string, string])[] = [
    ['data', `${name}: ${size}, target ${target}`],
    ...(dropped > 0 ? [['dropped', formatDroppedRows(dropped)] as const] : []),
    ...more,
    ['backend', `${engine.backend}: ${engine.adapter.description}`],
  ];
  io.out(padLines(lines));
  printRemarks(io, 'assumed', assumed);
}

/** Shows the progress of some work, and clears the line of the terminal afterwards. */
export async function showProgress<Result>(
  io: IO,
  work: (progress: (text: string) => void) => Promise<Result>,
): Promise<Result> {
  const live = createLiveLine(io);
  try {
    return await work(live);
  } finally {
    live('');
  }
}
