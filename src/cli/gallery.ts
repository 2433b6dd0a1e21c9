/** `equilibra gallery`: shows what goes wrong without the hypothesis of the theorem, on one page. */
import { join } from 'node:path';
import { BACKENDS } from '../backends/open.ts';
import { clarke } from '../gallery/clarke.ts';
import { cycle } from '../gallery/cycle.ts';
import { jump } from '../gallery/jump.ts';
import { lorenz } from '../gallery/lorenz.ts';
import { perturbed } from '../gallery/perturbed.ts';
import { spurious } from '../gallery/spurious.ts';
import { theorem3 } from '../gallery/theorem3.ts';
import type { Engine } from '../index.ts';
import { openEngine } from './engine.ts';
import { checkWritable, isFolder, writeOutput } from './files.ts';
import { EXIT, formatValue, InputError, type IO } from './io.ts';
import { createLiveLine } from './live-line.ts';
import { formatHelp, readArguments, readChoice } from './options.ts';
import { createExhibits, type Gallery, galleryPage } from './report/gallery/page.ts';

const FILE = 'gallery.html';

const TABLE = {
  output: { value: '<path>', description: 'an HTML file to write, or a folder for it', fallback: FILE },
  backend: { value: '<name>', description: BACKENDS.join(', '), fallback: 'cpu, in float64' },
};

const SUMMARY =
  'Reproduces the pathologies of implicit differentiation (Bolte et al. 2021, section 5 and Figure 1) with this library,\n' +
  'beside what the paper shows, on one HTML page with its figures in it.';

export async function gallery(argv: readonly string[], io: IO): Promise<number> {
  const given = readArguments('gallery', TABLE, argv);
  if (given.options.help) {
    io.out(formatHelp('equilibra gallery [options]', SUMMARY, TABLE));
    return EXIT.done;
  }
  if (given.positionals.length > 0) {
    throw new InputError(`${formatValue(given.positionals[0])}: gallery takes options only: --output, --backend`);
  }
  const backend = readChoice(given, 'backend', BACKENDS) ?? 'cpu';
  const path = await chooseFile(given.options.output ?? FILE);
  const engine = await openEngine(backend);
  try {
    const exhibits = createExhibits(await computeExhibits(engine, io));
    await writeOutput('output', path, galleryPage(exhibits, engine.backend));
    for (const { id, summary } of exhibits) io.out(`${id.padEnd(10)} ${summary}\n`);
    io.out(`wrote ${path}\n`);
    return EXIT.done;
  } finally {
    engine.close();
  }
}

async function chooseFile(output: string): Promise<string> {
  const path = (await isFolder(output)) ? join(output, FILE) : output;
  if (!/\.html?$/i.test(path)) {
    throw new InputError(`--output ${output}: it must be a folder that is there, or a file that ends in .html`);
  }
  await checkWritable('output', path);
  return path;
}

/** Computes the exhibits in the order of the page. Those between the second and the last take seconds. */
async function computeExhibits(engine: Engine, io: IO): Promise<Gallery> {
  const live = createLiveLine(io);
  const announced = <Result>(title: string, result: (engine: Engine) => Promise<Result>): Promise<Result> => {
    live(title);
    return result(engine);
  };
  try {
    return {
      spurious: await announced('a spurious derivative', spurious),
      clarke: await announced("Clarke's map", clarke),
      cycle: await announced('the cycle', cycle),
      perturbed: await announced('the cycle, perturbed', perturbed),
      lorenz: await announced('the Lorenz ascent', lorenz),
      theorem3: await announced('training by Theorem 3', theorem3),
      jump: await announced('the minimiser that jumps', (engine) => jump(engine)),
    };
  } finally {
    live('');
  }
}
