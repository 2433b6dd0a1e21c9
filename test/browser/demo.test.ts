/** The web app in use: training, pausing, saving and resuming, dropping files, drawing, and looking at the exhibits. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ElementHandle, WebWorker } from 'puppeteer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BuiltDemo } from '../../demo/build/build.ts';
import { LIMIT } from '../../demo/build/library-size.ts';
import { run } from '../fixtures/cli/run.ts';
import { buildDemoFor, openDemo, setFields, textIn, waitForText } from './demo-page.ts';
import type { OpenPage } from './harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'equilibra-demo-'));
let built: BuiltDemo;
let opened: OpenPage;

beforeAll(async () => {
  built = await buildDemoFor('dist/demo-test', true);
  // Isolated, as `npm run demo` serves it. The other test file has a page without headers, as on a static host.
  opened = await openDemo(built, 'train', { isolated: true });
});

afterAll(async () => {
  await opened?.close();
  rmSync(folder, { recursive: true, force: true });
});

const accuracyIn = (text: string): number => Number(/accuracy ([\d.]+) %/.exec(text)?.[1]) / 100;

/** Small and quick, but with enough epochs that a pause interrupts the work. */
const SMALL = { width: '30', epochs: '30', batch: '64' };

async function upload(name: string, selector: string, content: string | Uint8Array): Promise<void> {
  const path = join(folder, name);
  writeFileSync(path, content);
  await ((await opened.page.$(selector)) as ElementHandle<HTMLInputElement>).uploadFile(path);
}

/** Pauses from within the page: by the time a text has reached this process, the training may be over. */
async function pauseWhenSaid(id: string, pattern: RegExp): Promise<void> {
  await opened.page.waitForFunction(
    (name, source) => {
      if (!new RegExp(source).test(document.getElementById(name)?.textContent ?? '')) return false;
      document.getElementById('pause')?.click();
      return true;
    },
    { polling: 'mutation' },
    id,
    pattern.source,
  );
}

test('the library to train on WebGPU is below its limit', () => {
  const [training] = built.library;
  expect(training.bytes).toBeGreaterThan(20_000);
  expect(training.bytes).toBeLessThanOrEqual(LIMIT);
});

test('held-out images are parts of one picture, not canvases, and each matches what the pad shows of it', async () => {
  const { page } = opened;
  await page.waitForFunction(() => document.getElementById('samples')?.style.getPropertyValue('--sheet'));
  expect(await page.$$eval('#samples canvas', (all) => all.length)).toBe(0);
  const [width, height, rows] = [8, 8, 60];
  for (const row of [0, 8, rows - 1]) {
    await page.click(`#samples li:nth-child(${row + 1}) button`);
    const [own, onPad] = await page.evaluate(
      async ([width, height, row]) => {
        const list = document.getElementById('samples') as HTMLElement;
        const pad = document.getElementById('pad') as HTMLCanvasElement;
        const image = new Image();
        image.src = /url\("?(.*?)"?\)/.exec(list.style.getPropertyValue('--sheet'))?.[1] ?? '';
        await image.decode();
        const picture = list.querySelectorAll<HTMLElement>('.picture')[row];
        // As CSS defines a position in per cent: a share of the amount by which the picture exceeds its place.
        const [, share] = getComputedStyle(picture)
          .backgroundPosition.split(' ')
          .map((text) => parseFloat(text) / 100);
        const [, size] = getComputedStyle(picture)
          .backgroundSize.split(' ')
          .map((text) => parseFloat(text) / 100);
        const scale = (size * height) / image.height;
        const from = ((size - 1) * height * share) / scale;
        const small = (source: CanvasImageSource, at: number, across: number, down: number): number[] => {
          const canvas = document.createElement('canvas');
          [canvas.width, canvas.height] = [width, height];
          const context = canvas.getContext('2d') as CanvasRenderingContext2D;
          context.imageSmoothingEnabled = false;
          context.drawImage(source, 0, at, across, down, 0, 0, width, height);
          return [...context.getImageData(0, 0, width, height).data];
        };
        return [small(image, Math.round(from), width, height), small(pad, 0, pad.width, pad.height)];
      },
      [width, height, row] as const,
    );
    expect(new Set(own).size).toBeGreaterThan(5);
    expect(own).toEqual(onPad);
  }
});

