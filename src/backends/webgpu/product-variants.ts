/**
 * Chooses the variant of large products by timing, once for each size class of a device. Loaded when a Program first
 * contains such a product, so that pages without large products do not download it.
 */
import wide from '../../../shaders/product-wide.wgsl';
import { ABSENT, type ProductCall } from '../kernels.ts';
import type { PlannedCall } from '../plan.ts';
import type { UndecidedProduct } from './compiled.ts';
import { USAGE } from './device.ts';
import { wordsToBytes } from './dispatch.ts';
import {
  canReadVectors,
  chooseTiledVariant,
  EDGES,
  epilogueConstants,
  groupsForResult,
  layoutConstants,
  lowerProduct,
  type ProductVariant,
} from './lower-product.ts';
import { awaitWithNudges } from './nudge.ts';
import type { Pipeline } from './pipelines.ts';
import type { Runtime } from './runtime.ts';
import { defineProduct } from './shaders.ts';

type Candidate = Pick<ProductVariant, 'rows' | 'columns'> & { pipeline(of: ProductCall): Pipeline };

const WIDE_BLOCK = 128;
const WIDE = defineProduct({ file: 'product-wide.wgsl', text: wide });

/**
 * Sets the variant of each product to the one that is fastest for its size. The first run of the Program waits for
 * this.
 */
export async function chooseVariants(products: readonly UndecidedProduct[], runtime: Runtime): Promise<void> {
  for (const { dispatch, call, rows } of products) {
    const candidates = listCandidates(call, runtime);
    const chosen = candidates[await chooseCandidate(call, candidates, runtime)];
    dispatch.pipeline = chosen.pipeline(call);
    dispatch.groups = groupsForResult(chosen, call.n, rows);
  }
}

/**
 * The candidates. The first is the default variant, which is used without timing; the last is the wide one, if the
 * product can use it.
 */
function listCandidates(call: ProductCall, { pipelines }: Runtime): Candidate[] {
  const usual = chooseTiledVariant(call);
  const other = chooseTiledVariant(
    call,
    usual.rows === chooseTiledVariant(call, EDGES.large).rows ? EDGES.small : EDGES.large,
  );
  const candidates: Candidate[] = [usual, other].map((variant) => ({
    ...variant,
    pipeline: (of) => pipelines.get(variant.shader, { ...variant.constants, ...epilogueConstants(of) }),
  }));
  if (canReadVectors(call)) {
    candidates.push({
      rows: WIDE_BLOCK,
      columns: WIDE_BLOCK,
      pipeline: (of) => pipelines.get('product-wide', { ...layoutConstants(of), ...epilogueConstants(of) }, WIDE),
    });
  }
  return candidates;
}

/** For each device, the chosen candidates by size class, and the end of the last timing: timings must not overlap. */
const choices = new WeakMap<GPUDevice, { known: Map<string, Promise<number>>; last: Promise<unknown> }>();

function chooseCandidate(call: ProductCall, candidates: readonly Candidate[], runtime: Runtime): Promise<number> {
  if (runtime.variants.wide) return Promise.resolve(canReadVectors(call) ? candidates.length - 1 : 0);
  const sample = createSample(call);
  const { m, n, k, transposeA, transposeB } = sample;
  const key = [m, n, k, transposeA, transposeB, candidates[0].rows, candidates.length].join();
  const device = choices.get(runtime.device) ?? { known: new Map(), last: Promise.resolve() };
  choices.set(runtime.device, device);
  const known = device.known.get(key);
  if (known) return known;
  // After a failure here, such as a lost device or a kernel that does not compile, the default variant is used.
  const choice = device.last.then(() => timeCandidates(sample, candidates, runtime)).catch(() => 0);
  device.known.set(key, choice);
  device.last = choice;
  return choice;
}

/** Larger products are assumed to behave like one of this size, which takes 4.3 billion operations. */
const MAXIMUM_SAMPLE = { rows: 2048, columns: 2048, depth: 512 } as const;

