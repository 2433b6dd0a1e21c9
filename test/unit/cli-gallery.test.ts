import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { distanceToCritical } from '../../bench/theorem3/criticality.ts';
import { clarke, computeInverseJacobian } from '../../src/gallery/clarke.ts';
import { CALM, type Cycle, cycle, STARTS } from '../../src/gallery/cycle.ts';
import {
  type Bilevel,
  computeGradients,
  descend,
  evaluateLine,
  findCrossings,
  findSwitches,
  PAPER,
} from '../../src/gallery/descent.ts';
import { followFlow } from '../../src/gallery/flow.ts';
import { type JumpCurve, type JumpingPenalty, jump, poolForWeights } from '../../src/gallery/jump.ts';
import { certifyLorenzAt, implicitGradient, lorenz, trueGradient } from '../../src/gallery/lorenz.ts';
import { askPrograms, programGradient, solveFourthPower } from '../../src/gallery/lorenz-programs.ts';
import { descendUntilSettled, type Outcome, perturbed } from '../../src/gallery/perturbed.ts';
import { computeSlopes, EXPLICIT, INVERSE, spurious } from '../../src/gallery/spurious.ts';
import { evaluateObjective, SAMPLES, theorem3 } from '../../src/gallery/theorem3.ts';
import { type Engine, type Model, open } from '../../src/index.ts';
import { run } from '../fixtures/cli/run.ts';
import { loadPathology } from '../fixtures/load.ts';
import { relativeError } from '../support/numbers.ts';

/** Steps of the ascent on the page. Each solves a cone program, and the page takes as many as draw the whole attractor. */
const ASCENT_STEPS = 150;
vi.mock(import('../../src/gallery/lorenz.ts'), async (original) => {
  const actual = await original();
  return { ...actual, lorenz: (engine, steps = ASCENT_STEPS) => actual.lorenz(engine, steps) };
});

const reference = loadPathology();
let engine: Engine;
beforeAll(async () => {
  engine = await open({ backend: 'cpu' });
});
afterAll(() => engine.close());

describe('the minimiser that jumps', () => {
  test('goes from branch to branch at w = 1, where it is refused, with the derivatives of the branches beside it', async () => {
    const { weights, curves, verdicts } = await jump(engine, 3);
    for (const [penalty, { y, slope }] of Object.entries(curves) as [JumpingPenalty, JumpCurve][]) {
      for (const [index, weight] of weights.entries()) {
        expect(Math.sign(y[index])).toBe(weight < 1 ? -1 : 1);
        const h = 1e-6;
        const [before, after] = (await poolForWeights(engine, penalty, [weight - h, weight + h])).y;
        expect(slope[index]).toBeCloseTo((after - before) / (2 * h), 7);
      }
      expect(verdicts[penalty].certificate).toMatchObject({ status: 'failed', argument: 'equal minima' });
      expect(verdicts[penalty].refusal).toMatch(/robustPooling: sample 0 has no gradient: two minimisers/);
    }
  });
});

describe('the spurious derivative', () => {
  test('depends on the selection at 0, and a singular system is refused', async () => {
    const { readings, certificate } = await spurious(engine);
    expect(certificate.status).toBe('failed');
    expect(certificate.kinks.map(({ operation }) => operation)).toEqual(['relu', 'relu']);
    for (const { q, explicit, inverse, refusal } of readings) {
      const expected = reference.figure1.table.find(({ q_relu0 }) => q_relu0 === q);
      expect(explicit).toBeCloseTo(expected?.fprime0 as number, 12);
      if (expected?.dz_dx_0 === null) {
        expect(inverse).toBeUndefined();
        expect(refusal).toContain('root, backward: 1 of 1 samples did not converge');
      } else expect(inverse).toBeCloseTo(expected?.dz_dx_0 as number, 12);
    }
    expect(readings.map(({ q }) => q)).toEqual([0, 0.5, 1]);
  });

  test.each([0, 0.25, 1])(
    'away from 0 the slopes are those of tanh and artanh, whatever the selection: %d',
    async (q) => {
      const points = [-0.7, -0.2, 0.1, 0.6];
      const derivative = await computeSlopes(engine, EXPLICIT, points, q);
      const inverse = await computeSlopes(engine, INVERSE, points, q);
      for (const [index, x] of points.entries()) {
        expect(derivative[index]).toBeCloseTo(1 - Math.tanh(x) ** 2, 12);
        expect(inverse[index]).toBeCloseTo(1 / (1 - x ** 2), 12);
      }
    },
  );
});

