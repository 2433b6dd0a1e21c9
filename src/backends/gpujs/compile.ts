/**
 * Compiles a Program into a list of launches over slots that are assigned once, and finds the statement after which
 * each slot is no longer needed. Nothing is overwritten: data never change, and a loop carries references.
 */
import type { Carried, Loop, Program, Statement } from '../backend.ts';
import { ABSENT } from '../kernels.ts';
import { lower } from './lower.ts';
import type { Extents } from './machine.ts';
import type { KernelVariant } from './variants.ts';

interface Launch {
  readonly kind: 'launch';
  readonly variant: KernelVariant;
  readonly operands: readonly number[];
  readonly parameters: readonly number[];
  readonly extents: Extents;
  readonly output: number;
  /** Slots that are not read after this launch. */
  readonly spent: readonly number[];
}

export interface CompiledLoop {
  readonly kind: 'loop';
  readonly carried: readonly Carried[];
  readonly body: readonly CompiledStatement[];
  readonly limit: number;
  readonly spent: readonly number[];
  /** Whether a pass contains a loop, and therefore waits for the flag of that loop. */
  readonly hasInnerLoop: boolean;
  /** The size of all carried values together, in numbers. */
  readonly carriedSize: number;
  /** The number of passes in the last run of the loop. */
  lastPasses: number | undefined;
}

export type CompiledStatement = Launch | CompiledLoop;

export interface Compiled {
  readonly program: Program;
  readonly statements: readonly CompiledStatement[];
  /** The number of slots: those of the Program, and those for intermediate results of its calls. */
  readonly slots: number;
}

type Draft = Omit<Launch, 'spent'> | (Omit<CompiledLoop, 'spent' | 'body'> & { readonly body: readonly Draft[] });

export function compile(program: Program): Compiled {
  let slots = program.sizes.length;
  const draftOf = (statements: readonly Statement[]): Draft[] => {
    const drafts: Draft[] = [];
    for (const statement of statements) {
      if (statement.kernel === 'loop') {
        drafts.push(loopOf(statement, draftOf(statement.body)));
        continue;
      }
      lower(statement, (variant, operands, parameters, extents, output = slots++) => {
        drafts.push({ kind: 'launch', variant, operands, parameters, extents, output });
        return output;
      });
    }
    return drafts;
  };
  const loopOf = ({ carried, limit }: Loop, body: readonly Draft[]): Draft => ({
    kind: 'loop',
    carried,
    body,
    limit,
    hasInnerLoop: body.some(({ kind }) => kind === 'loop'),
    carriedSize: carried.reduce((sum, { entering }) => sum + program.sizes[entering], 0),
    lastPasses: undefined,
  });
  const drafts = draftOf(program.statements);
  const kept = new Set([...program.inputs, ...program.constants.keys(), ...program.outputs]);
  return { program, statements: findSpentSlots(drafts, kept), slots };
}

/** @param kept slots that are needed after the statements, or that belong to the surrounding scope */
function findSpentSlots(drafts: readonly Draft[], kept: ReadonlySet<number>): CompiledStatement[] {
  const needed = new Set(kept);
  const statements: CompiledStatement[] = [];
  for (const draft of [...drafts].reverse()) {
    const left = draft.kind === 'loop' ? draft.carried.map(({ leaving }) => leaving) : [];
    const touched = new Set([...slotsReadBy(draft), ...slotsWrittenBy(draft), ...left]);
    const spent = [...touched].filter((slot) => !needed.has(slot));
    for (const slot of touched) needed.add(slot);
    if (draft.kind === 'launch') statements.push({ ...draft, spent });
    else statements.push({ ...draft, spent, body: findSpentSlots(draft.body, slotsKeptInside(draft)) });
  }
  return statements.reverse();
}

/** The slots whose content a statement reads when it begins. */
function slotsReadBy(draft: Draft): number[] {
  if (draft.kind === 'launch') return draft.operands.filter((slot) => slot !== ABSENT);
  return [...draft.carried.map(({ initial }) => initial), ...slotsFromOutside(draft)];
}

function slotsWrittenBy(draft: Draft): number[] {
  return draft.kind === 'launch' ? [draft.output] : draft.carried.map(({ entering }) => entering);
}

type LoopDraft = Extract<Draft, { kind: 'loop' }>;

/** The slots from outside the loop that its body reads, or that leave a pass. */
function slotsFromOutside({ carried, body }: LoopDraft): Set<number> {
  const inside = new Set(carried.map(({ entering }) => entering));
  const found = new Set<number>();
  for (const draft of body) {
    for (const slot of slotsReadBy(draft)) if (!inside.has(slot)) found.add(slot);
    for (const slot of slotsWrittenBy(draft)) inside.add(slot);
  }
  for (const { leaving } of carried) if (!inside.has(leaving)) found.add(leaving);
  return found;
}

/** The slots that a pass must not free: the carried ones, which the loop itself frees, and those from outside. */
function slotsKeptInside(loop: LoopDraft): Set<number> {
  return new Set([...slotsFromOutside(loop), ...loop.carried.flatMap(({ entering, leaving }) => [entering, leaving])]);
}
