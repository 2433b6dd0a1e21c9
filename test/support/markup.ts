/** Reads the pages that the command line writes, as text. */

/** `HOSTILE` as it must appear in a page. */
export const ESCAPED =
  '&#60;script&#62;document.title = &#34;taken&#34;&#60;/script&#62; &#38; &#34;quotes&#34; &#39;both&#39;';

/** The text of all cells of the row that begins with `heading`. */
export function row(text: string, heading: string): string[] {
  const found = [...text.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, cells]) =>
    [...cells.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell]) => cell.replace(/<[^>]*>/g, '')),
  );
  return found.find(([first]) => first === heading) ?? [];
}

/** @throws Error that names the first element that is not closed where it must be */
export function checkNesting(text: string): void {
  const open: string[] = [];
  const body = text.replace(/<style>.*?<\/style>/s, '').replace(/<!doctype html>/, '');
  for (const [tag, end, name, itself] of body.matchAll(/<(\/?)([a-z0-9]+)[^>]*?(\/?)>/g)) {
    if (end) {
      const last = open.pop();
      if (last !== name) throw new Error(`${tag} where ${last} is open`);
    } else if (!itself && !['meta', 'img'].includes(name)) open.push(name);
  }
  if (open.length > 0) throw new Error(`${open.join(', ')} not closed`);
}

/** The points of every curve in a drawing, with the classes of the curve. */
export function curvesIn(text: string): { classes: string[]; points: (readonly [number, number])[] }[] {
  return [...text.matchAll(/<path class="curve ([^"]*)" d="(M[^"]*L[^"]*)"/g)].map(([, classes, path]) => ({
    classes: classes.split(' '),
    points: [...path.matchAll(/([-\d.e]+) ([-\d.e]+)/g)].map(([, x, y]) => [Number(x), Number(y)] as const),
  }));
}
