/** Describes an error in a shader and its place. Loaded only when a shader does not compile. */
import type { ShaderSource } from './shaders.ts';

/** Finds the file from which a line of the joined source came, and the line within that file. */
function locateLine({ parts, texts }: ShaderSource, line: number): { file: string; line: number; text: string } {
  let first = 1;
  for (const [index, { file }] of parts.entries()) {
    const lines = texts[index].split('\n');
    if (line < first + lines.length) return { file, line: line - first + 1, text: lines[line - first] };
    first += lines.length;
  }
  return { file: 'the end of the source', line, text: '' };
}

/**
 * Creates an error with messages such as `shaders/product-tiled.wgsl:12:5: …`, each followed by the line of the source.
 */
export async function createCompileError(key: string, source: ShaderSource, cause: unknown): Promise<Error> {
  const lines: string[] = [];
  const { messages } = await source.module.getCompilationInfo();
  for (const { type, lineNum, linePos, message } of messages) {
    if (type !== 'error') continue;
    const place = locateLine(source, lineNum);
    lines.push(`shaders/${place.file}:${place.line}:${linePos}: ${message}`, `  ${place.text}`);
  }
  if (lines.length === 0) lines.push(cause instanceof Error ? cause.message : String(cause));
  return new Error(`kernel ${key} does not compile\n${lines.join('\n')}`, { cause });
}