describe('training', () => {
  test('paused and continued, it learns the digits', async () => {
    const { page } = opened;
    await setFields(opened, SMALL);
    await page.click('#start');
    await pauseWhenSaid('state', /^Training .*epoch 2 of/);
    await waitForText(opened, 'state', /Paused in epoch/);
    const isStill = async (): Promise<boolean> => {
      const loss = await textIn(opened, 'figure-loss');
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return loss === (await textIn(opened, 'figure-loss'));
    };
    await expect.poll(isStill, { timeout: 20_000 }).toBe(true); // once the steps under way are finished
    expect(await textIn(opened, 'state')).toMatch(/Paused in epoch/);
    await page.click('#pause');
    const ending = await waitForText(opened, 'state', /Finished/);
    expect(ending).toContain('690 steps in 30 epochs');
    expect(accuracyIn(ending)).toBeGreaterThan(0.85);
    await waitForText(opened, 'samples-facts', /\d+ of these 60 are recognised/);
  });

  test('a drawn digit is classified, and the page shows how its fixed point is reached', async () => {
    const { page } = opened;
    const pad = await page.$('#pad');
    await pad?.scrollIntoView();
    const box = await pad?.boundingBox();
    if (!box) throw new Error('there is no pad');
    const at = (x: number, y: number): [number, number] => [box.x + x * box.width, box.y + y * box.height];
    await page.mouse.move(...at(0.5, 0.15)); // draws a one
    await page.mouse.down();
    await page.mouse.move(...at(0.5, 0.85), { steps: 8 });
    await page.mouse.up();
    expect(await waitForText(opened, 'reach-state', /Reached/)).toMatch(
      /after \d+ iterations, below the tolerance 0.001/,
    );
    const shares = await page.$$eval('#classes .share', (all) =>
      all.map(({ textContent }) => parseFloat(textContent ?? '')),
    );
    expect(shares).toHaveLength(10);
    expect(shares.reduce((a, b) => a + b)).toBeCloseTo(100, 0);
    const residuals = await page.$eval('#chart-residual .plot-host', (host) => host.getAttribute('aria-label'));
    expect(residuals).toMatch(/^Residual by iteration: residual from .* to [4-9]e-4/);
    await page.select('#reach-solver', 'picard');
    await waitForText(opened, 'reach-state', /[Rr]eached|Diverged/);
  });

  test('a checkpoint is restored unchanged, resumes, and is read by the command line', async () => {
    const { page } = opened;
    const session = await page.createCDPSession();
    await session.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: folder });
    const before = await textIn(opened, 'samples-facts');
    await page.click('#download');
    await expect.poll(() => readdirSync(folder), { timeout: 10_000 }).toContain('digits.equilibra');
    const path = join(folder, 'digits.equilibra');
    await page.reload();
    await page.waitForSelector('#samples li');
    await ((await page.$('#checkpoint')) as ElementHandle<HTMLInputElement>).uploadFile(path);
    expect(await waitForText(opened, 'state', /digits.equilibra/)).toContain(
      'width 30, after 30 epochs, trained on digits',
    );
    expect(await waitForText(opened, 'samples-facts', /recognised/)).toBe(before);
    expect(await page.$eval('[name=width]', (field) => (field as HTMLInputElement).value)).toBe('30');
    await setFields(opened, { epochs: '31' });
    await page.click('#start'); // resumes
    expect(await waitForText(opened, 'state', /Finished/)).toContain('713 steps in 31 epochs');
    const { code, out, error } = await run(['predict', path, '--backend', 'cpu']);
    expect([code, error]).toEqual([0, expect.stringMatching(/accuracy (8[5-9]|9\d)/)]);
    expect(out.split('\n')).toHaveLength(362);
  });

  test('a file that is not a checkpoint is refused by name', async () => {
    await upload('holiday.equilibra', '#checkpoint', 'not a checkpoint');
    expect(await waitForText(opened, 'run-problem', /holiday/)).toMatch(/^holiday\.equilibra: .*checkpoint/);
  });
});

