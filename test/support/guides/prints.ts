/** Compares what snippets print with what the pages say. */

/** What is wrong with what was printed: texts must be equal, and numbers too, up to one in the last digit that is shown. */
export function differenceOf(printed: string, said: string): string | undefined {
  const linesOf = (text: string): string[] =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => line.trimEnd());
  const pattern = linesOf(said).map((line) => (line === '…' ? undefined : line));
  return matches(linesOf(printed), pattern) ? undefined : `it printed\n${printed}\nand the page says\n${said}`;
}

/** Whether the lines are as the page says, where undefined stands for any number of lines. */
function matches(lines: readonly string[], said: readonly (string | undefined)[]): boolean {
  if (said.length === 0) return lines.length === 0;
  const [first, ...rest] = said;
  if (first === undefined) return lines.some((_, from) => matches(lines.slice(from), rest)) || rest.length === 0;
  return lines.length > 0 && isSame(lines[0], first) && matches(lines.slice(1), rest);
}

const NUMBER = /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/g;

function isSame(line: string, said: string): boolean {
  const [ours, theirs] = [line, said].map((text) => ({
    words: text.replace(NUMBER, '#'),
    numbers: text.match(NUMBER) ?? [],
  }));
  return ours.words === theirs.words && theirs.numbers.every((number, at) => isNear(ours.numbers[at], number));
}

/** Integers are equal; other numbers differ by no more than one in the last digit of what the page says. */
function isNear(found: string, said: string): boolean {
  if (!/[.e]/.test(said)) return found === said;
  const [mantissa, exponent = '0'] = said.split('e');
  const unit = 10 ** (Number(exponent) - (mantissa.split('.')[1]?.length ?? 0));
  return Math.abs(Number(found) - Number(said)) <= 1.001 * unit;
}
