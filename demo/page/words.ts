/** Numbers with what they count. */

/** @param many the plural, where it is not made by an s */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}
