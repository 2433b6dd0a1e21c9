/**
 * The views of the web app: axe-core's complaints on a screen and on a phone, and the messages in a browser without
 * WebGPU.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import type { ElementHandle } from 'puppeteer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BuiltDemo } from '../../demo/build/build.ts';
import { createPane, WIDTH } from '../../src/pictures/plot.ts';
import { run } from '../fixtures/cli/run.ts';
import { createFolder } from '../support/folder.ts';
import { buildDemoFor, openDemo, setFields, textIn, waitForText } from './demo-page.ts';
import type { OpenPage } from './harness.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let built: BuiltDemo;
let opened: OpenPage;

beforeAll(async () => {
  built = await buildDemoFor('dist/demo-views-test');
  opened = await openDemo(built, 'train', { removeWebGPU: true });
});

afterAll(() => opened?.close());

/** The violations that axe-core finds, and their elements. */
async function findViolations(): Promise<string[]> {
  const { page } = opened;
  await page.evaluate(axe);
  const { violations } = (await page.evaluate('axe.run()')) as AxeResults;
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
  );
}

function dropFile(name: string, text: string): Promise<void> {
  return opened.page.evaluate(
    (file, content) => {
      const files = new DataTransfer();
      files.items.add(new File([content], file));
      dispatchEvent(new DragEvent('drop', { dataTransfer: files, cancelable: true }));
    },
    name,
    text,
  );
}

async function show(view: string): Promise<void> {
  await opened.page.evaluate((name) => {
    location.hash = name;
  }, view);
  await opened.page.waitForSelector(`#view-${view}:not([hidden])`);
}

test('without WebGPU the page says so, suggests what to do, and trains', async () => {
  expect(await waitForText(opened, 'notice-title', /./)).toBe('There is no WebGPU here.');
  expect(await textIn(opened, 'notice')).toMatch(/chrome:\/\/flags.*this browser does not offer it/s);
  await setFields(opened, { width: '20', epochs: '2' });
  await opened.page.click('#start');
  expect(await waitForText(opened, 'state', /Finished/)).toMatch(/accuracy \d/);
  await opened.page.click('#samples li button');
  await waitForText(opened, 'reach-state', /[Rr]eached/);
});

test('a file that is dropped while the page asks about another one takes its place', async () => {
  const { page } = opened;
  await dropFile('twice.csv', 'a,a,y\n1,2,3\n');
  await page.waitForSelector('dialog[open]');
  const rows = Array.from({ length: 40 }, (_, row) => `${row % 7},${Math.sin(row)}`);
  await dropFile('good.csv', `a,y\n${rows.join('\n')}\n`);
  await waitForText(opened, 'data-name', /good\.csv/);
  expect(await page.$('dialog')).toBeNull();
  expect(await textIn(opened, 'data-problem')).toBe('');
});