describe("Clarke's map", () => {
  test('the pieces of the inverse, and their mean, which is near no answer', async () => {
    const { pieces, mean, conservative, distance, slice, certificate } = await clarke(engine);
    expect(certificate.status).toBe('certified');
    for (const { sign_x, sign_y, inverse } of reference.clarke.pieces) {
      const found = pieces.find(({ alpha, beta }) => alpha === sign_x && beta === sign_y);
      expect(relativeError(found?.inverse ?? [], inverse.flat())).toBeLessThan(1e-12);
    }
    expect(relativeError(mean, reference.clarke.average_of_four_inverses.flat())).toBeLessThan(1e-12);
    // The inverse of the mean is [0 ¾; 1½ 0]; the inverses of the matrices [α 1; 2 β] have 1 and 2 there.
    expect(conservative.flat()).toHaveLength(81);
    expect(distance).toBeGreaterThan(0.25);
    for (const [, b, c] of slice.flat()) {
      expect(b).toBeCloseTo(2 / 3, 12);
      expect(c).toBeCloseTo(4 / 3, 12);
    }
  });

  test('each answer is the inverse of [α 1; 2 β]', async () => {
    for (const [alpha, beta] of [
      [0.3, -0.8],
      [0, 0],
      [-0.5, 0.9],
    ]) {
      const [a, b, c, d] = await computeInverseJacobian(engine, alpha, beta);
      const product = [alpha * a + c, alpha * b + d, 2 * a + beta * c, 2 * b + beta * d];
      expect(relativeError(product, [1, 0, 0, 1])).toBeLessThan(1e-12);
    }
  });
});

