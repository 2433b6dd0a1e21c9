/**
 * Which sample every value of a function belongs to, from what its tape holds and nothing else: whether the rows of a batch see one
 * another, and where the kinks of each are.
 */
import type { Entry } from '../../autodiff/linearisation.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import type { Places } from '../kink-places.ts';
import { isDoubtful, joinedEach, NONE, type Owners, ownedBy, rowOwners, SEVERAL, sampleOf } from './owners.ts';
import { outputOwners } from './rules.ts';

/** A value of which it is asked where it belongs. Values are told by the numbers of the tape, see Entry. */
export interface Asked {
  readonly index: number;
  readonly size: number;
}

/** What a custom operation solves, on the tape too: see UnfoldedSolution. */
export interface FollowedSolution {
  readonly output: number;
  readonly residual: number | undefined;
}

/** A function of an unknown, [batch, n], whose image has the same rows. */
export interface RecordedFunction {
  readonly entries: readonly Entry[];
  readonly solutions: readonly FollowedSolution[];
  readonly unknown: Asked;
  /** What else the function gets. */
  readonly inputs: readonly { readonly index: number; readonly shape: Shape }[];
  /** Undefined where it does not depend on anything that the tape follows. */
  readonly image: number | undefined;
  readonly batch: number;
}

/** That a row of the image depends on another row of the unknown. */
export interface Mixing {
  readonly row: number;
  /** Undefined where it depends on several. */
  readonly on: number | undefined;
  /** It may be that the dependence is multiplied by 0: the trace cannot tell. */
  readonly isDoubtful: boolean;
}

export interface Structure {
  readonly mixing: Mixing | undefined;
  /** One for each value that was asked for. */
  readonly places: readonly Places[];
}

/** What was found of functions that record the same: a function is recorded anew for every solve. */
const found = new Map<string, Structure>();
const REMEMBERED = 128;

export function structureOf(recorded: RecordedFunction, asked: readonly Asked[]): Structure {
  const key = keyOf(recorded, asked);
  const known = key === undefined ? undefined : found.get(key);
  if (known || key === undefined) return known ?? examined(recorded, asked);
  const [oldest] = found.keys();
  if (found.size === REMEMBERED) found.delete(oldest);
  const structure = examined(recorded, asked);
  found.set(key, structure);
  return structure;
}

/** Everything that the structure depends on; a custom operation has no name by which it is known again. */
function keyOf(
  { entries, unknown, inputs, image, batch }: RecordedFunction,
  asked: readonly Asked[],
): string | undefined {
  if (entries.some(({ operation }) => operation === 'custom')) return undefined;
  const operations = entries.map(({ operation, inputs, inputIndices, output, outputIndex, attributes }) => [
    ...[operation, inputIndices, inputs.map(({ shape }) => shape), output.shape, outputIndex],
    attributes,
  ]);
  return JSON.stringify([batch, unknown, inputs, image, asked, operations]);
}

function examined(recorded: RecordedFunction, asked: readonly Asked[]): Structure {
  const { unknown, image, batch } = recorded;
  const owners = ownersFrom(recorded, new Map([[unknown.index, rowOwners(unknown.size, batch)]]));
  return {
    mixing: image === undefined ? undefined : mixingOf(owners(image), batch),
    places: asked.map((value) => ({ batch, own: ownOf(recorded, value, owners(value.index)) })),
  };
}

