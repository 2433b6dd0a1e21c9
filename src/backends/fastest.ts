/** Measures which of several backends does the work of a solver fastest on this machine, in a fraction of a second. */
import type { Backend, BackendName, Program, Storage } from './backend.ts';
import type { Opened, Opener, OpenOptions } from './open.ts';

type Openers = Readonly<Record<BackendName, Opener>>;

export interface Candidate {
  /** Appears in the reason. */
  readonly name: string;
  readonly open: () => Promise<Backend>;
}

export interface Choice {
  readonly candidate: Candidate;
  /** The backend, still open. */
  readonly backend: Backend;
  /** Says in words what was measured. */
  readonly reason: string;
}

/** Rows, width and number of products of the chain that is timed, similar to those of a small layer. */
const ROWS = 64;
const WIDTH = 96;
const PRODUCTS = 8;
/** A candidate is timed for this long. The first run, which compiles, does not count. */
const TIMING_MILLISECONDS = 30;
const MAXIMUM_RUNS = 8;

const fastestByMode = new Map<string, Promise<Choice>>();

/** Measures once in a page or process, for each mode that is asked for, with and without a loader of gpu.js. */
export async function openFastest(options: OpenOptions, openers: Openers): Promise<Opened> {
  const { mode = 'any', load } = options.gpujs ?? {};
  const key = `${mode} ${load !== undefined}`;
  const known = fastestByMode.get(key);
  if (known) {
    const { candidate, reason } = await known;
    return { backend: await candidate.open(), reason };
  }
  const first = chooseFastest(listCandidates(options, openers));
  fastestByMode.set(key, first);
  return first;
}

/** The given mode of gpujs, or both modes, and the CPU, which can always be opened. */
function listCandidates(options: OpenOptions, openers: Openers): Candidate[] {
  const { gpujs } = options;
  const modes = gpujs?.mode ? [gpujs.mode] : (['webgl2', 'webassembly'] as const);
  return [
    ...modes.map((mode) => ({
      name: `gpujs (${mode})`,
      open: () => openers.gpujs({ ...options, gpujs: { ...gpujs, mode } }),
    })),
    { name: 'cpu', open: () => openers.cpu(options) },
  ];
}

/**
 * Times the candidates that can be opened and returns the fastest. The others are closed again.
 * @throws Error if none of the candidates can be opened
 */
export async function chooseFastest(candidates: readonly Candidate[]): Promise<Choice> {
  const timed: { candidate: Candidate; backend: Backend; milliseconds: number }[] = [];
  for (const candidate of candidates) {
    const backend = await candidate.open().catch(() => undefined);
    if (!backend) continue;
    try {
      timed.push({ candidate, backend, milliseconds: await timeBackend(backend) });
    } catch {
      backend.close();
    }
  }
  if (timed.length === 0) throw new Error(`open: none of ${joinNames(candidates)} can be opened here`);
  const [{ candidate, backend }, ...others] = timed.sort((p, q) => p.milliseconds - q.milliseconds);
  for (const other of others) other.backend.close();
  const figures = timed.map(({ candidate: { name }, milliseconds }) => `${name} ${milliseconds.toFixed(1)} ms`);
  const reason =
    others.length === 0
      ? `of ${joinNames(candidates)} only ${candidate.name} works here`
      : `the fastest of those measured: ${figures.join(', ')}`;
  return { candidate, backend, reason };
}

function joinNames(candidates: readonly Candidate[]): string {
  return candidates.map(({ name }) => name).join(', ');
}

/** The shortest of several runs, in milliseconds: disturbances only make a run longer. */
async function timeBackend(backend: Backend): Promise<number> {
  const inputs = [ROWS * WIDTH, WIDTH * WIDTH].map((size) => backend.upload(new Float32Array(size).fill(1 / WIDTH)));
  // One product is enough to compile the kernel.
  await runOnce(backend, createProductChain(1), inputs);
  const program = createProductChain(PRODUCTS);
  const end = performance.now() + TIMING_MILLISECONDS;
  let shortest = Number.POSITIVE_INFINITY;
  for (let run = 0; run < MAXIMUM_RUNS && (run === 0 || performance.now() < end); run++) {
    const start = performance.now();
    await runOnce(backend, program, inputs);
    shortest = Math.min(shortest, performance.now() - start);
  }
  for (const input of inputs) backend.release(input);
  return shortest;
}

async function runOnce(backend: Backend, program: Program, inputs: readonly Storage[]): Promise<void> {
  const [result] = backend.run(program, inputs);
  await backend.download(result);
  backend.release(result);
}

/** Repeats z ← relu(z·W). */
function createProductChain(products: number): Program {
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
  const outputs = Array.from({ length: products }, (_, index) => index + 2);
  return {
    name: 'a chain of products',
    sizes: [ROWS * WIDTH, WIDTH * WIDTH, ...outputs.map(() => ROWS * WIDTH)],
    inputs: [0, 1],
    constants: new Map(),
    statements: outputs.map((output) => product(output === 2 ? 0 : output - 1, output)),
    outputs: [products + 1],
  };
}