describe('the cycle', () => {
  let found: Cycle;
  beforeAll(async () => {
    found = await cycle(engine);
  });
  test('the layer is certified at every step of a turn, and fails where the turn crosses the line', () => {
    expect(found.certificate).toMatchObject({ status: 'failed', argument: 'active rows' });
    expect(found.turn.steps).toEqual({ points: 124, certified: 124, failed: 0 });
    expect(found.turn.crossings).toEqual({ points: 2, certified: 0, failed: 2 });
  });

  test('crossings lie on the line, between the steps around them', () => {
    const [path] = found.cycling;
    const crossings = findCrossings(PAPER, path);
    for (const [index, step] of findSwitches(PAPER, path).entries()) {
      expect(evaluateLine(PAPER, crossings[index])).toBe(0);
      for (const axis of [0, 1]) {
        const [low, high] = [path[step - 1][axis], path[step][axis]].sort((a, b) => a - b);
        expect(crossings[index][axis]).toBeGreaterThan(low - 0.005);
        expect(crossings[index][axis]).toBeLessThan(high + 0.005);
      }
    }
  });

  test('descent takes the steps of the reference, and switches where it does', () => {
    for (const [index, { start, first_11, every_50, switch_iterations }] of reference.cycle.runs.entries()) {
      const path = found.cycling[index];
      expect(STARTS[index]).toEqual(start);
      expect(relativeError(path.slice(0, 11).flat(), first_11.flat())).toBeLessThan(1e-12);
      expect(relativeError(path.filter((_, step) => step % 50 === 0).flat(), every_50.flat())).toBeLessThan(1e-9);
      expect(findSwitches(PAPER, path)).toEqual(switch_iterations);
    }
    expect(found.stepsAround).toEqual([124, 124, 124, 124, 124]);
  });

  test('the limit cycle stretches as far as that of the reference', () => {
    for (const [index, { tail_bbox }] of reference.cycle.runs.entries()) {
      const tail = found.cycling[index].slice(-300);
      for (const [axis, values] of [0, 1].map((k) => tail.map((point) => point[k])).entries()) {
        expect(Math.min(...values)).toBeCloseTo(tail_bbox[0][axis], 1);
        expect(Math.max(...values)).toBeCloseTo(tail_bbox[1][axis], 1);
      }
    }
  });

  test('the flow crosses the line where the reference has it, from wherever it starts', () => {
    for (const { crossings, period } of [found.flow, ...STARTS.map((start) => followFlow(PAPER, start, 20))]) {
      expect(period).toBeCloseTo(reference.cycle.flow.period, 10);
      const byX = [...crossings].sort((a, b) => b[0] - a[0]);
      expect(relativeError(byX.flat(), reference.cycle.flow.crossings.flat())).toBeLessThan(1e-10);
      expect(byX[0][0]).toBeGreaterThan(19 / 9);
      expect(byX[1][0]).toBeLessThan(8 / 9);
      for (const point of crossings) expect(evaluateLine(PAPER, point)).toBeCloseTo(0, 10);
    }
  });

  test('smaller steps come nearer to the flow', async () => {
    const rate = 0.002;
    const [path] = await descend(engine, [PAPER], [[2.3, 4.9]], 1000, rate);
    const switches = findSwitches(PAPER, path);
    const last = switches[switches.length - 1];
    const time = rate * (last - switches[switches.length - 3]);
    expect(Math.abs(time - found.flow.period)).toBeLessThan(0.005);
    const crossing = reference.cycle.flow.crossings.map(([x, y]) => Math.hypot(x - path[last][0], y - path[last][1]));
    expect(Math.min(...crossing)).toBeLessThan(0.02);
  });

  test('with the other line there is no cycle: descent ends at (3, 5)', () => {
    for (const [index, { every_50, final }] of reference.calm.runs.entries()) {
      const path = found.calm[index];
      expect(relativeError(path.filter((_, step) => step % 50 === 0).flat(), every_50.flat())).toBeLessThan(1e-9);
      expect(relativeError(path[path.length - 1], final)).toBeLessThan(1e-4);
      expect(findSwitches(CALM, path.slice(300))).toEqual([]);
    }
  });

  test('with curvature in the inner problem every start ends at a critical point', () => {
    for (const [index, gradient] of found.mendedGradients.entries()) {
      const path = found.mended[index];
      expect(Math.hypot(...gradient)).toBeLessThan(1e-3);
      // At (1, 4) L is 3, where s has a kink.
      if (index === 2) continue;
      // The gradient of the program agrees with differences of s = clip(L, 0, box).
      expect(relativeError([...path[1]], [...clippedStep(STARTS[index])])).toBeLessThan(1e-5);
    }
  });

  test('descent that starts on the line ends with an error', async () => {
    await expect(descend(engine, [PAPER], [[1, 1]], 1, 0.01)).rejects.toThrow('is singular');
  });

  test('on the line the certificate names a direction, and no gradient is returned', () => {
    const onLine = found.answers.filter(({ level }) => level === 0);
    expect(onLine.map(({ point }) => point)).toEqual([
      [1, 1],
      [2, 4],
      [0, -2],
    ]);
    for (const { certificate, gradient, refusal } of onLine) {
      expect(certificate).toMatchObject({ status: 'failed', test: 'primal' });
      const direction = Array.from(certificate.nullVector ?? []);
      // Every direction in (a, b) leaves (a + b)·0 as it is.
      expect(direction).toHaveLength(2);
      expect(Math.hypot(...direction)).toBeGreaterThan(0.5);
      expect(gradient).toBeUndefined();
      expect(refusal).toContain('the implicit function theorem does not apply at this solution');
      expect(refusal).toContain('P has no curvature along a direction of variable');
    }
  });

  test('beside the line, by a millionth too, the layer is certified and the gradient is that of a constant s', () => {
    const beside = found.answers.filter(({ level }) => level !== 0);
    expect(beside.length).toBe(4);
    for (const { point, level, certificate, gradient } of beside) {
      const s = level > 0 ? [3, 5] : [0, 0];
      expect(certificate.status).toBe('certified');
      expect(relativeError(gradient ?? [], [2 * (point[0] - s[0]), 8 * (point[1] - s[1])])).toBeLessThan(1e-12);
    }
  });

  test('without the certificate the answer on the line depends on the selection, or the system is singular', () => {
    expect(found.selected.map(({ gradient }) => gradient)).toEqual([undefined, [32, -2], [2, 8]]);
    expect(found.selected[0].refusal).toContain('quadraticProgram, backward');
    expect(found.selected[0].refusal).toContain('is singular');
  });
});