describe('the Lasso path', () => {
  const figure = async (name: string): Promise<number> =>
    Number((await textIn(opened, `lasso-figure-${name}`)).replace('−', '-'));

  test('the keyboard moves λ; the error follows, and the shown derivative has the sign of its change', async () => {
    await show('lasso');
    const { page } = opened;
    await page.waitForSelector('#lasso-knots tr');
    await page.$eval('#lasso-lambda', (slider) => {
      (slider as HTMLInputElement).value = '9';
      slider.dispatchEvent(new Event('input'));
    });
    await waitForText(opened, 'lasso-lambda-text', /^9$/);
    const [error, gradient] = [await figure('error'), await figure('gradient')];
    expect(gradient).toBeGreaterThan(0);
    await page.focus('#lasso-lambda');
    await page.keyboard.press('PageDown');
    await waitForText(opened, 'lasso-lambda-text', /^8/);
    expect(await figure('error')).toBeLessThan(error);
    await page.waitForSelector('#lasso-light[data-status=certified]');
  });

  test('a knot has two derivatives, between knots there is one', async () => {
    const { page } = opened;
    expect(await page.$$eval('#lasso-knots tr', (rows) => rows.length)).toBeGreaterThanOrEqual(10);
    // One of the features leaves: its coefficient is 0 on the side of smaller λ.
    const names = await page.$$eval('#lasso-knots td:nth-child(2)', (cells) => cells.map((cell) => cell.textContent));
    for (const name of names) expect(name).toMatch(/^(age|sex|bmi|bp|s[1-6]) (enters|leaves)$/);
    expect(names).toContain('s3 leaves');
    const [name, left, right] = await page.$$eval('#lasso-knots tr:nth-child(3) td', (cells) =>
      cells.map(({ textContent }) => textContent ?? ''),
    );
    expect(name).toMatch(/enters/);
    expect(left).not.toBe(right);
    await page.click('#lasso-knots tr:nth-child(3) button');
    const told = await waitForText(opened, 'lasso-state', /At the knot of/);
    expect(told).toContain(`the slope is ${left} to the left and ${right} to the right`);
  });

  test('tuning ends where the derivative vanishes, with a lower error', async () => {
    const before = await figure('error');
    await opened.page.emulateMediaFeatures([{ name: 'prefers-reduced-motion', value: 'reduce' }]);
    await opened.page.click('#lasso-tune');
    await waitForText(opened, 'lasso-state', /Tuned in \d+ steps/);
    expect(await figure('error')).toBeLessThan(before);
    expect(Math.abs(await figure('gradient'))).toBeLessThan(5);
  });

  test('of a table whose last column is text, the last column of numbers is explained', async () => {
    const { page } = opened;
    const rows = Array.from({ length: 30 }, (_, row) => `${row % 7},${row + (row % 7)},${['n', 's'][row % 2]}`);
    await dropFile('houses.csv', `size,price,place\n${rows.join('\n')}\n`);
    await waitForText(opened, 'lasso-name', /houses/);
    expect(await textIn(opened, 'lasso-facts')).toBe('20 rows train, 10 are held out; 2 features explain price');
    await page.select('#lasso-target', 'place'); // which is text
    await page.waitForSelector('dialog[open]');
    expect(await page.$eval('dialog .problem', (element) => element.textContent)).toMatch(/"n" is not a number/);
    expect(await findViolations()).toEqual([]);
    await page.keyboard.press('Escape');
    expect(await waitForText(opened, 'lasso-problem', /place/)).toMatch(/^houses\.csv: line 2, column "place"/);
    expect(await page.$eval('#lasso-target', (field) => (field as HTMLSelectElement).value)).toBe('price');
  });

  test('a column of numbers and texts is left out unless its user decides otherwise', async () => {
    const { page } = opened;
    await dropFile(
      'mixed.csv',
      `a,b,c\n${Array.from({ length: 12 }, (_, row) => `${row},${row % 5 || 'x'},${row * row}`).join('\n')}\n`,
    );
    await page.waitForSelector('dialog[open]');
    expect(await page.$eval('dialog', (element) => (element as HTMLElement).innerText)).toContain(
      'line 2, column "b": "x" is not a number',
    );
    await page.click('dialog .primary');
    await waitForText(opened, 'lasso-facts', /1 feature explains c/);
    await page.click('#lasso-diabetes');
    await waitForText(opened, 'lasso-name', /Diabetes/);
  });

  test('λ and the split travel in the address', async () => {
    const { page } = opened;
    await page.click('#lasso-split');
    await page.waitForFunction(() => /^#lasso\?lambda=[\d.]+&split=1$/.test(location.hash));
    await page.goto('about:blank');
    await page.goto(`${opened.url}/#lasso?lambda=5.5&split=2`);
    await waitForText(opened, 'lasso-lambda-text', /^5\.5$/);
    expect(await page.$eval('#lasso-split-number', (field) => (field as HTMLInputElement).value)).toBe('2');
  });
});

describe('when gradients lie', () => {
  test('the cycle: a click sets the start, and the light turns red where descent crosses the line', async () => {
    await show('gradients');
    const { page } = opened;
    await page.waitForSelector('#cycle-figure .chart > svg');
    const box = await (await page.$('#cycle-figure .chart > svg'))?.boundingBox();
    if (!box) throw new Error('there is no picture');
    const { across, up } = createPane({ name: 'x', from: -1.2, to: 4.8 }, { name: 'y', from: -0.6, to: 6 });
    const scale = box.width / WIDTH;
    // The page notes each status itself, because a status may be too short to be seen from this process.
    await page.$eval('#cycle-light', (light) => {
      const seen = new Set<string | undefined>();
      const { dataset } = light as HTMLElement;
      new MutationObserver(() => seen.add(dataset.status)).observe(light, { attributeFilter: ['data-status'] });
      Object.assign(window, { seen });
    });
    await page.mouse.click(box.x + scale * across(3.8), box.y + scale * up(0.7));
    expect(Number(await page.$eval('#cycle-x', (field) => (field as HTMLInputElement).value))).toBeCloseTo(3.8, 1);
    expect(Number(await page.$eval('#cycle-y', (field) => (field as HTMLInputElement).value))).toBeCloseTo(0.7, 1);
    const state = await waitForText(opened, 'cycle-state', /steps of/);
    // One crossing on the way, and two in each turn of 124 steps.
    const failed = /420 steps of 0.01, 420 to points where the layer is certified; at (\d+) crossings/.exec(state);
    expect(Number(failed?.[1])).toBeGreaterThan(4);
    expect(await page.$$('#cycle-figure circle[r="4"][data-status="failed"]')).toHaveLength(Number(failed?.[1]));
    const seen = await page.evaluate(() => [...(window as unknown as { seen: Set<string> }).seen]);
    expect(seen).toEqual(expect.arrayContaining(['certified', 'failed']));
  });

  test('the cycle by keyboard: the start is two numbers', async () => {
    const { page } = opened;
    await page.click('#cycle-x', { count: 3 });
    await page.keyboard.type('1.5');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#cycle-figure svg[aria-label^="Descent in the plane: from 1.5, 0.7"]');
    await waitForText(opened, 'cycle-state', /420 steps/);
  });

  test('on the calm line descent ends where the certificate holds', async () => {
    await opened.page.select('#cycle-line', 'calm');
    await waitForText(opened, 'cycle-state', /steps of/);
    expect(await opened.page.$eval('#cycle-light', (light) => (light as HTMLElement).dataset.status)).toBe('certified');
  });

  test('Lorenz: refused at the exact inner solution, certified beside it', async () => {
    await opened.page.$eval('#exhibit-lorenz', (exhibit) => exhibit.scrollIntoView());
    const answers = await waitForText(opened, 'lorenz-answers', /true gradient/);
    expect(answers).toContain('inner solution exact (failed)refused: the system is singular');
    expect(answers).toMatch(/off by 0.01 \(certified\)\(−23.99, 186.01, −106.66\)/);
    await waitForText(opened, 'lorenz-state', /\d{2,} steps on the attractor/);
  });

  test('Clarke: certified at slope 2, failed at 1', async () => {
    const { page } = opened;
    await page.$eval('#exhibit-clarke', (exhibit) => exhibit.scrollIntoView());
    await page.waitForSelector('#clarke-light[data-status=certified]');
    await page.focus('#clarke-slope');
    for (let press = 0; press < 20; press++) await page.keyboard.press('ArrowLeft');
    await page.waitForSelector('#clarke-light[data-status=failed]');
    expect(await textIn(opened, 'clarke-slope-text')).toBe('1');
  });
});

describe('Sudoku', () => {
  const cell = (index: number): string =>
    `#sudoku-grid .board-row:nth-child(${Math.floor(index / 4) + 1}) .cell:nth-child(${(index % 4) + 1})`;
  const label = (index: number): Promise<string | null> =>
    opened.page.$eval(cell(index), (element) => element.getAttribute('aria-label'));
  /** The numbers that the layer answers. */
  const answered = (): Promise<number[]> =>
    opened.page.$$eval('#sudoku-answer .cell b', (cells) => cells.map(({ textContent }) => Number(textContent)));

  test('before it learns, the layer answers a held-out board wrong', async () => {
    await show('sudoku');
    await waitForText(opened, 'sudoku-state', /knows no rule yet/);
    expect(await waitForText(opened, 'sudoku-verdict', /One board has these clues/)).toContain('did not find it');
    expect(await opened.page.$$eval('#sudoku-held-out .cell', (cells) => cells.length)).toBe(16);
  });

  test('it learns, and each epoch is shown; then it is stopped', async () => {
    const { page } = opened;
    await page.click('#sudoku-learn');
    await waitForText(opened, 'sudoku-figure-epoch', /^2 of/);
    expect(await page.$eval('#sudoku-chart svg:not(.swatch)', (svg) => svg.getAttribute('aria-label'))).toMatch(
      /solved after epoch \d+/,
    );
    const loss = Number(await textIn(opened, 'sudoku-figure-loss'));
    await waitForText(opened, 'sudoku-figure-epoch', /^8 of/, 110_000);
    expect(Number(await textIn(opened, 'sudoku-figure-loss'))).toBeLessThan(loss);
    expect(Number.parseFloat(await textIn(opened, 'sudoku-figure-cells'))).toBeGreaterThan(70);
    await page.click('#sudoku-stop');
    await waitForText(opened, 'sudoku-state', /Stopped/);
    expect(await page.$eval('#sudoku-learn', (button) => button.getAttribute('aria-disabled'))).toBe('false');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('sudoku-stop'); // the focus stays where it was
  });

  test('a puzzle set by keyboard that contradicts itself is called so', async () => {
    const { page } = opened;
    await page.click('#sudoku-clear');
    await page.focus(cell(0));
    await page.keyboard.press('3');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('3');
    expect(await label(1)).toBe('row 1, column 2: 3, clashes');
    expect(await waitForText(opened, 'sudoku-verdict', /No board has these clues/)).toMatch(/its answer is wrong: /);
    expect(await page.$$eval('#sudoku-answer [data-wrong]', (cells) => cells.length)).toBeGreaterThan(0);
    await page.keyboard.press('Delete');
    await waitForText(opened, 'sudoku-verdict', /Several boards have these clues/);
    await page.keyboard.press('ArrowDown');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe(
      'row 2, column 2: empty',
    );
  });

  test('a click goes on to the next number, and from the last one to none', async () => {
    for (const expected of ['1', '2', '3', '4', 'empty']) {
      await opened.page.click(cell(15));
      expect(await label(15)).toBe(`row 4, column 4: ${expected}`);
    }
  });

  test('playing, the clues stand fast, and the answer of the layer is hidden until it is asked for', async () => {
    const { page } = opened;
    await page.select('#sudoku-mode', 'play');
    await waitForText(opened, 'sudoku-verdict', /Fill the empty cells/);
    const labels = await Promise.all(Array.from({ length: 16 }, (_, index) => label(index)));
    const clue = labels.findIndex((each) => each?.endsWith('a clue'));
    const empty = labels.findIndex((each) => each?.endsWith('empty'));
    await page.click(cell(clue));
    expect(await label(clue)).toBe(labels[clue]);
    await page.click(cell(empty));
    expect(await label(empty)).toMatch(/: 1/);
    expect((await answered()).filter((number) => number === 0)).not.toHaveLength(0);
    await page.click('#sudoku-reveal');
    expect(await waitForText(opened, 'sudoku-verdict', /The layer/)).toMatch(
      /^You have \d+ of \d+ right\. The layer .* ms\.$/,
    );
    expect((await answered()).filter((number) => number === 0)).toHaveLength(0);
  });
});

describe.each(['light', 'dark'])('axe-core finds nothing in the %s theme', (theme) => {
  test.each(['train', 'lasso', 'gradients', 'sudoku'])('%s', async (view) => {
    await opened.page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: theme }]);
    await show(view);
    expect(await findViolations()).toEqual([]);
  });
});

