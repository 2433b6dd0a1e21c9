/**
 * A step of bench/gpu.sh: 50 iterations, and a solve with its gradient, on the adapter. Writes the numbers of the first
 * repetition and its answer for bench/python/mondeq_cuda.py.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { open } from '../../src/index.ts';
import { CASES, type Outcome, type Work } from '../cases.ts';
import { equilibraWorks } from '../equilibra.ts';
import { LoadWatch } from '../load.ts';
import { Contest, type Limits } from '../measure.ts';
import type { Size } from '../problems.ts';
import { refereeRounds } from '../referee.ts';
import { type AdapterPart, type LayerResult, type LayersPart, readPart, WORK_FOLDER, writePart } from './parts.ts';

const small = readPart<AdapterPart>('adapter')?.small ?? true;
const SIZES = small
  ? { widths: [32, 87], batches: [16, 64] }
  : { widths: [87, 128, 256, 512], batches: [128, 256, 512, 1024] };
const LIMITS: Limits = small ? { repetitions: 3, milliseconds: 100 } : { repetitions: 15, milliseconds: 400 };

const engine = await open({ backend: 'webgpu' });
const works = equilibraWorks(engine);
const watch = new LoadWatch();
const results: LayerResult[] = [];
for (const width of SIZES.widths) {
  for (const batch of SIZES.batches) {
    for (const name of ['relu', 'solve'] as const) {
      const result = await measureLayer(name, { batch, width });
      results.push(result);
      const part: LayersPart = { load: watch.rule, results };
      writePart('layers', part);
      console.log(lineOf(result));
    }
  }
}
process.exit(0); // ends whatever the adapter still runs

async function measureLayer(name: 'relu' | 'solve', size: Size): Promise<LayerResult> {
  const work = works[name]?.(size) as Work<never>;
  const problem = (repetition: number) => CASES[name].problem(size, repetition);
  const contest = new Contest(
    [work],
    { problem: (repetition) => problem(repetition) as never, maximumUnits: 1 },
    LIMITS,
  );
  try {
    await refereeRounds(contest, LIMITS.repetitions, watch);
  } finally {
    work.dispose();
  }
  const [found] = contest.results();
  const given = { case: name, ...size };
  if ('error' in found) return { ...given, error: found.error };
  const { timing, outcome } = found;
  writeArrays(name, size, problem(1), outcome);
  return { ...given, timing, ...(outcome.slowest && { iterations: outcome.slowest }) };
}

/**
 * Writes the arrays of the problem one after the other, each preceded by its number of elements, and the answer as the
 * last one.
 */
function writeArrays(name: string, { batch, width }: Size, problem: object, { answer = [] }: Outcome): void {
  const arrays = [...(Object.values(problem) as Float32Array[]), Float32Array.from(answer)];
  const pieces = arrays.flatMap((array) => [Int32Array.of(array.length), array]);
  const bytes = Buffer.concat(
    pieces.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)),
  );
  writeFileSync(join(WORK_FOLDER, `${name}-${batch}x${width}.bin`), bytes);
}

function lineOf({ case: name, batch, width, timing, iterations, error }: LayerResult): string {
  const what = `${CASES[name].title}, ${batch} × ${width}`;
  const counts = iterations ? `, ${iterations.forward} / ${iterations.backward} iterations` : '';
  return timing ? `${what}: ${timing.median.toFixed(2)} ms${counts}` : `${what}: failed: ${error}`;
}
