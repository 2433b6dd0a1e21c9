/** How the cost of a solve and its gradient grows: time with the batch, memory with the iterations. */
import type { Contestant } from './contestants.ts';
import type { Session } from './environment.ts';
import type { LoadWatch } from './load.ts';
import type { Limits } from './measure.ts';
import type { Curve } from './measurements.ts';
import { findingsOf } from './sessions.ts';

/** One contestant's curve: milliseconds against the batch, or bytes against the iterations. */
export interface Scaling extends Contestant, Curve {
  readonly of: 'batch' | 'iterations';
}

const WIDTH = 128;
const BATCHES = [32, 64, 128, 256, 512, 1024];
const LIMITS: Limits = { repetitions: 5, milliseconds: 500 };
const BATCH = 128;
const ITERATIONS = [10, 20, 40, 80, 160, 320];

export async function scalingIn(session: Session, watch: LoadWatch): Promise<Scaling[]> {
  const curves = new Map<string, Contestant & { points: [number, number][] }>();
  for (const batch of BATCHES) {
    const assignment = { case: 'solve' as const, batch, width: WIDTH, limits: LIMITS };
    for (const { library, backend, timing } of await findingsOf(session, assignment, watch)) {
      const key = `${library} ${backend}`;
      const curve = curves.get(key) ?? { library, backend, points: [] };
      if (timing) curve.points.push([batch, timing.median]);
      curves.set(key, curve);
    }
  }
  const size = { batch: BATCH, width: WIDTH };
  const memory = await session.call<(Contestant & Curve)[]>('memoryAgainst', size, ITERATIONS);
  return [
    ...[...curves.values()].map((curve) => ({ of: 'batch' as const, ...curve })),
    ...memory.map((curve) => ({ of: 'iterations' as const, ...curve })),
  ];
}
