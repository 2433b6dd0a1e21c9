/** Writes the figures of README.md and of docs/ from the files in bench/results: `npm run readme`. */
import { readFile, writeFile } from 'node:fs/promises';
import { FIGURE_FILES, FIGURE_PAGES, type FigureFile, insertFigures } from './figures.ts';

const entries = FIGURE_FILES.map(async (file) => [file, await readFile(`bench/results/${file}`, 'utf8')] as const);
const contents = Object.fromEntries(await Promise.all(entries)) as Record<FigureFile, string>;
for (const page of new Set(Object.values(FIGURE_PAGES))) {
  const text = await readFile(page, 'utf8');
  const written = insertFigures(page, text, contents);
  if (written !== text) await writeFile(page, written);
  console.log(written === text ? `the figures of ${page} are those of the results` : `wrote ${page}`);
}
