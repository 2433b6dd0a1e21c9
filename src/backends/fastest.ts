/** Which of several backends does the work of a solver fastest here: a measurement of a fraction of a second. */
import type { Backend, Program, Storage } from './backend.ts';

export interface Candidate {
  /** Shown in the reason. */
  readonly name: string;
  readonly open: () => Promise<Backend>;
}

export interface Choice {
  readonly candidate: Candidate;
  /** For people: what was measured. */
  readonly reason: string;
}

/** Rows, width and products of the chain that is timed: about those of a small layer. */
const ROWS = 64;
const WIDTH = 96;
const PRODUCTS = 8;
/** A candidate is timed until this much has passed, the first run apart, which compiles. */
const MILLISECONDS = 60;
const MOST_RUNS = 8;

/**
 * Times the candidates that can be opened, each closed again, and takes the fastest.
 * @throws Error where none can be opened
 */
export async function fastestOf(candidates: readonly Candidate[]): Promise<Choice> {
  const timed: { candidate: Candidate; milliseconds: number }[] = [];
  for (const candidate of candidates) {
    const milliseconds = await timeOf(candidate).catch(() => undefined);
    if (milliseconds !== undefined) timed.push({ candidate, milliseconds });
  }
  if (timed.length === 0) throw new Error(`open: none of ${namesOf(candidates)} can be opened here`);
  timed.sort((p, q) => p.milliseconds - q.milliseconds);
  const { candidate } = timed[0];
  if (timed.length === 1) return { candidate, reason: `of ${namesOf(candidates)} only ${candidate.name} works here` };
  const figures = timed.map(({ candidate: { name }, milliseconds }) => `${name} ${milliseconds.toFixed(1)} ms`);
  return { candidate, reason: `the fastest of those measured: ${figures.join(', ')}` };
}

function namesOf(candidates: readonly Candidate[]): string {
  return candidates.map(({ name }) => name).join(', ');
}

/** The shortest of a few runs: what disturbs a run makes it longer. */
async function timeOf({ open }: Candidate): Promise<number> {
  const backend = await open();
  try {
    const program = chain();
    const inputs = [ROWS * WIDTH, WIDTH * WIDTH].map((size) => backend.upload(new Float32Array(size).fill(1 / WIDTH)));
    await runOnce(backend, program, inputs);
    const end = performance.now() + MILLISECONDS;
    let shortest = Number.POSITIVE_INFINITY;
    for (let run = 0; run < MOST_RUNS && (run === 0 || performance.now() < end); run++) {
      const start = performance.now();
      await runOnce(backend, program, inputs);
      shortest = Math.min(shortest, performance.now() - start);
    }
    return shortest;
  } finally {
    backend.close();
  }
}

async function runOnce(backend: Backend, program: Program, inputs: readonly Storage[]): Promise<void> {
  const [result] = backend.run(program, inputs);
  await backend.download(result);
  backend.release(result);
}

/** z ← relu(z·W), again and again. */
function chain(): Program {
  const product = (from: number, output: number) =>
    ({
      kernel: 'product',
      inputs: [from, 1, -1, -1, -1, -1],
      output,
      m: ROWS,
      n: WIDTH,
      k: WIDTH,
      transposeA: false,
      transposeB: false,
      bias: 'none',
      activation: 'relu',
      activationParameters: [0, 0],
      proximal: false,
      residual: false,
    }) as const;
  const outputs = Array.from({ length: PRODUCTS }, (_, index) => index + 2);
  return {
    name: 'a chain of products',
    sizes: [ROWS * WIDTH, WIDTH * WIDTH, ...outputs.map(() => ROWS * WIDTH)],
    inputs: [0, 1],
    constants: new Map(),
    steps: outputs.map((output) => product(output === 2 ? 0 : output - 1, output)),
    outputs: [PRODUCTS + 1],
  };
}
