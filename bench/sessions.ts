import type { Session } from './environment.ts';
import type { LoadWatch } from './load.ts';
import type { Assignment, Finding } from './measurements.ts';
import { type Rounds, refereed } from './referee.ts';

/** One case in a session, led from here: what others do to the computer is seen from outside a page. */
export async function findingsOf(session: Session, assignment: Assignment, watch: LoadWatch): Promise<Finding[]> {
  const rounds: Rounds = {
    begin: () => session.call('begin', assignment),
    round: (repetition) => session.call('round', repetition),
    judge: (verdict) => session.call('judge', verdict),
  };
  await refereed(rounds, assignment.limits.repetitions, watch);
  return session.call('finish');
}
