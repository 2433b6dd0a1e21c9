/** Reads and checks JSON that people or programs wrote. Every error names the place. */
import { formatValue, InputError, suggestName } from './io.ts';

/** @param name the name of the file, for error messages */
export function parseJSON(name: string, text: string): unknown {
  const content = text.replace(/^\uFEFF/, '');
  if (content.trim() === '') throw new InputError(`${name}: it is empty; it must hold a JSON object`);
  try {
    return JSON.parse(content);
  } catch (error) {
    const named = parseWithNamedNumbers(content);
    if (named !== undefined) return named;
    throw new InputError(`${name}: it is not JSON: ${explainSyntaxError(content, (error as Error).message)}`);
  }
}

/**
 * Some languages write NaN and Infinity as bare words, which JSON does not allow. Here they become strings, so that the
 * checks of the fields find them and can say where they are.
 */
function parseWithNamedNumbers(text: string): unknown {
  const quoted = text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (found) =>
    found.startsWith('"') ? found : `"${found}"`,
  );
  if (quoted === text) return undefined;
  try {
    return JSON.parse(quoted);
  } catch {
    return undefined;
  }
}

/** Replaces the position in a parser's message by line and column, and says where the text ends too early. */
function explainSyntaxError(text: string, message: string): string {
  const at = (position: number): string => {
    const lines = text.slice(0, position).split('\n');
    return `line ${lines.length}, column ${lines[lines.length - 1].length + 1}`;
  };
  const early = `it ends at ${at(text.trimEnd().length)} before it is complete; is the file cut short?`;
  if (/^Unexpected end|^Unterminated string/.test(message)) {
    return early;
  }
  const [, position] = message.match(/at position (\d+)/) ?? [];
  if (position === undefined) return message;
  // The parser reports a text that ends between two values as a missing comma.
  if (text.slice(Number(position)).trim() === '') {
    return early;
  }
  return `${message.replace(/ (in JSON )?at position.*$/s, '')} at ${at(Number(position))}`;
}

export type JSONObject = Readonly<Record<string, unknown>>;

export function checkObject(name: string, value: unknown): JSONObject {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new InputError(`${name}: it is ${describeKind(value)}; it must be a JSON object`);
  }
  return value as JSONObject;
}

export function describeKind(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value !== null && typeof value === 'object') return 'an object';
  return formatValue(value);
}

/** Checks that all keys are known and that the required ones are present. */
export function checkKeys(
  object: JSONObject,
  what: string,
  required: readonly string[],
  optional: readonly string[],
): void {
  const known = [...required, ...optional];
  const strange = Object.keys(object).filter((key) => !known.includes(key));
  if (strange.length > 0) {
    const names = strange.map((key) => formatValue(key)).join(', ');
    throw new InputError(
      `${names}: ${strange.length === 1 ? 'this key is' : 'these keys are'} unknown; ${what} may have ${known.join(', ')}${suggestName(strange[0], known)}`,
    );
  }
  const missing = required.filter((key) => !Object.hasOwn(object, key));
  if (missing.length > 0) {
    throw new InputError(
      `${missing.join(', ')}: ${missing.length === 1 ? 'this key is' : 'these keys are'} missing; ${what} needs ${required.join(', ')}`,
    );
  }
}

export function checkNumber(name: string, value: unknown, must: string, allows: (value: number) => boolean): number {
  if (typeof value !== 'number' || !allows(value)) {
    throw new InputError(`${name}: it is ${describeKind(value)}; it must be ${must}`);
  }
  return value;
}
