/** The worker that computes the exhibits, with the same functions as `equilibra gallery`. */
import { certifyAt0, computeInverseJacobian } from '../../src/gallery/clarke.ts';
import { CALM } from '../../src/gallery/cycle.ts';
import { certifyAt, descend, findCrossings, PAPER, type Point, RATE } from '../../src/gallery/descent.ts';
import {
  ascend,
  certifyLorenzAt,
  implicitGradient,
  RATE as LORENZ_RATE,
  trueGradient,
} from '../../src/gallery/lorenz.ts';
import type { Vector } from '../../src/gallery/lorenz-field.ts';
import { catchRefusal } from '../../src/gallery/refusal.ts';
import { type Engine, type ImplicitCertificate, open } from '../../src/index.ts';
import { serveCalls, yieldToMessages } from '../workers/calls.ts';
import type { Answer, GradientCalls, Status, Verdict } from './protocol.ts';

/** The number of steps that are sent to the page together. */
const DESCENT_PART = 6;
const ASCENT_PART = 8;

let engine: Promise<Engine> | undefined;

function openOnce(): Promise<Engine> {
  engine ??= open({ backend: 'cpu' });
  return engine;
}

serveCalls<GradientCalls>(self, {
  async descend({ line, start, steps }, tell, signal) {
    const problem = { cycling: PAPER, calm: CALM }[line];
    for (let done = 0, from = start; done < steps; done += DESCENT_PART) {
      await yieldToMessages();
      if (signal.aborted) return;
      const opened = await openOnce();
      const [path] = await descend(opened, [problem], [from], DESCENT_PART, RATE);
      const [, ...points] = path;
      const certify = async (at: readonly Point[]): Promise<Status[]> => {
        if (at.length === 0) return [];
        const { samples } = await certifyAt(
          opened,
          at.map(() => problem),
          at,
        );
        return samples.map(({ status }) => status);
      };
      const crossings = findCrossings(problem, path);
      tell({ points, statuses: await certify(points), crossings, crossed: await certify(crossings) });
      from = points[points.length - 1];
    }
  },

  async ascend({ kind, from, steps }, tell, signal) {
    const opened = await openOnce();
    const gradient = (at: Vector): Promise<Vector> =>
      kind === 'true' ? trueGradient(opened, at) : implicitGradient(opened, at, { onFailure: 'report' });
    for (let done = 0, at = from; done < steps; done += ASCENT_PART) {
      await yieldToMessages();
      if (signal.aborted) return;
      const [, ...points] = await ascend(gradient, Math.min(ASCENT_PART, steps - done), LORENZ_RATE, at);
      tell(points);
      at = points[points.length - 1];
    }
  },

  async answers(at) {
    const opened = await openOnce();
    const answers = [];
    for (const distance of [0, 1e-2]) {
      const answer = await answerOrRefuse(() => implicitGradient(opened, at, { distance }));
      answers.push({ distance, answer, verdict: createVerdict(await certifyLorenzAt(opened, at, distance)) });
    }
    const dropped = await implicitGradient(opened, at, { onFailure: 'report' });
    return { at, answers, trueGradient: await trueGradient(opened, at), dropped };
  },

  async clarke({ alpha, beta, slope }) {
    const opened = await openOnce();
    return {
      inverse: await answerOrRefuse(() => computeInverseJacobian(opened, alpha, beta, slope)),
      verdict: createVerdict(await certifyAt0(opened, slope)),
    };
  },
});

async function answerOrRefuse<Value>(value: () => Promise<Value>): Promise<Answer<Value>> {
  return catchRefusal(async () => ({ value: await value() }));
}

function createVerdict({ status, reason, kinks }: ImplicitCertificate): Verdict {
  return { status, reason, kinks: kinks.length };
}
