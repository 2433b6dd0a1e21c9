/** Cone programs without a solution: each is named with a vector that shows it, or said not to be solved. */
import { expect } from 'vitest';
import { random } from '../../src/data/random.ts';
import { coneProgram, type Engine } from '../../src/index.ts';
import { coneOf, conesFor, FAMILIES } from './cone-batches.ts';
import { unsolvableError } from './cone-checks.ts';
import { arraysOf, rounded, solveTensors, tensorsOf } from './cone-data.ts';
import { type Counts, count, keepWorst } from './cone-trials.ts';
import { type PlantedConeProgram, plantConeProgram } from './planted-cone-programs.ts';

type Kind = 'infeasible' | 'unbounded';

/** A program of any cones, by turns of each family. */
function unsolvableProgram(kind: Kind, seed: number): PlantedConeProgram {
  const family = FAMILIES[seed % FAMILIES.length];
  for (let attempt = 0; ; attempt++) {
    const draws = random(seed).fork(`${kind} ${attempt}`);
    const cones =
      kind === 'infeasible' ? [...conesFor(family, draws), coneOf('nonneg', draws)] : conesFor(family, draws);
    const n = 2 + draws.integer(7);
    // Without curvature the costs of an infeasible program would be rounding.
    const rank = draws.integer(3) === 0 ? n : (kind === 'infeasible' ? 1 : 0) + draws.integer(n);
    const program = plantConeProgram({ seed: 1000 * seed + attempt, n, cones, kind, rank: Math.min(n, rank) });
    // Of a single row that counts only rounding would be left.
    if (kind === 'unbounded' || program.y.filter((value) => value !== 0).length >= 2) return program;
  }
}

/**
 * In float64. `infeasible` and `unbounded` come with a certificate; an infeasible program may have a direction along
 * which the objective falls without end, too. Any other status must not be `converged`, and leaves no gradient.
 */
export async function checkUnsolvable(engine: Engine, kind: Kind, seeds: readonly number[]): Promise<Counts> {
  const counts: Counts = {};
  for (const seed of seeds) {
    const program = unsolvableProgram(kind, seed);
    const place = `${kind}, seed ${seed}: n ${program.n}, ${program.cones.map(({ type, dim }) => type + dim).join(' ')}`;
    const solution = coneProgram({
      engine,
      ...arraysOf({ programs: [program], isShared: true }),
      cones: program.cones,
      onFailure: 'report',
      onFailedCertificate: 'ignore',
    });
    const [{ status, certificate }] = (await solution.report).samples;
    count(counts, status);
    expect(status, place).not.toBe('converged');
    if (kind === 'unbounded') expect(status, place).not.toBe('infeasible');
    expect((await solution.certificate()).status, place).not.toBe('certified');
    const [gradients] = await solution.gradients({ x: new Float64Array(program.n).fill(1) });
    const isSilent = gradients.c.some((value) => Number.isFinite(value));
    if (isSilent) count(counts, `numbers of ${status}`);
    if (status === 'infeasible' || status === 'unbounded') {
      const error = unsolvableError(program, status, certificate);
      keepWorst(counts, 'error', error);
      expect(error, place).toBeLessThan(1e-8);
      expect((await solution.values()).x.every(Number.isNaN), place).toBe(true);
    }
    expect(isSilent, `${place}: gradients of ${status}`).toBe(false);
    solution.dispose();
  }
  return counts;
}

/** By splitting on a device: none has converged, and what is reported as a number is not a solution. */
export async function checkUnsolvableOn(device: Engine, kind: Kind, seeds: readonly number[]): Promise<Counts> {
  const counts: Counts = {};
  for (const seed of seeds) {
    const program = unsolvableProgram(kind, seed);
    const { names, tensors } = tensorsOf(device, rounded({ name: '', programs: [program], isShared: false }));
    const data = Object.fromEntries(names.map((name, index) => [name, tensors[index]]));
    const solution = solveTensors(data, program.cones, {
      solver: 'splitting',
      limit: 400,
      onFailure: 'report',
      onFailedCertificate: 'ignore',
    });
    const [{ status }] = (await solution.report).samples;
    count(counts, status);
    expect(status, `${kind}, seed ${seed}`).not.toBe('converged');
    expect((await solution.certificate()).status, `${kind}, seed ${seed}`).not.toBe('certified');
    const [gradients] = await solution.gradients({ x: new Float64Array(program.n).fill(1) });
    expect(gradients.c.every(Number.isNaN), `${kind}, seed ${seed}: gradients of ${status}`).toBe(true);
    solution.dispose();
    for (const tensor of tensors) tensor.dispose();
  }
  return counts;
}
