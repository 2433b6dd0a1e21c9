/** The guides stay true: what they name exists, and a recipe of CONTRIBUTING.md names every file that mentions one of its examples. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { guides } from '../support/guides/pages.ts';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const read = (path: string): string => readFileSync(at(path), 'utf8');
const isFile = (path: string): boolean => existsSync(at(path)) && statSync(at(path)).isFile();

/** The code in some folders that people have written, by path. */
function codeIn(...folders: readonly string[]): ReadonlyMap<string, string> {
  const paths = folders.flatMap((folder) =>
    readdirSync(at(folder), { recursive: true }).map((name) => `${folder}/${name}`.replaceAll('\\', '/')),
  );
  const isCode = (path: string): boolean => /\.(ts|mjs|js|cjs|wgsl|glsl)$/.test(path);
  const isMade = (path: string): boolean => /\.generated\.ts$|\/(dist|node_modules)\//.test(path);
  return new Map(paths.filter((path) => isCode(path) && !isMade(path)).map((path) => [path, read(path)]));
}

const sources = codeIn('src', 'shaders', 'kernels', 'demo');
const testFiles = [...codeIn('test').keys()].filter((path) => path.endsWith('.test.ts'));
const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: object }).scripts);

const code = [...sources, ...codeIn('bench', 'test')].flatMap(([path, text]) =>
  path === 'test/unit/recipes.test.ts' ? [] : [text],
);

/** What the code exports, what it calls its members, and the texts by which something is chosen. */
const known = new Set(
  code.flatMap((text) =>
    [
      /^export (?:default )?(?:async )?(?:function\*?|const|class|interface|type|enum) ([\w$]+)/gm,
      /^ +(?:(?:readonly|async|static|private|get) )*\*?([\w$]+)\??[(:<]/gm,
      /'([\w.-]+)'/g,
    ].flatMap((pattern) => Array.from(text.matchAll(pattern), ([, name]) => name)),
  ),
);

/** What stands between backticks, outside blocks of code. */
const quotedIn = (text: string): string[] =>
  Array.from(text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`\n]+)`/g), ([, quoted]) => quoted);
/** src/tensor/, CHANGELOG.md */
const isPath = (quoted: string): boolean =>
  /^[\w.-]+(\/[\w.-]*)+$/.test(quoted) || /^[\w.-]+\.(md|json|m?ts|[mc]?js|wgsl)$/.test(quoted);
/** matmul, data(), peaceman-rachford */
const isName = (quoted: string): boolean => /^[A-Za-z]\w*([.-]\w+)*(\(\))?$/.test(quoted) && !isPath(quoted);
const isCommand = (quoted: string): boolean => /^(npm|node) /.test(quoted);

const bare = (name: string): string => name.replace('()', '');
const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const hasWord = (text: string, word: string): boolean => new RegExp(`(?<![\\w$])${escaped(word)}(?![\\w$])`).test(text);

/** The rows of tables whose first cell is a file, with the names in the other cells. */
function fileRows(text: string): { readonly path: string; readonly names: readonly string[] }[] {
  return Array.from(text.matchAll(/^\| `([^`]+)` \| (.*) \|$/gm), ([, path, rest]) => ({ path, rest }))
    .filter(({ path }) => isPath(path) && isFile(path))
    .map(({ path, rest }) => ({ path, names: quotedIn(rest).filter(isName).map(bare) }));
}

/** What a command names that is not there. */
function missingIn(command: string): string[] {
  const [program, ...words] = command.split(' ').filter((word) => !word.startsWith('-'));
  if (program === 'node') return isFile(words[0]) ? [] : [words[0]];
  if (words[0] === 'ci' || words[0] === 'install') return [];
  const [script, ...filters] = words[0] === 'run' ? words.slice(1) : words;
  const isThere = (filter: string): boolean =>
    script === 'test:long'
      ? hasWord(read('test/long/suites.ts'), `name: '${filter}'`)
      : testFiles.some((path) => path.startsWith(filter));
  return [...(scripts.includes(script) ? [] : [script]), ...filters.filter((filter) => !isThere(filter))];
}

describe.each(['CONTRIBUTING.md', 'docs/architecture.md'])('%s', (page) => {
  const text = read(page);
  const quoted = [...new Set(quotedIn(text))];
  const rows = fileRows(text);

  test('names files and folders that exist', () => {
    const paths = quoted.filter(isPath);
    expect(paths.length).toBeGreaterThan(20);
    expect(paths.filter((path) => !existsSync(at(path)))).toEqual([]);
  });

  test('names functions, types and options that exist', () => {
    const inTables = new Set(rows.flatMap(({ names }) => names)); // these are looked for in their files
    const names = quoted.filter(isName).map(bare);
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !inTables.has(name) && !known.has(name))).toEqual([]);
  });

  test('names beside a file are in that file', () => {
    expect(rows.length).toBeGreaterThan(20);
    const absent = rows.flatMap(({ path, names }) => {
      const content = read(path);
      return names.filter((name) => !hasWord(content, name)).map((name) => `${path}: ${name}`);
    });
    expect(absent).toEqual([]);
  });

  test('commands name scripts, suites and tests that exist', () => {
    expect(quoted.filter(isCommand).flatMap(missingIn)).toEqual([]);
  });
});

test('the table of the rooms has them in the order in which they may import', () => {
  const section = read('docs/architecture.md')
    .split(/^## /m)
    .find((each) => each.startsWith('The rooms')) as string;
  const table = Array.from(section.matchAll(/^\| `([^`]+)`/gm), ([, path]) => path);
  const rules = read('test/dependency-cruiser.cjs').match(/^const rooms = \[[\s\S]*?^\];/m)?.[0] as string;
  const rooms = Array.from(rules.matchAll(/'\^(src[^']*)'/g), ([, path]) => path.replace('[.]', '.').replace('$', ''));
  expect(rooms.length).toBeGreaterThan(10);
  expect(table).toEqual(rooms);
});

