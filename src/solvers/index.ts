/** The solvers by name. */
import type { LinearSolver } from './backward.ts';
import { inRounds } from './backward.ts';
import { bicgstab } from './bicgstab.ts';
import { cgnr } from './cgnr.ts';
import type { ForwardSolver } from './forward.ts';
import { forwardBackward } from './forward-backward.ts';
import { peacemanRachford } from './peaceman-rachford.ts';

export const FORWARD_SOLVERS = {
  'peaceman-rachford': peacemanRachford,
  'forward-backward': forwardBackward,
} as const satisfies Record<string, ForwardSolver>;
export type ForwardSolverName = keyof typeof FORWARD_SOLVERS;

export const LINEAR_SOLVERS = {
  bicgstab: inRounds('bicgstab', [bicgstab]),
  cgnr: inRounds('cgnr', [cgnr]),
  /** BiCGSTAB; CGNR, which cannot break down, for the samples on which it did. */
  'bicgstab+cgnr': inRounds('bicgstab+cgnr', [bicgstab, cgnr]),
} as const satisfies Record<string, LinearSolver>;
export type LinearSolverName = keyof typeof LINEAR_SOLVERS;