/** Of all values, where some have these and no other value that is not computed from them depends on a sample. */
function ownersFrom(
  { entries, solutions }: RecordedFunction,
  starts: ReadonlyMap<number, Owners>,
): (index: number | undefined) => Owners {
  const solved = new Map<number, Owners>();
  for (;;) {
    const all = new Map<number, Owners>(starts);
    const of = (index: number | undefined): Owners => (index === undefined ? undefined : all.get(index));
    const isSolution = new Set(solutions.map(({ output }) => output));
    for (const entry of entries) {
      const { inputIndices, outputIndex } = entry;
      if (starts.has(outputIndex)) continue;
      const output = isSolution.has(outputIndex) ? solved.get(outputIndex) : outputOwners(inputIndices.map(of), entry);
      if (output) all.set(outputIndex, output);
    }
    // A solution depends on what its equation depends on, number by number. Where another number is the one that an equation
    // determines, both depend on the same: along a cycle of such numbers each has what the next one has.
    let hasGrown = false;
    for (const { output, residual } of solutions) {
      const before = solved.get(output);
      const after = joinedEach(before, of(residual));
      if (after?.every((owner, at) => owner === before?.[at]) ?? true) continue;
      solved.set(output, after);
      hasGrown = true;
    }
    if (!hasGrown) return of;
  }
}

/** The first row that depends on another one, beyond doubt if there is one. */
function mixingOf(image: Owners, batch: number): Mixing | undefined {
  if (!image) return undefined;
  const width = image.length / batch;
  let doubtful: Mixing | undefined;
  for (const [at, owner] of image.entries()) {
    const row = Math.floor(at / width);
    if (owner === NONE || sampleOf(owner) === row) continue;
    const on = sampleOf(owner) === SEVERAL ? undefined : sampleOf(owner);
    const mixing = { row, on, isDoubtful: isDoubtful(owner) };
    if (!mixing.isDoubtful) return mixing;
    doubtful ??= mixing;
  }
  return doubtful;
}

/**
 * Where a value belongs: to the samples that it depends on. What depends on none of them, as what is computed from inputs alone,
 * belongs to the sample that it reaches, where that is one.
 */
function ownOf(recorded: RecordedFunction, { index, size }: Asked, owners: Owners): Places['own'] {
  const { batch, image } = recorded;
  const own = Int32Array.from({ length: size }, (_, at) => {
    const owner = owners?.[at] ?? NONE;
    return owner === NONE || sampleOf(owner) === SEVERAL ? -1 : sampleOf(owner);
  });
  const regular = size % batch === 0 ? candidatesFor(size, batch) : [];
  const isOfInputs = owners === undefined;
  for (const candidate of isOfInputs ? [...regular, ...candidatesOfInputs(recorded, index)] : regular) {
    // What is several samples' already is of no sample alone, wherever it goes.
    const fits = own.every((sample, place) => sample === candidate[place] || (owners?.[place] ?? NONE) === NONE);
    if (!fits) continue;
    const isReached = (): boolean => {
      const reached = ownersFrom(recorded, new Map([[index, candidate.map(ownedBy)]]))(image);
      return mixingOf(reached, batch) === undefined;
    };
    if (own.includes(-1) && !isReached()) continue;
    return candidate === regular[0] ? 'rows' : candidate;
  }
  return own.every((sample) => sample === -1) ? 'shared' : own;
}

/** How the numbers of a batch are laid out as a rule: sample after sample, or one number of each in turn. */
function candidatesFor(size: number, batch: number): Int32Array[] {
  const width = size / batch;
  return [
    Int32Array.from({ length: size }, (_, at) => Math.floor(at / width)),
    Int32Array.from({ length: size }, (_, at) => at % batch),
  ];
}

/** However they were rearranged: those of the inputs that have a row for each sample, as far as a number belongs to one alone. */
function candidatesOfInputs(recorded: RecordedFunction, index: number): Int32Array[] {
  const { inputs, batch } = recorded;
  // An axis of its own may as well be that of features which all samples share.
  const sets = [2, 1].map((least) => inputs.filter(({ shape }) => shape.length >= least && shape[0] === batch));
  return sets.flatMap((rowwise) => {
    const starts = rowwise.map((input): [number, Owners] => [input.index, rowOwners(sizeOf(input.shape), batch)]);
    const owners = ownersFrom(recorded, new Map(starts))(index);
    const isOwned = (owner: number): boolean => owner !== NONE && sampleOf(owner) !== SEVERAL;
    return owners?.every(isOwned) ? [owners.map(sampleOf)] : [];
  });
}