describe('README.md and docs/', () => {
  const words = new Set(code.flatMap((text) => text.match(/[\w$]+/g) ?? []));
  /** Of the languages, of the platform, of a compiler, of PyTorch, tfjs and onnxruntime. */
  const OTHERS = [
    'using',
    'override',
    'Response',
    'isFallbackAdapter',
    'handlevec.rs',
    'nn.LayerNorm',
    'nn.BatchNorm1d',
    'nn.BatchNorm2d',
    'tol',
    'tensor.dataToGPU',
    'tensorRef.dispose',
    'output.gpuBuffer',
  ];

  test.each(['README.md', ...guides])('%s names only what exists in the code', (page) => {
    const names = quotedIn(read(page)).filter(isName).map(bare);
    const isThere = (name: string): boolean => known.has(name) || name.split('.').every((part) => words.has(part));
    expect(names.filter((name) => !isThere(name) && !OTHERS.includes(name))).toEqual([]);
  });
});

/** Of headings, as GitHub makes them. */
function anchorsOf(text: string): string[] {
  const anchor = (heading: string): string =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
  return Array.from(text.matchAll(/^#+ (.*)$/gm), ([, heading]) => anchor(heading));
}

test.each(['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...guides])('links of %s have a target', (page) => {
  const outside = read(page).replace(/^```[\s\S]*?^```/gm, '');
  const links = Array.from(outside.matchAll(/\]\(([^)#]*)(?:#([^)]+))?\)/g), ([, path, anchor]) => ({ path, anchor }));
  const broken = links
    .filter(({ path }) => !path.startsWith('https://'))
    .filter(({ path, anchor }) => {
      const target = new URL(path || page.replace(/.*\//, ''), new URL(`../../${page}`, import.meta.url));
      return !existsSync(target) || (anchor && !anchorsOf(readFileSync(target, 'utf8')).includes(anchor));
    });
  expect(broken).toEqual([]);
});

test('the pictures of the README are files of this repository, by addresses that npm shows', () => {
  const pictures = Array.from(read('README.md').matchAll(/!\[[^\]]*\]\(([^)]*)\)/g), ([, address]) => address);
  const here = 'https://raw.githubusercontent.com/equilibra/equilibra/main/';
  expect(pictures.length).toBeGreaterThan(1);
  for (const picture of pictures) {
    expect(picture).toMatch(/\.(png|svg|gif|jpg)$/);
    expect(isFile(picture.replace(here, '')) && picture.startsWith(here), picture).toBe(true);
  }
});

test('the README is short, and links to every guide', () => {
  const readme = read('README.md');
  expect(readme.split('\n').length).toBeLessThan(150);
  for (const guide of [...guides, 'CONTRIBUTING.md', 'CHANGELOG.md']) expect(readme).toContain(`](${guide})`);
});

const recipes = read('CONTRIBUTING.md')
  .split(/^## /m)
  .filter((section) => section.startsWith('Add '))
  .map((text) => ({
    title: text.split('\n')[0],
    text,
    examples: quotedIn(text.match(/^Examples? to follow:[\s\S]*?\n\n/m)?.[0] ?? ''),
  }));

/** Files that mention an example, however they write it: triangularSolve, triangular-solve.ts, TriangularSolve, a triangular solve. */
function mentions(example: string): string[] {
  const words = example.replace(/[A-Z]/g, '-$&').split('-');
  const spelled = new RegExp(words.map(escaped).join('[-_ ]?'), 'i');
  return [...sources].filter(([path, text]) => spelled.test(path) || spelled.test(text)).map(([path]) => path);
}

describe('recipes', () => {
  test('there is one for each kind of extension', () => {
    expect(recipes.map(({ title }) => title)).toEqual([
      'Add an activation',
      'Add an operation',
      'Add a solver',
      'Add a linear map',
      'Add a layer that checkpoints',
      'Add a kernel',
      'Add a backend',
    ]);
  });

  test.each(recipes)('$title: has examples that exist, and says how to test', ({ text, examples }) => {
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) expect(mentions(example).length, example).toBeGreaterThan(1);
    expect(text).toMatch(/^Test it: /m);
    expect(quotedIn(text).some((each) => each.startsWith('npm test -- '))).toBe(true);
  });

  const cases = recipes.flatMap(({ title, text, examples }) => examples.map((example) => ({ title, text, example })));
  test.each(cases)('$title: names every file that mentions $example', ({ text, example }) => {
    const named = quotedIn(text).filter((each) => isPath(each) && each !== 'src/');
    const isNamed = (path: string): boolean =>
      named.some((each) => each === path || (each.endsWith('/') && path.startsWith(each)));
    expect(mentions(example).filter((path) => !isNamed(path))).toEqual([]);
  });
});