test.each([
  ['train', '#samples button'],
  ['lasso', '#lasso-path svg:not(.swatch)'],
  ['gradients', '#cycle-figure svg:not(.swatch)'],
  ['sudoku', '#sudoku-held-out[aria-label] .cell'],
])('on a phone %s is as wide as the screen, and its first screen shows the thing itself', async (view, thing) => {
  const { page } = opened;
  await page.setViewport({ width: 360, height: 740 });
  await show('train'); // from where the view begins at its top
  await show(view);
  await page.waitForSelector(thing);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  expect(await page.$eval(thing, (element) => element.getBoundingClientRect().top)).toBeLessThan(640);
  expect(await findViolations()).toEqual([]);
});

test.each(['train', 'lasso', 'gradients', 'sudoku'])('on a tablet %s is as wide as the screen', async (view) => {
  await opened.page.setViewport({ width: 768, height: 1024 });
  await show(view);
  expect(await opened.page.evaluate(() => document.documentElement.scrollWidth)).toBe(768);
});

/** A price that is linear in the area and jumps with the place: R² of a good model is near 1. */
function houses(): string {
  const rows = Array.from({ length: 150 }, (_, row) => {
    const [area, rooms, place] = [40 + ((row * 37) % 110), 1 + (row % 6), row % 3];
    return `${area},${rooms},${['hill', 'lake', 'town'][place]},${(1000 * (3 * area + 20 * rooms + 90 * place)) / 7}`;
  });
  return `area,rooms,place,price\n${rows.join('\n')}\n`;
}

