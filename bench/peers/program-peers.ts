/** Solvers of npm that take one program at a time, forward only. They are loaded from where the peers are installed. */
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import type { Highs, ModelData } from 'highs';
import type { Scs, ScsCones, ScsProblem } from 'scs-solver';
import { type DenseProgram, type ProgramBatch, type Solutions, sampleOf } from '../program-problems.ts';
import { PEERS } from './install.ts';

/** Solves the programs of a batch, one after the other. */
export interface ProgramPeer<Batch = ProgramBatch> {
  readonly name: string;
  readonly version: string;
  /** Brings the numbers into the form that the solver takes. Not timed. */
  prepare(programs: Batch): void;
  solve(): Solutions;
}

/** A matrix by its columns. */
interface Columns {
  readonly starts: Int32Array;
  readonly indices: Int32Array;
  readonly values: Float64Array;
}

const load = <Module>(name: string): Module => createRequire(resolve(PEERS, 'package.json'))(name) as Module;
const versionOf = (name: string): string =>
  load<{ version: string }>(resolve(PEERS, 'node_modules', name, 'package.json')).version;

/** The numbers of a dense matrix, row by row, that `isKept` names. */
export function columnsOf(
  numbers: Float32Array,
  rows: number,
  columns: number,
  isKept: (row: number, column: number) => boolean,
): Columns {
  const starts = [0];
  const indices: number[] = [];
  const values: number[] = [];
  for (let column = 0; column < columns; column++) {
    for (let row = 0; row < rows; row++) {
      if (!isKept(row, column)) continue;
      indices.push(row);
      values.push(numbers[row * columns + column]);
    }
    starts.push(indices.length);
  }
  return { starts: Int32Array.from(starts), indices: Int32Array.from(indices), values: Float64Array.from(values) };
}

export const all = (): boolean => true;

/** x and y of every program, one after the other. */
export function collect<Problem>(
  problems: readonly Problem[],
  solveOne: (problem: Problem) => Solutions,
): { readonly x: number[]; readonly y: number[] } {
  const x: number[] = [];
  const y: number[] = [];
  for (const problem of problems) {
    const found = solveOne(problem);
    x.push(...Array.from(found.x));
    y.push(...Array.from(found.y));
  }
  return { x, y };
}

/** SCS: min ½xᵀPx + cᵀx over Ax + s = b, where s is in a product of cones. */
export interface OpenedScs {
  readonly name: string;
  readonly version: string;
  /** @throws Error where SCS ends without numbers */
  solve(problem: ScsProblem, cones: ScsCones): Solutions;
}

export async function loadScs(tolerance: number): Promise<OpenedScs> {
  const scs = await load<() => Promise<Scs>>('scs-solver')();
  const settings = new scs.ScsSettings();
  scs.setDefaultSettings(settings);
  Object.assign(settings, { epsAbs: tolerance, epsRel: tolerance, verbose: 0 });
  return {
    name: 'scs-solver',
    version: versionOf('scs-solver'),
    solve(problem, cones) {
      const { x, y, status } = scs.solve(problem, cones, settings);
      if (!x || !y) throw new Error(`scs-solver ended as ${status}`);
      return { x, y };
    },
  };
}

/** The dense matrices P and A, row by row, and b and c, as SCS takes them. */
export function scsProblemOf(
  { n, m, P, A }: Pick<DenseProgram, 'n' | 'm' | 'P' | 'A'>,
  b: Float32Array,
  c: Float32Array,
): ScsProblem {
  const columns = columnsOf(A, m, n, all);
  const upper = columnsOf(P, n, n, (row, column) => row <= column);
  return {
    m,
    n,
    A_x: columns.values,
    A_i: columns.indices,
    A_p: columns.starts,
    P_x: upper.values,
    P_i: upper.indices,
    P_p: upper.starts,
    b: Float64Array.from(b),
    c: Float64Array.from(c),
  };
}

/** SCS for quadratic programs: s is 0 on the first rows and not negative on the others. */
export async function openScs(tolerance: number): Promise<ProgramPeer> {
  const { name, version, solve } = await loadScs(tolerance);
  let problems: readonly { readonly data: ScsProblem; readonly equalities: number }[] = [];
  return {
    name,
    version,
    prepare(programs) {
      problems = Array.from({ length: programs.batch }, (_, sample) => {
        const program = sampleOf(programs, sample);
        checkUpper(program);
        return { data: scsProblemOf(program, program.u, program.q), equalities: program.equalities };
      });
    },
    solve: () => collect(problems, ({ data, equalities }) => solve(data, { z: equalities, l: data.m - equalities })),
  };
}

/** @throws Error where a row has two different bounds, since the cones that are used here have one */
function checkUpper({ m, equalities, l, u }: DenseProgram): void {
  for (let row = 0; row < m; row++) {
    const isPlain = row < equalities ? l[row] === u[row] : l[row] === Number.NEGATIVE_INFINITY;
    if (!isPlain)
      throw new Error(`row ${row} has the bounds ${l[row]} and ${u[row]}: it must be an equality or have no l`);
  }
}

/** HiGHS: min ½xᵀPx + qᵀx over l ≤ Ax ≤ u, whose multipliers have the opposite sign. */
export async function openHighs(tolerance: number): Promise<ProgramPeer> {
  const highs = await load<() => Promise<Highs>>('highs')();
  const options = {
    output_flag: false,
    primal_feasibility_tolerance: tolerance,
    dual_feasibility_tolerance: tolerance,
  };
  let problems: readonly ModelData[] = [];
  return {
    name: 'highs',
    version: versionOf('highs'),
    prepare(programs) {
      problems = Array.from({ length: programs.batch }, (_, sample): ModelData => {
        const { n, m, P, q, A, l, u } = sampleOf(programs, sample);
        return {
          numCols: n,
          numRows: m,
          colCost: Float64Array.from(q),
          colLower: new Float64Array(n).fill(-highs.infinity),
          colUpper: new Float64Array(n).fill(highs.infinity),
          rowLower: Float64Array.from(l, (bound) => Math.max(bound, -highs.infinity)),
          rowUpper: Float64Array.from(u, (bound) => Math.min(bound, highs.infinity)),
          matrix: { format: 'csc', numRows: m, numCols: n, ...columnsOf(A, m, n, all) },
          hessian: { format: 'triangular', dimension: n, ...columnsOf(P, n, n, (row, column) => row >= column) },
        };
      });
    },
    solve: () =>
      collect(problems, (problem) =>
        highs.withModel(problem, (model) => {
          model.options.set(options);
          model.run();
          const { colValue, rowDual } = model.getSolution();
          return { x: colValue, y: rowDual.map((value) => -value) };
        }),
      ),
  };
}