/** A step of descent for MENDED, by central differences of the loss with s = clip(L, 0, box). */
function clippedStep(point: readonly [number, number]): number[] {
  const loss = (at: readonly number[]): number => {
    const L = evaluateLine(PAPER, [at[0], at[1]]);
    const s = PAPER.box.map((end) => Math.min(Math.max(L, 0), end));
    return (at[0] - s[0]) ** 2 + 4 * (at[1] - s[1]) ** 2;
  };
  const h = 1e-6;
  return point.map((value, axis) => {
    const moved = [-h, h].map((by) => loss(point.map((each, k) => (k === axis ? each + by : each))));
    return value - (0.01 * (moved[1] - moved[0])) / (2 * h);
  });
}

describe('the perturbed problems', () => {
  const KINDS: Readonly<Record<string, Outcome>> = { cycle: 'cycle', equilibrium: 'rest', sliding: 'slide' };
  const problems = reference.perturbed.flatMap(({ runs }) => runs);

  const bilevels = problems.map(
    ({ linear_form, loss_weights, box }): Bilevel => ({ line: linear_form, weights: loss_weights, box }),
  );
  test('those of the reference end as the flow does, one of them only with smaller steps', async () => {
    const { outcomes } = await descendUntilSettled(engine, bilevels, 0.01, { first: 300, most: 1200 });
    const judged = problems.flatMap((_, row) => (outcomes[row] === 'unfinished' ? [] : [row]));
    expect(judged.length).toBeGreaterThan(50);
    const others = judged.filter((row) => outcomes[row] !== KINDS[problems[row].flow_kind]);
    expect(others).toEqual([30]);
    expect([outcomes[30], problems[30].flow_kind]).toEqual(['cycle', 'sliding']);
    const smaller = await descendUntilSettled(engine, [bilevels[30]], 0.0025, { first: 1200, most: 1200 });
    expect(smaller.outcomes).toEqual(['slide']);
  });

  test('are twenty for each reading, from one start, each with its outcome', async () => {
    const readings = await perturbed(engine, { first: 40, most: 80 });
    expect(readings.map(({ reading }) => reading)).toHaveLength(3);
    for (const { paths, outcomes, certified } of readings) {
      expect(certified).toBe(20);
      expect(paths).toHaveLength(20);
      expect(outcomes).toHaveLength(20);
      for (const [row, path] of paths.entries()) {
        expect(path[0]).toEqual([1, 1]);
        // One that is unfinished has gone on to the end; others have stopped where they were clear.
        if (outcomes[row] === 'unfinished') expect(path).toHaveLength(81);
        else expect([41, 81]).toContain(path.length);
      }
    }
  });
});