test('a column of decimal numbers is predicted as numbers: R², RMSE, and no accuracy', async () => {
  const { page } = opened;
  await page.setViewport({ width: 1280, height: 900 });
  await show('train');
  await dropFile('houses.csv', houses());
  await waitForText(opened, 'data-facts', /numbers are predicted/);
  expect(await page.$eval('#task', (field) => (field as HTMLSelectElement).value)).toBe('regression');
  await setFields(opened, { width: '20', epochs: '30', batch: '16', loss: 'huber' });
  await page.click('#start');
  const ended = await waitForText(opened, 'state', /Finished|error/);
  const [, rSquared, error] = /Held-out R² (\S+), RMSE ([\d,.]+)\./.exec(ended) ?? [ended];
  expect(Number(rSquared)).toBeGreaterThan(0.9);
  await waitForText(opened, 'figure-error', new RegExp(`^${error.replace('.', '\\.')}$`)); // painted a little later
  expect(await textIn(opened, 'figure-r-squared')).toBe(rSquared);
  expect(await page.$eval('#figure-accuracy', (element) => element.checkVisibility())).toBe(false);
  expect(await page.evaluate(() => location.hash)).toContain('loss=huber');
  await waitForText(opened, 'samples-facts', /true price/);
  await page.waitForSelector('#predicted svg[aria-label^="price: predicted against true"]');
  expect(await page.$$eval('#predicted .pane circle', (points) => points.length)).toBe(30);
  await page.click('#samples li button');
  await waitForText(opened, 'reach-state', /[Rr]eached/);
  expect(await textIn(opened, 'classes')).toMatch(/^price[\d,.]+$/);
  expect(await findViolations()).toEqual([]);
  await page.click('#use-digits');
  await waitForText(opened, 'data-facts', /10 classes/);
  expect(await page.$eval('#loss-label', (element) => element.checkVisibility())).toBe(false);
  expect(await page.$eval('#figure-accuracy', (element) => element.checkVisibility())).toBe(true);
});