describe('data', () => {
  test('a file that is not a data set is refused, with the files that are accepted', async () => {
    await upload('holiday.jpg', '#files', 'not a data set');
    expect(await waitForText(opened, 'data-problem', /holiday/)).toMatch(
      /holiday\.jpg: no data set\. Drop one CSV file, or the four IDX/,
    );
    expect(await textIn(opened, 'data-name')).toBe('Handwritten digits');
  });

  test('when one of four IDX files is dropped, the page names the missing ones', async () => {
    await opened.page.evaluate(() => {
      const files = new DataTransfer();
      files.items.add(new File(['x'], 'train-images-idx3-ubyte'));
      document
        .getElementById('drop')
        ?.dispatchEvent(new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true }));
    });
    expect(await waitForText(opened, 'data-problem', /idx/)).toContain('train-labels-idx1-ubyte');
  });

  test('a broken table is refused with the line, once its user does not say that it is written otherwise', async () => {
    await upload('broken.csv', '#files', 'a,b,kind\n1,2,x\n1,y\n');
    await opened.page.waitForSelector('dialog[open]');
    expect(await opened.page.$eval('dialog .problem', (element) => element.textContent)).toMatch(
      /^broken\.csv: line 3/,
    );
    await opened.page.keyboard.press('Escape');
    expect(await waitForText(opened, 'data-problem', /broken/)).toMatch(
      /^broken\.csv: line 3 has 2 cells; it must have 3/,
    );
  });

  test('a table is read and learnt from', async () => {
    const rows = Array.from(
      { length: 60 },
      (_, row) => `${(row % 3) + 0.1 * Math.sin(row)},${Math.cos(row)},${'abc'[row % 3]}`,
    );
    await upload('kinds.csv', '#files', `size,noise,kind\n${rows.join('\n')}\n`);
    await waitForText(opened, 'data-name', /kinds\.csv/);
    expect(await textIn(opened, 'data-facts')).toBe('48 rows of 2 features, 12 held out; 3 classes');
    expect(await opened.page.$eval('#pad-area', (pad) => (pad as HTMLElement).hidden)).toBe(true);
    await setFields(opened, { width: '8', epochs: '30', batch: '16' });
    await opened.page.click('#start');
    expect(accuracyIn(await waitForText(opened, 'state', /Finished/))).toBe(1);
  });

  test('where values are missing, the page asks by keyboard what to do, and which columns to use', async () => {
    const { page } = opened;
    const rows = Array.from(
      { length: 60 },
      (_, row) => `${row},${row % 3},${row % 10 === 0 ? '' : Math.cos(row)},${'abc'[row % 3]}`,
    );
    await upload('gaps.csv', '#files', `number,part,noise,kind\n${rows.join('\n')}\n`);
    await page.waitForSelector('dialog[open]');
    const dialog = (): Promise<string> => page.$eval('dialog', (element) => element.innerText);
    expect(await dialog()).toMatch(/In 6 rows of 60 a value is missing/);
    const focused = (): Promise<string> =>
      page.evaluate(() => {
        const found = document.activeElement as HTMLInputElement | null;
        return found?.getAttribute('aria-label') ?? (found?.value || found?.textContent) ?? '';
      });
    const tabTo = async (wanted: string): Promise<void> => {
      for (let press = 0; press < 12 && (await focused()) !== wanted; press++) await page.keyboard.press('Tab');
      expect(await focused()).toBe(wanted);
    };
    expect(await focused()).toBe('kind');
    await tabTo('accept');
    await page.keyboard.press('Enter'); // not before the question is answered
    expect(await page.$('dialog[open]')).not.toBeNull();
    await page.focus('dialog [aria-label="Use of number"]');
    await page.keyboard.press('End'); // left out
    await tabTo('Use of part');
    await page.keyboard.press('ArrowDown'); // categories
    await tabTo('drop');
    await page.keyboard.press('Space');
    await tabTo('accept');
    await page.keyboard.press('Enter');
    await waitForText(opened, 'data-name', /gaps\.csv/);
    expect(await textIn(opened, 'data-facts')).toMatch(
      /^4\d rows of 4 features, 1\d held out; 3 classes\. 6 rows with a missing value are left out$/,
    );
  });

  test('columns can be chosen again: without the one that lacks values no row is left out', async () => {
    const { page } = opened;
    await page.click('#columns');
    await page.waitForSelector('dialog[open]');
    await page.select('dialog [aria-label="Use of noise"]', 'ignored');
    expect(await page.$eval('dialog', (element) => element.innerText)).not.toContain('missing\n');
    await page.click('dialog .primary');
    expect(await waitForText(opened, 'data-facts', /of 3 features/)).toBe(
      '48 rows of 3 features, 12 held out; 3 classes',
    );
  });

  test('a checkpoint over other data warns, and is not resumed on them', async () => {
    const { page } = opened;
    const path = join(folder, 'digits.equilibra');
    await ((await page.$('#checkpoint')) as ElementHandle<HTMLInputElement>).uploadFile(path);
    expect(await waitForText(opened, 'run-problem', /trained/)).toMatch(
      /^This model was trained on digits, and cannot be used on the data here, which are gaps\.csv: it takes 64 numbers/,
    );
    expect(await textIn(opened, 'start')).toBe('Start training');
    await page.click('#use-digits');
    await waitForText(opened, 'data-name', /digits/);
    await waitForText(opened, 'start', /Resume training/);
    expect(await waitForText(opened, 'samples-facts', /recognised/)).toMatch(/of these 60/);
    await page.click('#samples li button');
    await waitForText(opened, 'reach-state', /[Rr]eached/);
    const painted = (): Promise<boolean> =>
      page.$eval('#z', (canvas) => {
        const { width, height } = canvas as HTMLCanvasElement;
        const pixels = (canvas as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, width, height).data;
        return pixels?.some((value) => value !== 0) ?? false;
      });
    expect(await painted()).toBe(true);
    await upload('kinds.csv', '#files', 'size,kind\n1,a\n2,b\n1,a\n2,b\n1,a\n2,b\n1,a\n2,b\n1,a\n2,b\n');
    await waitForText(opened, 'data-name', /kinds\.csv/);
    expect(await textIn(opened, 'data-facts')).toBe('8 rows of 1 feature, 2 held out; 2 classes');
    expect(await painted()).toBe(false); // z is that of a row which is no longer shown
    expect(await textIn(opened, 'state')).toBe('Ready: press Start.');
    await page.click('#use-digits');
    await waitForText(opened, 'data-name', /digits/);
  });
});

