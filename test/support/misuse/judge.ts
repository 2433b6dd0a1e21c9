/** Judges a call: it must succeed with numbers, or refuse its argument by name. */
import { Tensor } from '../../../src/tensor/tensor.ts';
import { CallerError } from './values.ts';
import type { World } from './world.ts';

/** Messages of the JavaScript engine, which appear where nothing was checked. */
const BARE =
  /is not a function|is not iterable|is not a constructor|Cannot (read|set|convert|mix|destructure|perform|assign|access|delete|define|use)|\(reading|Invalid (array|typed array|array buffer|string) length|call stack|serialize a BigInt|circular structure|Array buffer allocation|Method .* called on incompatible|must be an instance of|argument must be of type|not extensible|Derived constructor|could not be cloned|Invalid time value|Function\.prototype|Object prototype|Reduce of empty|Offset is outside|start offset|byte length of/i;

/** Errors of the library that report failed work rather than an invalid argument. */
const OF_WORK = ['ConvergenceError', 'NoSolutionError', 'CertificateError', 'DeviceLostError', 'AbortError'];

interface Verdict {
  readonly outcome: 'refused' | 'succeeded' | 'own error';
  /** The error in the call's behaviour. */
  readonly fault?: string;
  readonly message?: string;
}

const SLOW = 20_000;

/**
 * @param names of the invalid argument, one of which the message must contain
 * @param given a description of the argument, for faults
 * @param mustRefuse whether the call must not succeed
 */
export async function judgeCall(
  world: World,
  call: () => unknown,
  names: readonly string[],
  mustRefuse = false,
): Promise<Verdict> {
  const { engine } = world;
  const own = new Set<unknown>(Object.values(world));
  const before = readMemory(engine);
  let result: unknown;
  try {
    result = call();
    if (result instanceof Promise) result = await awaitInTime(result);
    await readResult(result);
  } catch (error) {
    disposeResult(result, own);
    await engine.idle();
    if (error instanceof CallerError) return { outcome: 'own error' };
    const fault = findFault(error, names) ?? (await findLeak(engine, before, call, own));
    return { outcome: 'refused', message: messageOf(error), ...(fault !== undefined && { fault }) };
  }
  disposeResult(result, own);
  await engine.idle();
  return { outcome: 'succeeded', ...(mustRefuse && { fault: 'it was not refused' }) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function findFault(error: unknown, names: readonly string[]): string | undefined {
  if (!(error instanceof Error)) return 'what was thrown is no error';
  if (OF_WORK.includes(error.name)) return undefined;
  if (BARE.test(error.message)) return 'an error of the engine of JavaScript';
  if (/\[object |undefined undefined/.test(error.message)) return 'the value is not described';
  const isNamed = names.some((name) =>
    new RegExp(`(^|[^\\p{L}\\d_])${escaped(name)}($|[^\\p{L}\\d_])`, 'u').test(error.message),
  );
  if (!isNamed) return `none of ${names.join(', ')} is named`;
  if (
    !/;|must|needs?|at most|nearest|one of|do not|holds?|allowed|was disposed|another engine|from outside|has a header and no rows|is empty|there is no column/.test(
      error.message,
    )
  )
    return 'it is not said what it must be';
  return undefined;
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function readMemory(engine: World['engine']): readonly number[] {
  const { buffers, bytes } = engine.memory();
  return [buffers, bytes];
}

/** The engine keeps each scalar that it creates (see `scalar`); a leak, in contrast, happens at every call. */
async function findLeak(
  engine: World['engine'],
  before: readonly number[],
  call: () => unknown,
  own: ReadonlySet<unknown>,
): Promise<string | undefined> {
  const once = readMemory(engine);
  if (String(before) === String(once)) return undefined;
  let result: unknown;
  try {
    result = await call();
    await readResult(result);
  } catch {
    // As before.
  }
  disposeResult(result, own);
  await engine.idle();
  const twice = readMemory(engine);
  return String(once) === String(twice)
    ? undefined
    : `memory was ${before.join(' buffers, ')} bytes, is ${once.join(', ')} after one call and ${twice.join(', ')} after two`;
}

async function awaitInTime(promise: Promise<unknown>): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('is not a function: the call hangs')), SLOW);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Reads the result of a call, in which no number may be NaN. @throws the error of the reading */
async function readResult(result: unknown, depth = 0): Promise<void> {
  if (result instanceof Promise) return void (await readResult(await awaitInTime(result), depth));
  if (result instanceof Tensor) return void checkNumbers(await awaitInTime(result.data()));
  if (ArrayBuffer.isView(result)) return checkNumbers(result);
  if (typeof result === 'number' && Number.isNaN(result)) throw new Error('is not a function: NaN came out in silence');
  if (depth > 1 || typeof result !== 'object' || result === null) return;
  const { z, beta } = result as { z?: unknown; beta?: unknown };
  if (z instanceof Tensor) await readResult(z, depth);
  else if (beta instanceof Tensor) await readResult(beta, depth);
  else if (Array.isArray(result)) for (const each of result) await readResult(each, depth + 1);
}

function checkNumbers(values: unknown): void {
  if (values instanceof DataView) return;
  for (const value of values as Iterable<number>) {
    if (Number.isNaN(value)) throw new Error('is not a function: NaN came out in silence');
  }
}

/** Disposes of the result of a call. */
function disposeResult(result: unknown, own: ReadonlySet<unknown>, depth = 0): void {
  if (own.has(result) || depth > 2 || typeof result !== 'object' || result === null || result instanceof Promise)
    return;
  const { dispose, beta } = result as { dispose?: unknown; beta?: unknown };
  const isOfCall = !(Symbol.toStringTag in result) || result instanceof Tensor;
  if (typeof dispose === 'function' && isOfCall) dispose.call(result);
  else if (beta instanceof Tensor) for (const each of Object.values(result)) disposeResult(each, own, depth + 1);
  else if (Array.isArray(result)) for (const each of result) disposeResult(each, own, depth + 1);
}
