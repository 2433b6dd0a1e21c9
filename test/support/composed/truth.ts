/** The truth about the planted solution, computed exactly from all choices at the kinks. */

import { dot } from '../numbers.ts';
import { DEFAULT_SELECTION } from './bends.ts';
import {
  inputColumn,
  isKink,
  jacobian,
  type Slopes,
  slopesWith,
  type Unit,
  unitsOf,
  unknownsOf,
} from './derivatives.ts';
import { determinantSign, type Matrix, solveExactly, transpose } from './exact.ts';
import { dependence, isInner, type Problem } from './graph.ts';

/** The selection q in [0, 1] at each kink. */
export type Choice = (kink: Unit) => number;

const DEFAULT_CHOICE: Choice = ({ operation }) => DEFAULT_SELECTION[operation as keyof typeof DEFAULT_SELECTION];

export class Truth {
  readonly units: readonly Unit[];
  /** All kinks. */
  readonly kinks: readonly Unit[];
  /** The kinks whose arguments depend on the unknown. */
  readonly movingKinks: readonly Unit[];
  /** The samples of each system. */
  readonly systems: readonly (readonly number[])[];

  constructor(readonly problem: Problem) {
    this.units = unitsOf(problem);
    this.kinks = this.units.filter(isKink);
    const depends = dependence(problem.nodes);
    // The bend of an inner problem depends on its own unknown.
    this.movingKinks = this.kinks.filter(({ node }) => depends[node] || isInner(problem.nodes[node]));
    const samples = Array.from({ length: problem.batch }, (_, sample) => sample);
    this.systems = problem.isCoupled ? [samples] : samples.map((sample) => [sample]);
  }

  /** For each system, whether every element of the conservative Jacobian is invertible. */
  verdicts(): ('certified' | 'failed')[] {
    const own = this.systems.map((samples) => this.movingKinks.filter((kink) => isPart(kink, samples)));
    const signs = this.systems.map(() => new Set<number>());
    for (let set = 0; set < 2 ** Math.max(...own.map(({ length }) => length)); set++) {
      const high = new Set(own.flatMap((kinks) => kinks.filter((_, at) => set & (1 << at))));
      const matrix = jacobian(
        this.problem,
        this.slopes((kink) => (high.has(kink) ? 1 : 0)),
      );
      for (const [index, samples] of this.systems.entries()) {
        if (set < 2 ** own[index].length) signs[index].add(determinantSign(this.block(matrix, samples)));
      }
    }
    return signs.map((seen) => (seen.size === 1 && !seen.has(0) ? 'certified' : 'failed'));
  }

  /**
   * The gradients of Σ v·z for every input, with one choice at the kinks; undefined where the element is singular.
   * @param cotangent v, [batch, n]
   */
  gradients(cotangent: readonly number[], choice: Choice = DEFAULT_CHOICE): number[][] | undefined {
    const { problem } = this;
    const slopes = this.slopes(choice);
    const u = this.adjoint(slopes, cotangent);
    return (
      u &&
      problem.inputs.map((input, place) =>
        input.values.map((_, at) => -dot(u, inputColumn(problem, slopes, place, at))),
      )
    );
  }

  /**
   * The range of one of these numbers over all choices at the kinks, where every element is invertible. As a function
   * of a single choice the number is a quotient of affine functions, so the extremes are at the ends.
   */
  range(cotangent: readonly number[], input: number, at: number): readonly [low: number, high: number] {
    const shared = this.kinks.filter(({ sample }) => sample === undefined);
    const own = this.systems.map((samples) =>
      this.kinks.filter((kink) => kink.sample !== undefined && isPart(kink, samples)),
    );
    const total: [number, number] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let all = 0; all < 2 ** shared.length; all++) {
      const ranges = this.systems.map((): [number, number] => [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
      for (let set = 0; set < 2 ** Math.max(...own.map(({ length }) => length)); set++) {
        const high = new Set([
          ...shared.filter((_, bit) => all & (1 << bit)),
          ...own.flatMap((kinks) => kinks.filter((_, bit) => set & (1 << bit))),
        ]);
        const slopes = this.slopes((kink) => (high.has(kink) ? 1 : 0));
        const u = this.adjoint(slopes, cotangent);
        if (!u) return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
        const column = inputColumn(this.problem, slopes, input, at);
        for (const [index, samples] of this.systems.entries()) {
          const value = -this.indices(samples).reduce((sum, place) => sum + u[place] * column[place], 0);
          ranges[index] = [Math.min(ranges[index][0], value), Math.max(ranges[index][1], value)];
        }
      }
      total[0] = Math.min(
        total[0],
        ranges.reduce((sum, [low]) => sum + low, 0),
      );
      total[1] = Math.max(
        total[1],
        ranges.reduce((sum, [, high]) => sum + high, 0),
      );
    }
    return total;
  }

  /** ‖u‖/‖v‖ of the adjoint solve for each system: the amplification of a residual. */
  amplification(cotangent: readonly number[], choice: Choice = DEFAULT_CHOICE): number {
    const u = this.adjoint(this.slopes(choice), cotangent);
    return u ? Math.hypot(...u) / (Math.hypot(...cotangent) || 1) : Number.POSITIVE_INFINITY;
  }

  private slopes(choice: Choice): Slopes {
    return slopesWith(this.problem, this.units, (unit) => {
      const [low, high] = unit.interval;
      return low === high ? low : low + choice(unit) * (high - low);
    });
  }

  /** Bᵀu = v */
  private adjoint(slopes: Slopes, cotangent: readonly number[]): number[] | undefined {
    const { problem } = this;
    const matrix = jacobian(problem, slopes);
    const u = new Array<number>(matrix.length).fill(0);
    const width = unknownsOf(problem);
    for (const samples of this.systems) {
      const indices = this.indices(samples);
      const right = indices.map((index) => {
        const [sample, at] = [Math.floor(index / width), index % width];
        return [at < problem.n ? cotangent[sample * problem.n + at] : 0];
      });
      const solved = solveExactly(transpose(this.block(matrix, samples)), right);
      if (!solved) return undefined;
      for (const [place, index] of indices.entries()) [u[index]] = solved[place];
    }
    return u;
  }

  private block(matrix: Matrix, samples: readonly number[]): number[][] {
    const indices = this.indices(samples);
    return indices.map((row) => indices.map((column) => matrix[row][column]));
  }

  private indices(samples: readonly number[]): number[] {
    const width = unknownsOf(this.problem);
    return samples.flatMap((sample) => Array.from({ length: width }, (_, at) => sample * width + at));
  }
}

const isPart = ({ sample }: Unit, samples: readonly number[]): boolean =>
  sample === undefined || samples.includes(sample);