describe('the Lorenz ascent', () => {
  test('follows the attractor where the singular system is answered by its least solution', async () => {
    const { implicit, gradient, attractor, answers, trueGradient: exact } = await lorenz(engine, 500);
    expect(await certifyLorenzAt(engine, [5, 2, 20])).toMatchObject({ status: 'failed', argument: 'singular base' });
    const { dropped_jacobian_ascent, true_gradient_ascent, ode_u } = reference.lorenz;
    // An inner solution whose fourth power is 0 to rounding is itself right to about 1e-7.
    expect(relativeError(implicit.slice(0, 101).flat(), dropped_jacobian_ascent.flat())).toBeLessThan(1e-5);
    expect(relativeError(gradient.flat(), true_gradient_ascent.flat())).toBeLessThan(1e-12);
    const everyTenth = attractor.filter((_, step) => step % 10 === 0);
    expect(relativeError(everyTenth.flat(), ode_u.flat())).toBeLessThan(1e-6);

    expect(answers[0].gradient).toBeUndefined();
    expect(answers[0].refusal).toContain('root, backward');
    for (const answer of answers.slice(1)) {
      // uᵀz is off by the distance of z, and the gradient is off by as much.
      const expected = exact.map((value) => value + answer.distance);
      expect(relativeError(answer.gradient ?? [], expected)).toBeLessThan(1e-9);
    }
  });

  test('as a program: certified with the powers 1 and 2, failed and refused with 4, dropped by the least norm', async () => {
    for (const { u, F, grad } of reference.lorenz.points.slice(0, 4)) {
      const [norm, square, fourth] = await askPrograms(engine, u);
      for (const { certificate, gradient } of [norm, square]) {
        expect(certificate.status).toBe('certified');
        expect(relativeError(gradient ?? [], grad)).toBeLessThan(1e-7);
      }
      expect(fourth.certificate.status).toBe('failed');
      expect(fourth.certificate.reason).toContain('no curvature along a direction');
      expect(fourth.gradient).toBeUndefined();
      expect(fourth.refusal).toContain('the implicit function theorem does not apply at this solution');
      const dropped = await programGradient(engine, solveFourthPower, u, { leastNorm: true });
      expect(relativeError(dropped, F)).toBeLessThan(1e-5);
    }
  });

  test('the answers at the points of the reference', async () => {
    for (const { u, F, grad } of reference.lorenz.points) {
      expect(relativeError(await trueGradient(engine, u), grad)).toBeLessThan(1e-12);
      expect(relativeError(await implicitGradient(engine, u, { onFailure: 'report' }), F)).toBeLessThan(1e-12);
      await expect(implicitGradient(engine, u, {})).rejects.toThrow('did not converge');
    }
  });
});

describe('training by the method of Theorem 3', () => {
  /** How far from critical the parameters are, by gradients within 0.05 of them. */
  const measure = async (network: Model): ReturnType<typeof distanceToCritical> => {
    const shapes = network.parameters.map(({ value }) => value.shape);
    const gradientAt = async (point: number[]): Promise<number[]> => {
      let taken = 0;
      const values = shapes.map((shape) => {
        const size = shape.reduce((product, extent) => product * extent, 1);
        taken += size;
        return engine.tensor(point.slice(taken - size, taken), shape);
      });
      const { gradient } = await evaluateObjective(engine, network, values);
      for (const value of values) value.dispose();
      return [...gradient];
    };
    const parts = await Promise.all(network.parameters.map(({ value }) => value.data()));
    const centre = parts.flatMap((data) => Array.from(data));
    return distanceToCritical(gradientAt, centre, { radius: 0.05, points: 60, seed: 1 });
  };

  test('the objective falls, and settles at a kink that is critical', async () => {
    const found = await theorem3(engine);
    const { network, objective, steps, certificates } = found;
    expect(steps).toBe(1600);
    expect(objective).toHaveLength(41);
    expect(objective[40]).toBeLessThan(objective[0] / 10);
    const late = objective.slice(-5);
    expect(Math.max(...late) - Math.min(...late)).toBeLessThan(0.1);
    // The largest error of an output is a multiple of the mean one.
    for (const [index, label] of [...SAMPLES.labels].entries()) {
      const [, output] = found.curve.find(([x]) => Math.abs(x - SAMPLES.inputs[index]) < 1e-9) ?? [0, Number.NaN];
      expect(Math.abs(output - label)).toBeLessThanOrEqual(4 * objective[40]);
    }
    expect(certificates).toEqual(['certified', 'certified', 'certified', 'certified']);
    const end = await measure(network);
    expect(end.distance).toBeLessThan(0.05);
    // No gradient near the end is small: the objective has a kink there.
    expect(end.smallestGradient).toBeGreaterThan(0.2);
    // The measure tells such a point from the start.
    network.initialise(engine, 0);
    expect((await measure(network)).distance).toBeGreaterThan(0.3);
    network.dispose();
  });
});