describe('settings', () => {
  const valueIn = (name: string): Promise<string> =>
    opened.page.$eval(`[name=${name}]`, (field) => (field as HTMLInputElement).value);
  const go = async (hash: string): Promise<void> => {
    await opened.page.goto('about:blank');
    await opened.page.goto(`${opened.url}/${hash}`);
    await opened.page.waitForSelector('#samples li');
  };

  test('survive a reload and travel in the address', async () => {
    const { page } = opened;
    await setFields(opened, { width: '31', epochs: '2', batch: '64', rate: '0.02', optimiser: 'adamW' });
    // At once: a reload takes the address as it is.
    expect(await page.evaluate(() => location.hash)).toBe('#train?width=31&optimiser=adamW&rate=0.02&epochs=2');
    await go('');
    expect([await valueIn('width'), await valueIn('optimiser')]).toEqual(['31', 'adamW']);
    await go('#train?width=40');
    expect([await valueIn('width'), await valueIn('optimiser'), await valueIn('rate')]).toEqual(['40', 'adam', '0.01']);
    await page.evaluate(() => {
      location.hash = '#train?width=41';
    });
    await page.waitForFunction(() => document.querySelector<HTMLInputElement>('[name=width]')?.value === '41');
  });

  test('that are impossible are refused by name, and the others hold', async () => {
    await go('#train?width=50&epochs=0&rate=fast&solver=magic&colour=red');
    expect(await textIn(opened, 'settings-problem')).toBe(
      'The address sets "colour", which there is not. The address sets solver to "magic", which is not possible; it is auto. ' +
        'The address sets rate to "fast", which is not possible; it is 0.01. The address sets epochs to "0", which is not possible; it is 20.',
    );
    expect([await valueIn('width'), await valueIn('epochs'), await valueIn('solver')]).toEqual(['50', '20', 'auto']);
    expect(await opened.page.evaluate(() => location.hash)).toBe('#train?width=50');
  });

  test('of which one is empty name it, and nothing is thrown', async () => {
    const { page } = opened;
    await page.click('[name=epochs]', { count: 3 });
    await page.keyboard.press('Backspace');
    await page.click('#start');
    expect(await textIn(opened, 'settings-problem')).toBe('Epochs: a number is missing');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('name'))).toBe('epochs');
  });

  test('with a rate of 1000 end with the advice to lower it, and the focus stays on Start', async () => {
    await setFields(opened, { width: '5', epochs: '2', rate: '1000' });
    await opened.page.focus('#start');
    await opened.page.keyboard.press('Enter');
    await waitForText(opened, 'state', /error|Finished/);
    expect(await waitForText(opened, 'run-problem', /rate/, 1000)).toMatch(
      /^A rate of 1000 is too high for Adam; try 0\.01\./,
    );
    expect(await opened.page.evaluate(() => document.activeElement?.id)).toBe('start');
    await setFields(opened, { rate: '0.01' });
  });
});