test('a regression of the command line is loaded; the loss outlives a reload, and Start is reached by keyboard', async () => {
  const { page } = opened;
  const folder = createFolder('demo-regression');
  const [csv, checkpoint] = ['houses.csv', 'houses.equilibra'].map((name) => join(folder, name));
  writeFileSync(csv, houses());
  const trained = ['train', '--data', csv, '--target', 'price', '--width', '20', '--epochs', '5', '--backend', 'cpu'];
  expect((await run([...trained, '--checkpoint', checkpoint])).error).toBe('');
  await page.reload();
  await page.waitForSelector('#samples li');
  await dropFile('houses.csv', houses());
  await waitForText(opened, 'data-facts', /numbers are predicted/);
  expect(await page.$eval('#settings [name=loss]', (field) => (field as HTMLSelectElement).value)).toBe('huber');
  await ((await page.$('#checkpoint')) as ElementHandle<HTMLInputElement>).uploadFile(checkpoint);
  expect(await waitForText(opened, 'state', /houses.equilibra/)).toMatch(
    /width 20, after \d epochs?, trained on houses.csv/,
  );
  expect(await waitForText(opened, 'samples-facts', /true price/)).not.toBe('');
  await page.waitForSelector('#predicted svg[aria-label^="price: predicted against true"]');
  await setFields(opened, { width: '10', epochs: '2' });
  await page.focus('#settings [name=epochs]');
  for (let presses = 0; presses < 30 && (await focusedId()) !== 'start'; presses++) await page.keyboard.press('Tab');
  expect(await focusedId()).toBe('start');
  await page.keyboard.press('Enter');
  expect(await waitForText(opened, 'state', /Finished|error/)).toMatch(/2 epochs/);
  expect(await focusedId()).toBe('start');

  function focusedId(): Promise<string | undefined> {
    return page.evaluate(() => document.activeElement?.id);
  }
});

test('the page had no errors and sent no requests elsewhere', () => {
  expect(opened.errors).toEqual([]);
  expect(opened.externalRequests).toEqual([]);
});

test('a view whose script does not arrive says so', async () => {
  const { page } = opened;
  await page.setRequestInterception(true);
  page.on('request', (request) => void (/\/view-/.test(request.url()) ? request.abort() : request.continue()));
  await page.reload();
  await show('lasso');
  expect(await waitForText(opened, 'view-problem', /./)).toMatch(
    /^“Lasso path” could not be opened: .*Reload the page to try again\.$/,
  );
});
