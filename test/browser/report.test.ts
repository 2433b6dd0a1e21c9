/** The report of a training run as a browser shows it. */
import { expect, test } from 'vitest';
import { trainingReport } from '../../src/cli/report/report.ts';
import { exampleReport, HOSTILE, imageMistakes } from '../support/training-report.ts';
import { openPage } from './harness.ts';

test('is shown whole in light and dark, on a desk and on a phone, and asks for nothing', async () => {
  const open = await openPage();
  try {
    for (const mistakes of [exampleReport(12).mistakes, imageMistakes([8, 8], 6), imageMistakes([3, 4, 3], 6)]) {
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
          const sizes = mistakes.kind === 'images' ? mistakes.shown.map(() => mistakes.shape[1]) : [];
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
