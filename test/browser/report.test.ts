/** The command line's reports in a browser. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { trainingReport } from '../../src/cli/report/report.ts';
import { tuningPage } from '../../src/cli/report/tune/page.ts';
import { exampleReport, HOSTILE, imageMistakes } from '../support/training-report.ts';
import { hostileTuning, referenceTuning, severalTuning } from '../support/tuning-report.ts';
import { openPage } from './harness.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

test('the report of a training run fits desks and phones, in light and dark, and sends no requests', async () => {
  const open = await openPage();
  try {
    for (const mistakes of [exampleReport(12).mistakes, imageMistakes([1, 8, 8], 6), imageMistakes([3, 4, 3], 6)]) {
      await open.page.setContent(trainingReport(exampleReport(12, { mistakes })), { waitUntil: 'load' });
      expect(await open.page.title()).toBe(`Training on ${HOSTILE}`);
      for (const scheme of ['light', 'dark']) {
        for (const width of [1280, 360]) {
          await open.page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
          await open.page.setViewport({ width, height: 800 });
          const seen = await open.page.evaluate(() => ({
            beyondTheEdge: document.documentElement.scrollWidth - document.documentElement.clientWidth,
            dark: getComputedStyle(document.body).backgroundColor === 'rgb(17, 21, 27)',
            sizes: Array.from(document.images, ({ complete, naturalWidth }) => (complete ? naturalWidth : 0)),
            charts: document.querySelectorAll('figure.chart svg[role="img"][aria-label]').length,
          }));
          const sizes = mistakes.kind === 'images' ? mistakes.shown.map(() => mistakes.shape[2]) : [];
          expect(seen).toEqual({ beyondTheEdge: 0, dark: scheme === 'dark', sizes, charts: 4 });
        }
      }
    }
    expect(open.errors).toEqual([]);
    expect(open.externalRequests).toEqual([]);
  } finally {
    await open.close();
  }
});

test('the report of a tuning fits desks and phones, in light and dark, and is accessible', async () => {
  const open = await openPage();
  try {
    for (const report of [
      referenceTuning('diabetes'),
      referenceTuning('synth-wide'),
      severalTuning(),
      hostileTuning(),
    ]) {
      await open.page.setContent(tuningPage(report), { waitUntil: 'load' });
      expect(await open.page.title()).toBe(`Lasso for ${report.problem.target}`);
      await open.page.evaluate(axe);
      for (const scheme of ['light', 'dark']) {
        for (const width of [1280, 360]) {
          await open.page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
          await open.page.setViewport({ width, height: 800 });
          const seen = await open.page.evaluate(() => ({
            beyondTheEdge: document.documentElement.scrollWidth - document.documentElement.clientWidth,
            dark: getComputedStyle(document.body).backgroundColor === 'rgb(17, 21, 27)',
            // Names and numbers of an axis stay within their picture.
            cutOff: Array.from(document.querySelectorAll('figure.chart text'), (text) => {
              const [picture] = Array.from(text.closest('figure')?.children ?? []).slice(-1);
              const [inner, outer] = [text, picture].map((each) => each.getBoundingClientRect());
              const across = inner.left >= outer.left && inner.right <= outer.right;
              return across && inner.top >= outer.top && inner.bottom <= outer.bottom ? '' : text.textContent;
            }).filter((text) => text !== ''),
          }));
          expect(seen).toEqual({ beyondTheEdge: 0, dark: scheme === 'dark', cutOff: [] });
          expect(
            await open.page.evaluate(
              'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]))',
            ),
          ).toEqual([]);
        }
      }
    }
    expect(open.errors).toEqual([]);
    expect(open.externalRequests).toEqual([]);
  } finally {
    await open.close();
  }
});