test('the keyboard reaches the settings, start, stop and a sample', async () => {
  const { page } = opened;
  await page.reload();
  await page.waitForSelector('#samples li');
  await page.$eval('[name=epochs]', (field) => {
    (field as HTMLInputElement).value = '1000'; // long enough that there is something to stop
  });
  const focused = (): Promise<string> =>
    page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent || '');
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('Skip to the content');
  const seen: string[] = [];
  for (let press = 0; press < 40 && seen[seen.length - 1] !== 'start'; press++) {
    await page.keyboard.press('Tab');
    seen.push(await focused());
  }
  expect(seen).toEqual(expect.arrayContaining(['Lasso path', 'theme', 'files', 'start']));
  await page.keyboard.press('Enter');
  await waitForText(opened, 'state', /epoch \d+ of/);
  await page.waitForSelector('#stop[aria-disabled=false]');
  expect(await focused()).toBe('start');
  for (let press = 0; press < 4 && (await focused()) !== 'stop'; press++) await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  await waitForText(opened, 'state', /Stopped in epoch/);
  expect(await focused()).toBe('stop'); // the focus stays where it was
  expect(await textIn(opened, 'start')).toBe('Resume training');
  await page.focus('#samples li:nth-child(2) button');
  await page.keyboard.press('Enter');
  await waitForText(opened, 'reach-state', /[Rr]eached/);
  await page.click('#clear');
  await page.focus('#pen');
  for (const key of ['ArrowUp', 'ArrowUp', 'Space', 'ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowDown'] as const) {
    await page.keyboard.press(key);
  }
  expect(await textIn(opened, 'pad-hint')).toMatch(/^The pen is down/);
  await page.keyboard.press('Space');
  await waitForText(opened, 'reach-state', /[Rr]eached/);
  expect(await textIn(opened, 'pad-hint')).toMatch(/^The pen is lifted/);
});

test('after the device is lost the page says so, opens it again, and resumes from the last checkpoint', async () => {
  const { page } = opened;
  await setFields(opened, { ...SMALL, width: '12', epochs: '3', backend: 'webgpu' });
  const worker = page.workers().find((each) => each.url().includes('training-worker')) as WebWorker;
  // Stops from within the worker, at its first checkpoint: the training may be too quick for this process.
  await worker.evaluate(() => {
    const { requestDevice } = GPUAdapter.prototype;
    const { postMessage } = self;
    const devices: GPUDevice[] = [];
    GPUAdapter.prototype.requestDevice = async function (...options) {
      devices.push(await requestDevice.apply(this, options));
      return devices[devices.length - 1];
    };
    self.postMessage = (message: { readonly type?: string }, options?: WindowPostMessageOptions) => {
      postMessage.call(self, message, options);
      if (message.type === 'checkpoint' && devices.length === 1) devices[0].destroy();
    };
    Object.assign(self, { devices });
  });
  await page.evaluate(() => {
    const told: string[] = [];
    const state = document.getElementById('state') as HTMLElement;
    new MutationObserver(() => told.push(state.textContent ?? '')).observe(state, { childList: true });
    Object.assign(window, { told });
  });
  await page.click('#start');
  expect(await waitForText(opened, 'state', /Finished/)).toContain('69 steps in 3 epochs');
  expect(await worker.evaluate(() => (self as unknown as { devices: GPUDevice[] }).devices.length)).toBe(2);
  const told = await page.evaluate(() => (window as unknown as { told: string[] }).told);
  expect(told.find((text) => text.includes('lost'))).toMatch(
    /device was lost.*training goes on from the last checkpoint/,
  );
});

test('so far the page had no errors and sent no requests elsewhere', () => {
  expect(opened.errors).toEqual([]);
  expect(opened.externalRequests).toEqual([]);
});

test('a request to anywhere else is refused by the page itself', async () => {
  const refused = await opened.page.evaluate(() =>
    fetch('http://127.0.0.1:9/').then(
      () => '',
      (error: Error) => error.name,
    ),
  );
  expect(refused).toBe('TypeError');
  expect(opened.errors.pop()).toMatch(/Content Security Policy/);
});
