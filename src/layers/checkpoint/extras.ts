/** The caller's own data in a checkpoint. */
import { createArgumentError } from '../../arguments/check.ts';

/** @throws RangeError where JSON cannot represent the extras */
export function checkExtras(what: string, extras: unknown): void {
  let text: string | undefined;
  try {
    text = JSON.stringify(extras);
  } catch {}
  if (extras !== undefined && text === undefined)
    throw createArgumentError(`${what}: extras`, extras, 'what JSON can hold');
}
