import { describe, expect, test } from 'vitest';
import { tuningPage } from '../../src/cli/report/tune/page.ts';
import { checkNesting, curvesIn, ESCAPED, row } from '../support/markup.ts';
import { HOSTILE } from '../support/training-report.ts';
import { hostileTuning, referenceTuning, severalTuning } from '../support/tuning-report.ts';

/** The part of a page between the heading with this id and the next section. */
function section(text: string, id: string): string {
  const [, found = ''] = text.split(`<h2 id="${id}">`);
  return found.split('</section>')[0];
}

/** The labels of the curves in the picture of the path, from the top down. */
function curveNames(text: string): string[] {
  return [...text.matchAll(/<text class="label" x="[\d.]+" y="([\d.]+)"[^>]*>([^<]*)\u00a0<\/text>/g)]
    .sort(([, a], [, b]) => Number(a) - Number(b))
    .map(([, , name]) => name);
}

describe('the report of a tuning', () => {
  const report = referenceTuning('diabetes');
  const text = tuningPage(report);

  test('escapes text from data everywhere', () => {
    const hostile = tuningPage(hostileTuning());
    expect(hostile).not.toContain(HOSTILE);
    expect(hostile).not.toMatch(/<script|javascript:|\son\w+=/i);
    // Target: title twice, caption, fact. Name of a feature: description, table. Criterion: card, chart with its
    // description, two tables, fact. Plus the warning.
    expect(hostile.split(ESCAPED)).toHaveLength(1 + 4 + 2 + 6 + 1);
  });

  test('loads nothing from elsewhere, and closes every element', () => {
    for (const each of [text, tuningPage(hostileTuning()), tuningPage(referenceTuning('synth-wide'))]) {
      expect(each).not.toMatch(/(src|href)="|url\(|@import|https?:/);
      expect(each).not.toMatch(/NaN|Infinity|undefined/);
      expect(() => checkNesting(each)).not.toThrow();
    }
  });

  test('states the choice and its cost compared with the grid', () => {
    for (const each of ['426.5', 'log λ = 6.056', '9 of 10', '100 by grid search', '0.4 s', 'on the backend cpu']) {
      expect(text).toContain(`>${each}<`);
    }
    expect(row(text, 'by gradient')).toEqual(['by gradient', '6.0555', '426.5', '2823.02', '6']);
    expect(row(text, 'over a grid')[4]).toBe('100');
    // (2823.0223 − 2823.0627)/2823.0627 for the 100 points of the grid
    expect(text).toContain('reaches a criterion 0.0014\u00a0% below that of the grid, with 6.0\u00a0% of the solves');
    const worse = tuningPage({ ...report, grid: { ...report.grid, value: 0.5 * report.chosen.value } });
    expect(worse).toContain('reaches a criterion 100\u00a0% above that of the grid');
    const same = tuningPage({ ...report, grid: { ...report.grid, value: report.chosen.value } });
    expect(same).toContain('The gradient method reaches the criterion of the grid, with');
  });

  test('lists the support by size, with signs, and the features outside it', () => {
    const support = section(text, 'support');
    const names = [...support.matchAll(/<th scope="row" class="name">(\w+)</g)].map(([, name]) => name);
    expect(names).toEqual(['bmi', 's5', 'bp', 'sex', 's3', 's6', 's1', 's4', 'age']);
    expect(row(support, 'bmi')).toEqual(['bmi', '22.50']);
    expect(row(support, 'sex')).toEqual(['sex', '−8.909']);
    expect(support).toContain('<b>Coefficient 0:</b> s2');
    expect(support).toContain('class="bar" style="--share:100.0%"');
    expect(support).toContain('class="bar negative" style="--share:39.6%"');
  });

  test('shows the model for features as they are where it is given', () => {
    const support = section(tuningPage(hostileTuning()), 'support');
    expect(row(support, 'a')).toEqual(['a', '0.2500', '0.5000']);
    expect(row(support, ESCAPED)).toEqual([ESCAPED, '−2.000', '−40.00']);
    expect(support).toContain('Intercept, for features as they are: 12.5.');
    expect(section(text, 'support')).not.toContain('Intercept');
  });

  test('draws a curve for each feature, named at its end, and the chosen λ', () => {
    const path = section(text, 'path');
    const drawn = curvesIn(path).filter(({ points }) => points.length === 100);
    expect(drawn.map(({ classes }) => classes[0]).sort()).toEqual([...new Array(9).fill('first'), 'quiet']);
    // From the greatest coefficient at the least λ to the least.
    const last = report.path.coefficients[99];
    const order = [...report.problem.names.keys()].sort((a, b) => last[b] - last[a]);
    expect(curveNames(path)).toEqual(order.map((feature) => report.problem.names[feature]));
    const places = [...path.matchAll(/<text class="label" x="[\d.]+" y="([\d.]+)"/g)].map(([, y]) => Number(y));
    places.sort((a, b) => a - b);
    for (let index = 1; index < places.length; index++) expect(places[index] - places[index - 1]).toBeGreaterThan(15.8);
    expect(places[0]).toBeGreaterThan(30);
    expect(places[places.length - 1]).toBeLessThan(284);
  });

  test('does not depend on the order of the path and the curve', () => {
    const turned = {
      ...report,
      path: {
        logLambdas: [...report.path.logLambdas].reverse(),
        coefficients: [...report.path.coefficients].reverse(),
      },
      criterionCurve: [...report.criterionCurve].reverse(),
    };
    expect(tuningPage(turned)).toBe(text);
  });

  test('draws the gradient at each point visited as a tangent of the criterion', () => {
    const criterion = section(text, 'criterion');
    const [whole] = criterion.split('</figure>');
    const tangents = [...whole.matchAll(/<path class="tangent second" d="M(\S+) (\S+)L(\S+) (\S+)"/g)].slice(1);
    expect(tangents).toHaveLength(report.visited.length);
    const [curve] = curvesIn(whole).filter(({ points }) => points.length === 100);
    // The scales of the picture, computed from the ends of the curve.
    const ascending = [...report.criterionCurve].reverse();
    const scale = (axis: 0 | 1, values: number[]): number =>
      (curve.points[99][axis] - curve.points[0][axis]) / (values[99] - values[0]);
    const across = scale(
      0,
      ascending.map(({ logLambda }) => logLambda),
    );
    const up = scale(
      1,
      ascending.map(({ value }) => value),
    );
    tangents.forEach(([, ...ends], index) => {
      const [x1, y1, x2, y2] = ends.map(Number);
      expect(Math.hypot(x2 - x1, y2 - y1)).toBeCloseTo(44, 0);
      const angle = Math.atan2((report.visited[index].gradient as number) * up, across);
      expect(Math.atan2(y2 - y1, x2 - x1)).toBeCloseTo(angle, 1.5);
    });
  });

  test('draws the derivative only where the curve has it', () => {
    expect(text).toContain('Its derivative there');
    const without = report.criterionCurve.map(({ logLambda, value }) => ({ logLambda, value }));
    expect(tuningPage({ ...report, criterionCurve: without })).not.toContain('Its derivative there');
  });

  test('draws within the picture, whatever the values', () => {
    for (const size of [1e-9, 1, 1e9]) {
      const scaled = (values: ArrayLike<number>): number[] => Array.from(values, (value) => size * value);
      const drawn = section(
        tuningPage({ ...report, path: { ...report.path, coefficients: report.path.coefficients.map(scaled) } }),
        'path',
      );
      const points = curvesIn(drawn).flatMap((curve) => curve.points);
      expect(points.length).toBeGreaterThan(1000);
      for (const [x, y] of points) {
        expect(x).toBeGreaterThan(0);
        expect(x).toBeLessThan(440);
        expect(y).toBeGreaterThanOrEqual(12);
        expect(y).toBeLessThanOrEqual(280);
      }
    }
  });

  test('draws and names the most important of many features, and states how many are omitted', () => {
    const wide = referenceTuning('synth-wide');
    const page = tuningPage(wide);
    const path = section(page, 'path');
    expect(curvesIn(path).filter(({ points }) => points.length === 100)).toHaveLength(60);
    const moving = wide.problem.names.filter((_, feature) =>
      wide.path.coefficients.some((each) => each[feature] !== 0),
    );
    expect(path).toContain(`Not drawn, with smaller coefficients: ${moving.length - 60}.`);
    expect(curveNames(path)).toEqual(expect.arrayContaining(['x1', 'x2', 'x3', 'x4', 'x5', 'x6']));
    expect(curveNames(path).length).toBeLessThanOrEqual(14);
    expect(section(page, 'support')).toContain('and 40 more');
  });

  test('supports a λ at which every coefficient is 0, a single λ and a single point', () => {
    const { path, criterionCurve, visited, chosen } = report;
    const zero = new Array<number>(10).fill(0);
    const page = tuningPage({
      ...report,
      path: { logLambdas: path.logLambdas.slice(0, 1), coefficients: [zero] },
      criterionCurve: criterionCurve.slice(0, 1),
      visited: visited.slice(0, 1),
      chosen: { ...chosen, coefficients: zero, support: [] },
    });
    expect(page).toContain('Every coefficient is 0: the best model without features is the mean of progression.');
    expect(page).toContain('>0 of 10<');
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
    expect(() => checkNesting(page)).not.toThrow();
  });

  test('supports several penalties: the choice, a line through it, and the path of the search', () => {
    const several = severalTuning();
    const page = tuningPage(several);
    expect(page).toContain('<dt>Penalties λ</dt><dd><b>10</b><span class="quiet">log λ from 6 to 7</span>');
    expect(page).toContain('>2823.1 by the best single λ<');
    expect(row(section(page, 'support'), 'bmi')).toEqual(['bmi', '22.50', '6.28']);
    const criterion = section(page, 'criterion');
    for (const title of ['Near what was chosen', 'Its derivative there', 'On the way'])
      expect(criterion).toContain(title);
    const [whole, , , way] = criterion.split('</figure>');
    expect(whole).toContain('change of every log λ →');
    expect(whole).not.toContain('class="tangent');
    // One point for each evaluation, and one in the legend.
    expect(way.split('<circle class="mark second"')).toHaveLength(2 + several.visited.length);
    expect(row(page, 'by gradient')).toEqual(['by gradient', '–', '–', '2823.02', '6']);
    expect(row(page, 'single λ, over a grid')[4]).toBe('100');
    expect(row(page, '1')).toHaveLength(3);
    expect(() => checkNesting(page)).not.toThrow();
  });

  test('of a grid search has points without gradients, and no comparison', () => {
    const page = tuningPage({ ...report, visited: report.visited.map(({ gradient: _, ...point }) => point) });
    expect(page).not.toContain('Gradient and grid');
    expect(page).not.toContain('gradient there');
    expect(row(page, '1')[3]).toBe('–');
  });

  test('puts warnings first, if there are any', () => {
    const warned = tuningPage({ ...report, warnings: ['column "a" is constant', 'two columns are the same'] });
    expect(warned.indexOf('id="warnings"')).toBeLessThan(warned.indexOf('id="path"'));
    expect(warned).toContain('<li>column &#34;a&#34; is constant</li><li>two columns are the same</li>');
    expect(text).not.toContain('id="warnings"');
  });
});
