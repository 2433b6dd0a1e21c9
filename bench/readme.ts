/** Writes the figures of README.md from the files in bench/results: `npm run readme`. */
import { readFile, writeFile } from 'node:fs/promises';
import { FIGURE_FILES, type FigureFile, withFigures } from './figures.ts';

const entries = FIGURE_FILES.map(async (file) => [file, await readFile(`bench/results/${file}`, 'utf8')] as const);
const contents = Object.fromEntries(await Promise.all(entries)) as Record<FigureFile, string>;
const text = await readFile('README.md', 'utf8');
const written = withFigures(text, contents);
if (written !== text) await writeFile('README.md', written);
console.log(written === text ? 'the figures of README.md are those of the results' : 'wrote README.md');