/** The product that represents a size class: its sizes are powers of two, and its epilogue is empty. */
function createSample({ m, n, k, transposeA, transposeB }: ProductCall): ProductCall {
  const roundUp = (extent: number, maximum: number): number =>
    Math.min(2 ** Math.ceil(Math.log2(Math.max(extent, 4))), maximum);
  return {
    kernel: 'product',
    inputs: [0, 1, ABSENT, ABSENT, ABSENT, ABSENT],
    output: 2,
    m: roundUp(m, MAXIMUM_SAMPLE.rows),
    n: roundUp(n, MAXIMUM_SAMPLE.columns),
    k: roundUp(k, MAXIMUM_SAMPLE.depth),
    transposeA,
    transposeB,
    bias: 'none',
    activation: 'identity',
    activationParameters: [0, 0],
    proximal: false,
    residual: false,
  };
}

async function timeCandidates(
  sample: ProductCall,
  candidates: readonly Candidate[],
  runtime: Runtime,
): Promise<number> {
  const { device, absentOperand, openGuard, variants } = runtime;
  const { m, n, k } = sample;
  const planned: PlannedCall = { kind: 'call', call: sample, operands: [...sample.inputs], output: 2, inPlace: 0 };
  const [{ sizes }] = lowerProduct(sample, planned, { tiled: variants.tiled, dispatchWork: Number.POSITIVE_INFINITY });
  const words = wordsToBytes(sizes);
  device.pushErrorScope('out-of-memory');
  const buffer = (bytes: number, usage: number): GPUBuffer => device.createBuffer({ size: bytes, usage });
  const uniform = buffer(Math.ceil(words.byteLength / 16) * 16, USAGE.uniform | USAGE.copyTarget);
  const [a, b, c] = [m * k, k * n, m * n].map((size) => buffer(size * 4, USAGE.storage));
  const failed = device.popErrorScope();
  try {
    if (await failed) return 0;
    device.queue.writeBuffer(uniform, 0, words);
    const pipelines = candidates.map(({ pipeline }) => pipeline(sample));
    await Promise.all(pipelines.map(({ ready }) => ready));
    const bound = [uniform, openGuard.handle, a, b, ...Array<GPUBuffer>(4).fill(absentOperand.handle), c];
    const entries = bound.map((resource, binding) => ({ binding, resource: { buffer: resource } }));
    const group = device.createBindGroup({ layout: pipelines[0].layout, entries });
    const run = (index: number, repetitions: number): Promise<unknown> => {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipelines[index].handle as GPUComputePipeline);
      pass.setBindGroup(0, group);
      const [x, y] = groupsForResult(candidates[index], n, m);
      for (let repetition = 0; repetition < repetitions; repetition++) pass.dispatchWorkgroups(x, y);
      pass.end();
      device.queue.submit([encoder.finish()]);
      return awaitWithNudges(device, device.queue.onSubmittedWorkDone());
    };
    return await findFastest(candidates.length, run, () => performance.now());
  } finally {
    for (const each of [uniform, a, b, c]) each.destroy();
  }
}

/** How long a timing should take, and the shortest that is meaningful with the coarsest clocks of browsers. */
const TIMING_MILLISECONDS = 20;
const MINIMUM_MILLISECONDS = 2;
const MAXIMUM_REPETITIONS = 100;
const ROUNDS = 3;
/** Another variant is preferred if it takes at most this share of the time of the default variant. */
const CLEAR_GAIN = 0.95;

/**
 * Finds the fastest candidate. Returns 0, the default, unless another one is clearly faster, or if the clock is too
 * coarse. Each candidate runs once, and then in three rounds as often as 20 ms allow, at least once.
 * @param run runs a candidate repeatedly
 * @param now the time in milliseconds
 */
export async function findFastest(
  candidates: number,
  run: (candidate: number, repetitions: number) => Promise<unknown>,
  now: () => number,
): Promise<number> {
  const elapsed = async (candidate: number, repetitions: number): Promise<number> => {
    const started = now();
    await run(candidate, repetitions);
    return now() - started;
  };
  const all = Array.from({ length: candidates }, (_, candidate) => candidate);
  for (const candidate of all) await run(candidate, 1);
  const one = await elapsed(0, 1);
  const repetitions = Math.max(1, Math.min(Math.ceil(TIMING_MILLISECONDS / one), MAXIMUM_REPETITIONS));
  const best = all.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < ROUNDS; round++) {
    for (const candidate of all) best[candidate] = Math.min(best[candidate], await elapsed(candidate, repetitions));
  }
  if (!best.every((time) => time >= MINIMUM_MILLISECONDS)) return 0;
  const winner = best.indexOf(Math.min(...best));
  return best[winner] <= CLEAR_GAIN * best[0] ? winner : 0;
}
