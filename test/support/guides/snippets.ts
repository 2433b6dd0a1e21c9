/**
 * The snippets of code in a page. Each is checked, and run unless its marker says why not. A marker is an HTML comment on the
 * line before the fence, `<!-- snippet: … -->`, with any of these, separated by semicolons:
 *
 * - `continues`: the code follows that of the snippet before it in the page.
 * - `file NAME`: the snippet is a file beside all snippets of the page, by which they import or read it.
 * - `in a page`: it runs in a browser. `in an isolated page`: in one that is isolated from other origins.
 * - `run`: these commands are run. Other commands are only checked: their scripts, files and options exist.
 * - `not run: REASON`: the types are checked, and nothing more.
 * - `prints`: the text is what the snippet before it prints. A line with … alone stands for any number of lines.
 */

/** The languages whose snippets do something, with those that are only shown. */
const LANGUAGES = ['ts', 'js', 'json', 'html', 'sh', 'python', 'csv', 'text', 'wgsl'] as const;
export type Language = (typeof LANGUAGES)[number];

export interface Snippet {
  readonly page: string;
  /** The line of the fence, counted from 1. The first line of the code is the next one. */
  readonly line: number;
  readonly language: Language;
  readonly code: string;
  /** The snippet that this one continues. */
  readonly continued?: Snippet;
  readonly file?: string;
  readonly browser?: 'page' | 'isolated page';
  /** Of commands: whether they are run. */
  readonly run: boolean;
  readonly notRun?: string;
  /** What it prints, where the page says so. */
  readonly prints?: string;
}

type Marks = Partial<Pick<Snippet, 'file' | 'browser' | 'run' | 'notRun'>> & { continues?: true; prints?: true };

const FENCE =
  /^(?<comment><!-- snippet:[^\n]*-->\n)?(?<fence>`{3,})(?<language>[^\n]*)\n(?<code>[\s\S]*?)^\k<fence>$/gm;

/** @throws Error that names page and line, for a marker or a language that is unknown or out of place */
export function snippetsIn(page: string, text: string): Snippet[] {
  const found: Snippet[] = [];
  for (const match of text.matchAll(FENCE)) {
    const { comment = '', language, code } = match.groups as Record<string, string>;
    const line = text.slice(0, match.index + comment.length).split('\n').length;
    const refuse = (why: string): Error => new Error(`${page}:${line}: ${why}`);
    if (!isLanguage(language)) throw refuse(`the language "${language}" must be one of ${LANGUAGES.join(', ')}`);
    const { continues, prints, ...marks } = marksOf(comment, refuse);
    const last = found.at(-1);
    if (prints) {
      if (last === undefined || language !== 'text') throw refuse('prints: it marks a text after a snippet');
      if (last.notRun !== undefined) throw refuse('prints: the snippet before it is not run');
      found[found.length - 1] = { ...last, prints: code };
      continue;
    }
    const continued = continues && found.filter((each) => each.file === undefined && each.language === language).at(-1);
    if (continues && continued === undefined) throw refuse('continues: there is no snippet before it');
    if (language === 'html' && !marks.browser && !marks.file && marks.notRun === undefined)
      throw refuse('a page runs in a browser: mark it "in a page", or "not run: …"');
    if (language === 'python' && marks.notRun === undefined) throw refuse('Python is not run here: say why');
    const browser = marks.browser ?? (continued || undefined)?.browser;
    found.push({ page, line, language, code, continued: continued || undefined, run: false, ...marks, browser });
  }
  const fences = text.match(/^`{3,}/gm)?.length ?? 0;
  const matched = Array.from(text.matchAll(FENCE)).length;
  if (fences !== 2 * matched) throw new Error(`${page}: ${fences} fences do not pair up to ${matched} snippets`);
  const marked = text.match(/^<!-- snippet:/gm)?.length ?? 0;
  const used = Array.from(text.matchAll(FENCE)).filter(({ groups }) => groups?.comment).length;
  if (marked !== used) throw new Error(`${page}: a marker does not stand on the line before a fence`);
  return found;
}

const isLanguage = (name: string): name is Language => LANGUAGES.some((each) => each === name);

function marksOf(comment: string, refuse: (why: string) => Error): Marks {
  const content = comment.match(/^<!-- snippet:(.*)-->/)?.[1];
  if (content === undefined) return {};
  const marks = content.split(';').map((mark): Marks => {
    const text = mark.trim();
    if (text === 'continues') return { continues: true };
    if (text === 'prints') return { prints: true };
    if (text === 'run') return { run: true };
    if (text === 'in a page') return { browser: 'page' };
    if (text === 'in an isolated page') return { browser: 'isolated page' };
    const file = text.match(/^file ([\w.-]+)$/)?.[1];
    if (file !== undefined) return { file };
    const notRun = text.match(/^not run: (.+)$/)?.[1];
    if (notRun !== undefined) return { notRun };
    throw refuse(`there is no marker "${text}"`);
  });
  return Object.assign({}, ...marks) as Marks;
}

/** The snippets whose code comes before that of this one, and itself. */
export function chainOf(snippet: Snippet): readonly Snippet[] {
  return snippet.continued ? [...chainOf(snippet.continued), snippet] : [snippet];
}

/** Snippets that no other snippet continues: to run these is to run all. */
export function endsOf(snippets: readonly Snippet[]): readonly Snippet[] {
  // A text of what it prints replaces a snippet, so snippets are compared by their place.
  const continued = new Set(snippets.map((each) => each.continued?.line));
  return snippets.filter(({ line }) => !continued.has(line));
}

/** The name of the file of a snippet, without its extension, such as docs-lasso-31. */
export const nameOf = ({ page, line }: Snippet): string => `${page.replace(/\.md$/, '').replaceAll('/', '-')}-${line}`;
