/** Reads a cone program and checks all its fields. */
import { type Cone, readCanonicalForm } from '../index.ts';
import { readCones, rowsOfCones } from '../solvers/cones/cone.ts';
import { asInputError, InputError } from './io.ts';
import { checkKeys, describeKind, type JSONObject } from './json.ts';
import { readNumbers } from './matrix.ts';
import { isGiven, readLength, readList, readParts, readRowSelection } from './program-fields.ts';
import { type GivenMatrix, readGivenMatrix, readSymmetric } from './program-matrix.ts';

/** Minimise ½xᵀPx + cᵀx + constant over Ax + s = b, s in a product of cones. */
export interface ConeInput extends ConeInputDerivatives {
  /** n × n; absent where the objective is linear. */
  readonly P: GivenMatrix | undefined;
  /** m × n */
  readonly A: GivenMatrix;
  /** m */
  readonly b: readonly number[];
  /** n */
  readonly c: readonly number[];
  readonly cones: readonly Cone[];
  readonly constant: number;
  /** Of a program in the canonical form: the row of the file that each row is. */
  readonly rows: readonly number[] | undefined;
}

/** Which derivatives are asked for, and which element of the Jacobian they take. */
interface ConeInputDerivatives {
  readonly direction: ConeInputDirection | undefined;
  readonly cotangent: ConeInputCotangent | undefined;
  readonly selection: number | readonly number[] | undefined;
}

/** A direction of the data. What is absent does not change. */
export interface ConeInputDirection {
  readonly dA?: GivenMatrix;
  readonly db?: readonly number[];
  readonly dc?: readonly number[];
  readonly dP?: GivenMatrix;
}

/** A cotangent of x, y and s. What is absent is 0. */
export interface ConeInputCotangent {
  readonly gx?: readonly number[];
  readonly gy?: readonly number[];
  readonly gs?: readonly number[];
}

const DERIVATIVES = ['direction', 'cotangent', 'selection'] as const;

export function readConeProblem(object: JSONObject): ConeInput {
  checkKeys(object, 'a cone problem', ['kind', 'A', 'b', 'c', 'cone'], ['P', ...DERIVATIVES]);
  const c = readNumbers('c', object.c);
  const n = c.length;
  const A = readGivenMatrix('A', object.A, undefined, n, 'c');
  const m = A.rows;
  const cones = readConeList(object.cone, m);
  return {
    P: isGiven(object.P) ? readSymmetric('P', object.P, n, 'c') : undefined,
    A,
    b: readLength(m, 'row of A')(readList)('b', object.b),
    c,
    cones,
    constant: 0,
    rows: undefined,
    ...readDerivatives(object, n, m),
  };
}

/** Reads a problem that CVXPY has arranged for a solver. Directions and cotangents are in the order of the answer. */
export function readCanonicalProblem(object: JSONObject): ConeInput {
  const { direction, cotangent, selection, ...form } = object;
  const { program, rows, offset } = asInputError(() => readCanonicalForm(form));
  const [n, m] = [program.c.length, program.b.length];
  return {
    P: program.P && readSymmetric('P', program.P, n, 'c'),
    A: readGivenMatrix('A', program.A, m, n, 'c'),
    b: program.b,
    c: program.c,
    cones: program.cones,
    constant: offset,
    rows,
    ...readDerivatives(object, n, m),
  };
}

function readDerivatives(object: JSONObject, n: number, m: number): ConeInputDerivatives {
  const [ofVariables, ofRows] = [readLength(n, 'number of c')(readList), readLength(m, 'row of A')(readList)];
  const [direction, cotangent, selection] = DERIVATIVES.map((name) => object[name]);
  return {
    direction: isGiven(direction)
      ? readParts<Required<ConeInputDirection>>('direction', direction, {
          dA: (name, each) => readGivenMatrix(name, each, m, n, 'c'),
          db: ofRows,
          dc: ofVariables,
          dP: (name, each) => readSymmetric(name, each, n, 'c'),
        })
      : undefined,
    cotangent: isGiven(cotangent)
      ? readParts('cotangent', cotangent, { gx: ofVariables, gy: ofRows, gs: ofRows })
      : undefined,
    selection: isGiven(selection) ? readRowSelection(selection, m) : undefined,
  };
}

function readConeList(value: unknown, m: number): readonly Cone[] {
  if (!Array.isArray(value)) {
    throw new InputError(`cone: it is ${describeKind(value)}; it must be a list of {"type", "dim"}`);
  }
  // null is as good as no alpha.
  const cones = value.map((each: unknown) => {
    if (each === null || typeof each !== 'object' || !('alpha' in each) || each.alpha !== null) return each;
    const { alpha, ...others } = each;
    return others;
  });
  const rows = rowsOfCones(asInputError(() => readCones('cone', cones)));
  if (rows !== m)
    throw new InputError(`cone: by type and dim they have ${rows} rows together; A has ${m}, so they must have ${m}`);
  return cones as readonly Cone[];
}
