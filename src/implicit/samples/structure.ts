/**
 * The sample to which every value of a function belongs, found from its tape alone: whether the rows of a batch depend
 * on one another, and where the kinks of each are.
 */
import type { Entry } from '../../autodiff/linearisation.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import type { Places } from '../kink-places.ts';
import { isDoubtful, joinEach, makeRowOwners, NONE, type Owners, ownerOf, SEVERAL, sampleOf } from './owners.ts';
import { findOutputOwners } from './rules.ts';

/** A value whose sample is asked for. The index is its number on the tape: see Entry. */
export interface Asked {
  readonly index: number;
  readonly size: number;
}

/** The solution and the residual of a custom operation, by their numbers on the tape: see UnfoldedSolution. */
export interface FollowedSolution {
  readonly output: number;
  readonly residual: number | undefined;
}

/** A recorded function of an unknown, [batch, n], whose image has the same rows. */
export interface RecordedFunction {
  readonly entries: readonly Entry[];
  readonly solutions: readonly FollowedSolution[];
  readonly unknown: Asked;
  /** The other arguments of the function. */
  readonly inputs: readonly { readonly index: number; readonly shape: Shape }[];
  /** Undefined where it does not depend on anything that the tape follows. */
  readonly image: number | undefined;
  readonly batch: number;
}

/** A dependence of a row of the image on another row of the unknown. */
export interface Mixing {
  readonly row: number;
  /** Undefined where it depends on several. */
  readonly on: number | undefined;
  /** Whether the dependence may be multiplied by 0, which the trace cannot tell. */
  readonly isDoubtful: boolean;
}

export interface Structure {
  readonly mixing: Mixing | undefined;
  /** One for each value that was asked for. */
  readonly places: readonly Places[];
}

/** The structures of functions by their recordings: every solve records its function again. */
const structures = new Map<string, Structure>();
const MAXIMUM_STRUCTURES = 128;

/** Finds the structure of a function, or looks it up. @param asked the values whose samples are wanted */
export function findStructure(recorded: RecordedFunction, asked: readonly Asked[]): Structure {
  const key = keyOf(recorded, asked);
  const known = key === undefined ? undefined : structures.get(key);
  if (known || key === undefined) return known ?? examine(recorded, asked);
  const [oldest] = structures.keys();
  if (structures.size === MAXIMUM_STRUCTURES) structures.delete(oldest);
  const structure = examine(recorded, asked);
  structures.set(key, structure);
  return structure;
}

/** All that the structure depends on. Undefined where there is a custom operation, which has no key. */
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

function examine(recorded: RecordedFunction, asked: readonly Asked[]): Structure {
  const { unknown, image, batch } = recorded;
  const owners = propagateOwners(recorded, new Map([[unknown.index, makeRowOwners(unknown.size, batch)]]));
  return {
    mixing: image === undefined ? undefined : findMixing(owners(image), batch),
    places: asked.map((value) => ({ batch, own: assignSamples(recorded, value, owners(value.index)) })),
  };
}

/** The owners of all values, where those in `starts` are given and all dependence on samples comes from them. */
function propagateOwners(
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
      const output = isSolution.has(outputIndex)
        ? solved.get(outputIndex)
        : findOutputOwners(inputIndices.map(of), entry);
      if (output) all.set(outputIndex, output);
    }
    // A solution depends, number by number, on what its equation depends on. Solutions may depend on one another in a
    // cycle, so this is repeated until nothing changes.
    let hasGrown = false;
    for (const { output, residual } of solutions) {
      const before = solved.get(output);
      const after = joinEach(before, of(residual));
      if (after?.every((owner, at) => owner === before?.[at]) ?? true) continue;
      solved.set(output, after);
      hasGrown = true;
    }
    if (!hasGrown) return of;
  }
}

/** The first row that certainly depends on another one; where there is none, the first that does so doubtfully. */
function findMixing(image: Owners, batch: number): Mixing | undefined {
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
 * The samples to which the numbers of a value belong: those on which they depend. A number that depends on none, such
 * as one that is computed from inputs alone, belongs to the sample that it reaches, where this is a single one.
 */
function assignSamples(recorded: RecordedFunction, { index, size }: Asked, owners: Owners): Places['own'] {
  const { batch, image } = recorded;
  const own = Int32Array.from({ length: size }, (_, at) => {
    const owner = owners?.[at] ?? NONE;
    return owner === NONE || sampleOf(owner) === SEVERAL ? -1 : sampleOf(owner);
  });
  const regular = size % batch === 0 ? candidatesFor(size, batch) : [];
  const isOfInputs = owners === undefined;
  for (const candidate of isOfInputs ? [...regular, ...candidatesOfInputs(recorded, index)] : regular) {
    // A number that depends on several samples belongs to no single one, whatever it reaches.
    const fits = own.every((sample, place) => sample === candidate[place] || (owners?.[place] ?? NONE) === NONE);
    if (!fits) continue;
    const isReached = (): boolean => {
      const reached = propagateOwners(recorded, new Map([[index, candidate.map(ownerOf)]]))(image);
      return findMixing(reached, batch) === undefined;
    };
    if (own.includes(-1) && !isReached()) continue;
    return candidate === regular[0] ? 'rows' : candidate;
  }
  return own.every((sample) => sample === -1) ? 'shared' : own;
}

/** The usual layouts of a batch: sample after sample, or one number of each sample in turn. */
function candidatesFor(size: number, batch: number): Int32Array[] {
  const width = size / batch;
  return [
    Int32Array.from({ length: size }, (_, at) => Math.floor(at / width)),
    Int32Array.from({ length: size }, (_, at) => at % batch),
  ];
}

/** Layouts that follow from the inputs that have a row for each sample, however their numbers were rearranged. */
function candidatesOfInputs(recorded: RecordedFunction, index: number): Int32Array[] {
  const { inputs, batch } = recorded;
  // Inputs with two axes go first: a single axis as long as the batch may be one of features that all samples share.
  const sets = [2, 1].map((least) => inputs.filter(({ shape }) => shape.length >= least && shape[0] === batch));
  return sets.flatMap((rowwise) => {
    const starts = rowwise.map((input): [number, Owners] => [input.index, makeRowOwners(sizeOf(input.shape), batch)]);
    const owners = propagateOwners(recorded, new Map(starts))(index);
    const isOwned = (owner: number): boolean => owner !== NONE && sampleOf(owner) !== SEVERAL;
    return owners?.every(isOwned) ? [owners.map(sampleOf)] : [];
  });
}
