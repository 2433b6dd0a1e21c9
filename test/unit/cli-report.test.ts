import { inflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { encodePNG } from '../../src/cli/report/png.ts';
import { trainingReport } from '../../src/cli/report/report.ts';
import { checkNesting, ESCAPED, row } from '../support/markup.ts';
import { exampleReport, HOSTILE, imageMistakes } from '../support/training-report.ts';

describe('the report of a training run', () => {
  const text = trainingReport(exampleReport(12));

  test('escapes text from data everywhere', () => {
    expect(text).not.toContain(HOSTILE);
    expect(text).not.toMatch(/<script|javascript:|\son\w+=/i);
    // The title twice, the class in the matrix twice, in the table of classes and with the mistake, the column, the
    // cell and the fact.
    expect(text.split(ESCAPED)).toHaveLength(10);
  });

  test('loads nothing from elsewhere', () => {
    expect(text).not.toMatch(/(src|href)="(?!data:)/);
    expect(text).not.toMatch(/url\(|@import|https?:/);
    expect(text).toContain(`content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"`);
  });

  test('closes every element that it opens, in order', () => {
    expect(() => checkNesting(text)).not.toThrow();
  });

  test('states how good the model is, with a confidence interval', () => {
    expect(text).toContain('72.73\u00a0%');
    // Wilson's interval of 16 in 22, computed by hand: centre 0.6935, half width 0.1750.
    expect(text).toContain('16 of 22; 95 % interval 51.8\u00a0% to 86.8\u00a0%');
    expect(text).toContain('2 min 5 s');
  });

  test('states precision and recall of each class', () => {
    expect(row(text, 'a').slice(-3)).toEqual(['9', '1', '0']);
    const classes = text.slice(text.indexOf('id="classes"'));
    expect(row(classes, 'a')).toEqual(['a', '81.8\u00a0%', '90.0\u00a0%', '10']);
    expect(row(classes, 'c')).toEqual(['c', '–', '0.0\u00a0%', '3']);
  });

  test('has the numbers of every epoch, and curves through them', () => {
    const cells = row(text.slice(text.indexOf('<details>')), '3');
    expect(cells).toEqual(['3', '0.5000', '80.00\u00a0%', '0.5667', '76.67\u00a0%', '14.5', '7.3', '0.01', '0.50']);
    const curves = [...text.matchAll(/<path class="curve (first|second)" d="(M[^"]*L[^"]*)"/g)];
    expect(curves).toHaveLength(7);
    for (const [, , path] of curves) expect(path.match(/[ML]/g)).toHaveLength(12);
  });

  test('draws curves within the picture, whatever the values', () => {
    for (const scale of [1e-9, 1, 1e9]) {
      const { history } = exampleReport(5);
      const scaled = history.map((epoch) => ({ ...epoch, loss: scale * epoch.loss, validation: undefined }));
      const drawn = trainingReport(exampleReport(5, { history: scaled }));
      const numbers = [...drawn.matchAll(/<path class="curve [^"]*" d="(M[^"]*L[^"]*)"/g)].flatMap(([, path]) =>
        [...path.matchAll(/([\d.e-]+) ([\d.e-]+)/g)].map(([, x, y]) => [Number(x), Number(y)]),
      );
      expect(numbers).toHaveLength(5 * 5);
      for (const [x, y] of numbers) {
        expect(x).toBeGreaterThan(0);
        expect(x).toBeLessThan(440);
        expect(y).toBeGreaterThan(0);
        expect(y).toBeLessThan(240);
      }
    }
  });

  test('can be of one epoch, and without a mistake', () => {
    const confusion = [[22]];
    const evaluation = { loss: 0, accuracy: 1, confusion, count: 22 };
    const mistakes = { kind: 'images', shape: [1, 8, 8], shown: [] } as const;
    const one = trainingReport(exampleReport(1, { evaluation, mistakes, classNames: ['only'] }));
    expect(one).not.toMatch(/NaN|Infinity|undefined/);
    expect(one).toContain('Every row was classified rightly.');
  });

  test('lists the most frequent mistakes where the matrix would be too large', () => {
    const confusion = Array.from({ length: 30 }, (_, label) =>
      Array.from({ length: 30 }, (_, predicted) => (label === predicted ? 5 : label === 7 && predicted === 8 ? 4 : 0)),
    );
    const classNames = confusion.map((_, label) => `class ${label}`);
    const evaluation = { loss: 1, accuracy: 150 / 154, confusion, count: 154 };
    const mistakes = imageMistakes([1, 8, 8], 4);
    const large = trainingReport(exampleReport(2, { evaluation, classNames, mistakes }));
    expect(large).not.toContain('Confusion matrix');
    expect(row(large, 'class 7')).toEqual(['class 7', 'class 8', '4', '44.4\u00a0%']);
  });

  test('says how many mistakes are not shown', () => {
    const text = trainingReport(exampleReport(2, { mistakes: imageMistakes([1, 8, 8], 4) }));
    expect(text).toContain('4 of 6 are shown, the surest first.');
    expect(text.match(/<img src="data:image\/png;base64,/g)).toHaveLength(4);
  });
});

describe('png', () => {
  /** The lines of pixels, each with its filter byte. */
  function lines(file: Uint8Array): number[] {
    const view = Buffer.from(file);
    const at = view.indexOf('IDAT');
    return [...inflateSync(view.subarray(at + 4, at + 4 + view.readUInt32BE(at - 4)))];
  }

  test('holds the pixels, clamped to 0 … 255', () => {
    const file = encodePNG([0, 0.2, 1, 2, -1, 0.5], [1, 2, 3]);
    expect([...file.subarray(16, 29)]).toEqual([0, 0, 0, 3, 0, 0, 0, 2, 8, 0, 0, 0, 0]);
    expect(lines(file)).toEqual([0, 0, 51, 255, 0, 255, 0, 128]);
    // Planes of red, green and blue become pixels.
    expect(lines(encodePNG([1, 0, 0, 1, 0.2, 0], [3, 1, 2]))).toEqual([0, 255, 0, 51, 0, 255, 0]);
  });

  test('has the check sum that the standard gives for the empty last chunk', () => {
    expect([...encodePNG([0], [1, 1, 1]).subarray(-4)]).toEqual([0xae, 0x42, 0x60, 0x82]);
  });

  test('refuses shapes that are not pictures', () => {
    expect(() => encodePNG([0, 0], [2])).toThrow('shape is 2; it must be 1 or 3 × height × width');
    expect(() => encodePNG([0, 0], [2, 1, 1])).toThrow('shape is 2 × 1 × 1');
  });
});
