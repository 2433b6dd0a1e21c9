import type { Session } from './environment.ts';
import type { LoadWatch } from './load.ts';
import type { Assignment, Finding } from './measurements.ts';
import { type Rounds, refereeRounds } from './referee.ts';

/**
 * Measures one case in a session. The repetitions are led from here, because a page cannot see the load of the
 * computer.
 */
export async function findingsOf(session: Session, assignment: Assignment, watch: LoadWatch): Promise<Finding[]> {
  const rounds: Rounds = {
    begin: () => session.call('begin', assignment),
    round: (repetition) => session.call('round', repetition),
    judge: (verdict) => session.call('judge', verdict),
  };
  await refereeRounds(rounds, assignment.limits.repetitions, watch);
  return session.call('finish');
}
