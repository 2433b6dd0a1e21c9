/**
 * The name with the fewest letters to change, regardless of case. @param most only names with fewer changes than this
 * count
 */
export function findNearestName(
  name: string,
  names: readonly string[],
  most = Number.POSITIVE_INFINITY,
): string | undefined {
  let best: string | undefined;
  let fewest = most;
  for (const each of names) {
    const changes = editDistance(name.toLowerCase(), each.toLowerCase());
    if (changes < fewest) [best, fewest] = [each, changes];
  }
  return best;
}

/** Letters to insert, delete or replace to come from one text to the other (V. Levenshtein, 1966). */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = above[column - 1] + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, above[column] + 1, current[column - 1] + 1));
    }
    above = current;
  }
  return above[b.length];
}