test('nothing of an exhibit stays in memory', async () => {
  await computeGradients(engine, [PAPER], [[1, 2]]);
  const before = engine.memory().buffers;
  for (let index = 0; index < 3; index++) {
    await computeGradients(engine, [PAPER], [[1, 2]]);
    await computeSlopes(engine, EXPLICIT, [0, 1], 0);
    await computeInverseJacobian(engine, 0, 0);
    await implicitGradient(engine, [1, 2, 3], { onFailure: 'report' });
    await trueGradient(engine, [1, 2, 3]);
  }
  expect(engine.memory().buffers).toBe(before);
});

describe('equilibra gallery', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'equilibra-gallery-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('writes the page into a folder and lists its contents', async () => {
    const { code, out, error, lines } = await run(['gallery', '--output', folder], { terminal: true });
    expect(error).toBe('');
    expect(code).toBe(0);
    expect(readdirSync(folder)).toEqual(['gallery.html']);
    expect(out).toContain("relu'(0) = 0, ½, 1 gives dz/dx = 2, 1, 0 for z = f(x) and ½, 1, refused for x = f(z)");
    expect(out).toContain('one turn takes 124 steps of 0.01, a time of 1.24; the flow turns in 1.2296');
    expect(out).toContain('the layer is certified at all 124 steps of a turn, and fails at 2 of 2 points of the line');
    expect(out).toMatch(/falls from 0\.94 to 0\.0\d in 1600 steps; certified for 4 of 4 samples/);
    const cycling =
      out
        .match(/of 20 perturbed problems (\d+), (\d+), (\d+) cycle/)
        ?.slice(1)
        .map(Number) ?? [];
    expect(cycling).toHaveLength(3);
    for (const count of cycling) expect(Math.abs(count - 10)).toBeLessThan(5);
    expect(out.trim().split('\n')).toHaveLength(8);
    expect(out).toContain('the powers 1 (certified), 2 (certified), 4 (failed), and the exact root is refused');
    expect(lines[lines.length - 1]).toBe('');

    const text = readFileSync(join(folder, 'gallery.html'), 'utf8');
    expect(text).toContain('crosses the line at (2.3212, 4.9637) and (0.6788, 0.0363)');
    expect(text).not.toMatch(/NaN|Infinity|undefined|<script/);
    expect(text).not.toMatch(/src=|href="(?!#)|url\(|https?:/);
    for (const id of ['spurious', 'clarke', 'cycle', 'perturbed', 'lorenz', 'theorem3', 'jump']) {
      expect(text).toContain(`<h2 id="${id}">`);
      expect(text).toContain(`<a href="#${id}">`);
    }
    expect(text.match(/<figure class="chart">/g)).toHaveLength(16);
    expect(text.match(/<h3>(The paper|Here|The hypothesis)<\/h3>/g)).toHaveLength(21);
    expect(findUnclosed(text)).toEqual([]);
  }, 600_000);

  test.each([
    [['--output', 'absent/gallery.html'], '--output absent/gallery.html: there is no folder absent'],
    [
      ['--output', 'gallery.pdf'],
      '--output gallery.pdf: it must be a folder that is there, or a file that ends in .html',
    ],
    [['--backend', 'abacus'], '--backend: it is "abacus"; it must be one of'],
    [['--paper'], '--paper: gallery has no such option; it has --help, --output, --backend'],
    [['lorenz'], '"lorenz": gallery takes options only'],
  ])('%j is refused in one line', async (argv, message) => {
    const { code, out, error } = await run(['gallery', ...argv]);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(error.startsWith(`equilibra: ${message}`)).toBe(true);
    expect(error.match(/\n/g)).toHaveLength(1);
  });
});

/** The elements that are not closed, or not in order. */
function findUnclosed(text: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  const body = text.replace(/<style>.*?<\/style>/s, '').replace(/<!doctype html>/, '');
  for (const [, end, name, itself] of body.matchAll(/<(\/?)([a-z0-9]+)[^>]*?(\/?)>/g)) {
    if (end) {
      const last = open.pop();
      if (last !== name) wrong.push(name);
    } else if (!itself && name !== 'meta') open.push(name);
  }
  return [...open, ...wrong];
}
