/** Reads a quadratic or linear program and checks all its fields. */
import { InputError } from './io.ts';
import { checkKeys, checkNumber, describeKind, type JSONObject } from './json.ts';
import { readNumbers } from './matrix.ts';
import { isGiven, readLength, readList, readParts, readRowSelection } from './program-fields.ts';
import { type GivenMatrix, readGivenMatrix, readSymmetric } from './program-matrix.ts';

/** Minimise ½xᵀPx + qᵀx + constant over l ≤ Ax ≤ u. */
export interface ProgramInput {
  /** n × n; absent in a linear program. */
  readonly P: GivenMatrix | undefined;
  /** n */
  readonly q: readonly number[];
  /** m × n; absent where there are no constraints. */
  readonly A: GivenMatrix | undefined;
  /** m; null where a row has no bound. */
  readonly l: readonly (number | null)[] | undefined;
  readonly u: readonly (number | null)[] | undefined;
  readonly constant: number;
  readonly direction: ProgramInputDirection | undefined;
  readonly cotangent: ProgramInputCotangent | undefined;
  readonly selection: number | readonly number[] | undefined;
}

/** A direction of the data. What is absent does not change. */
export interface ProgramInputDirection {
  readonly dP?: GivenMatrix;
  readonly dq?: readonly number[];
  readonly dA?: GivenMatrix;
  readonly dl?: readonly number[];
  readonly du?: readonly number[];
}

/** A cotangent of x, y and z. What is absent is 0. */
export interface ProgramInputCotangent {
  readonly gx?: readonly number[];
  readonly gy?: readonly number[];
  readonly gz?: readonly number[];
}

const OPTIONAL = ['P', 'A', 'l', 'u', 'constant', 'direction', 'cotangent', 'selection'];

export function readProgramProblem(object: JSONObject): ProgramInput {
  checkKeys(object, 'a qp problem', ['kind', 'q'], OPTIONAL);
  const q = readNumbers('q', object.q);
  const n = q.length;
  const given = (key: string): boolean => isGiven(object[key]);
  const P = given('P') ? readSymmetric('P', object.P, n, 'q') : undefined;
  const A = given('A') ? readGivenMatrix('A', object.A, undefined, n, 'q') : undefined;
  const m = A?.rows ?? 0;
  const ofRows = readLength(m, 'row of A');
  return {
    P,
    q,
    A,
    l: given('l') ? ofRows(readBounds)('l', object.l) : undefined,
    u: given('u') ? ofRows(readBounds)('u', object.u) : undefined,
    constant: given('constant') ? checkNumber('constant', object.constant, 'a finite number', Number.isFinite) : 0,
    direction: given('direction') ? readDirection(object.direction, n, m) : undefined,
    cotangent: given('cotangent') ? readCotangent(object.cotangent, n, m) : undefined,
    selection: given('selection') ? readRowSelection(object.selection, m) : undefined,
  };
}

function readDirection(value: unknown, n: number, m: number): ProgramInputDirection {
  const [ofVariables, ofRows] = [readLength(n, 'number of q'), readLength(m, 'row of A')];
  return readParts('direction', value, {
    dP: (name, each) => readSymmetric(name, each, n, 'q'),
    dq: ofVariables(readList),
    dA: (name, each) => readGivenMatrix(name, each, m, n, 'q'),
    dl: ofRows(readMoves),
    du: ofRows(readMoves),
  });
}

function readCotangent(value: unknown, n: number, m: number): ProgramInputCotangent {
  const ofRows = readLength(m, 'row of A')(readList);
  return readParts('cotangent', value, { gx: readLength(n, 'number of q')(readList), gy: ofRows, gz: ofRows });
}

/** null is no bound. Numbers that are not finite cannot stand in JSON. */
function readBounds(name: string, value: unknown): readonly (number | null)[] {
  return readWithNulls(name, value, 'a finite number, or null for no bound', null);
}

/** null, where there is no bound, is no change. */
function readMoves(name: string, value: unknown): readonly number[] {
  return readWithNulls(name, value, 'a finite number, or null for no change', 0);
}

function readWithNulls<Instead>(name: string, value: unknown, must: string, instead: Instead): (number | Instead)[] {
  if (!Array.isArray(value))
    throw new InputError(`${name}: it is ${describeKind(value)}; it must be a list of numbers`);
  return value.map((each: unknown, row) =>
    each === null ? instead : checkNumber(`${name}[${row}]`, each, must, Number.isFinite),
  );
}
