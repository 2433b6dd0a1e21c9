/** Solvers of cone programs that take one program at a time, forward only. */
import { type ConeBatch, coneSampleOf, type DenseConeProgram } from '../cone-problems.ts';
import { type CvxoptLoop, openLoop } from './cvxopt.ts';
import { collect, loadScs, type ProgramPeer, scsProblemOf } from './program-peers.ts';

/** SCS. Without LAPACK it refuses semidefinite cones, which `solve` throws. */
export async function openConeScs(tolerance: number): Promise<ProgramPeer<ConeBatch>> {
  const { name, version, solve } = await loadScs(tolerance);
  let problems: readonly ReturnType<typeof problemOf>[] = [];
  return {
    name,
    version,
    prepare(programs) {
      problems = Array.from({ length: programs.batch }, (_, sample) => problemOf(coneSampleOf(programs, sample)));
    },
    solve: () => collect(problems, ({ data, cones }) => solve(data, cones)),
  };
}

function problemOf(program: DenseConeProgram) {
  const sizesOf = (kind: 'soc' | 'psd'): number[] =>
    program.cones.filter(({ type }) => type === kind).map(({ dim }) => dim);
  const [q, s] = [sizesOf('soc'), sizesOf('psd')];
  return { data: scsProblemOf(program, program.b, program.c), cones: { q, qsize: q.length, s, ssize: s.length } };
}

/** Cone programs in cvxopt, by its function coneqp. */
export function openConeCvxopt(program: string, programs: ConeBatch, tolerance: number): Promise<CvxoptLoop> {
  const { batch, n, m, cones, isShared, P, c, A, b } = programs;
  const sizes = { batch, n, m, cones, isShared, tolerance };
  return openLoop(program, 'bench/python/cone_loop.py', sizes, [P, c, A, b]);
}
