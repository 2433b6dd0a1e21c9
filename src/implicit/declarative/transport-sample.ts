/** The plan of one entropic transport, with its derivatives and its certificate. */
import { factoriseMarginals, type MarginalEquations } from '../../solvers/transport/marginals.ts';
import type { TransportData, TransportSolution } from '../../solvers/transport/sinkhorn.ts';
import type { SampleCertificate } from '../certificate.ts';
import type { NodeDerivative, NodeExamination, NodeSample } from './node.ts';

/** What belongs to the batch, and to ε. */
interface Surroundings {
  /** The arguments that are tensors, in their order: 0 stands for C, 1 for a, 2 for b, 3 for ε. */
  readonly order: readonly number[];
  /** ε of the entropy. */
  readonly strength: number;
  readonly tolerance: number;
  /** ε of the backend. */
  readonly epsilon: number;
}

export class TransportSample implements NodeSample {
  readonly row: Float64Array;
  readonly iterations: number;
  readonly residual: number;
  readonly isSolved: boolean;
  /** Undefined where the plan falls apart into blocks up to rounding. */
  private readonly equations: MarginalEquations | undefined;

  constructor(
    private readonly data: TransportData,
    { plan, iterations, residual }: TransportSolution,
    private readonly surroundings: Surroundings,
  ) {
    this.row = plan;
    this.iterations = iterations;
    this.residual = residual;
    this.isSolved = residual <= surroundings.tolerance;
    this.equations = factoriseMarginals(plan, ...this.sums((value) => value));
  }

  /** The sums of the rows and of the columns of what becomes of P. */
  private sums(of: (value: number, at: number) => number): [rows: Float64Array, columns: Float64Array] {
    const [n, m] = [this.data.a.length, this.data.b.length];
    const [rows, columns] = [new Float64Array(n), new Float64Array(m)];
    for (const [at, value] of this.row.entries()) {
      const each = of(value, at);
      rows[Math.floor(at / m)] += each;
      columns[at % m] += each;
    }
    return [rows, columns];
  }

  differentiate(): NodeDerivative {
    return {
      residual: 0,
      singular: this.equations === undefined,
      pull: (cotangent) => this.pull(cotangent),
      push: (tangents) => this.push(tangents),
    };
  }

  private pull(cotangent: Float64Array): Float64Array[] {
    const { cost, a, b } = this.data;
    const { order, strength } = this.surroundings;
    const m = b.length;
    const [u, w] = this.equations?.solve(this.sums((value, at) => value * cotangent[at])) ?? [
      undefinedOf(a),
      undefinedOf(b),
    ];
    const inC = this.row.map((value, at) => (-value * (cotangent[at] - u[Math.floor(at / m)] - w[at % m])) / strength);
    const mean = u.reduce((sum, value) => sum + value, 0) / u.length;
    const inStrength = -cost.reduce((sum, value, at) => sum + value * inC[at], 0);
    const all = [inC, u.map((value) => value - mean), w.map((value) => value + mean), Float64Array.of(inStrength)];
    return order.map((place) => all[place]);
  }

  /** Ṗ = P∘(u ⊕ w − K) with K = Ċ/ε − Cε̇/ε², where (u, w) solves the equations for (ȧ + (P∘K)1, ḃ + (P∘K)ᵀ1). */
  private push(tangents: readonly (Float64Array | undefined)[]): Float64Array {
    const { cost, a, b } = this.data;
    const { order, strength } = this.surroundings;
    const [n, m] = [a.length, b.length];
    const given = (place: number): Float64Array | undefined => tangents[order.indexOf(place)];
    const [inC, inA, inB, inStrength] = [0, 1, 2, 3].map(given);
    const bent = cost.map((value, at) => ((inC?.[at] ?? 0) - value * (inStrength?.[0] ?? 0)) / strength);
    const right = this.sums((value, at) => value * bent[at]);
    for (let i = 0; i < n; i++) right[0][i] += inA?.[i] ?? 0;
    for (let j = 0; j < m; j++) right[1][j] += inB?.[j] ?? 0;
    // What makes the sums differ is left out of ȧ, as its gradient has the mean 0.
    const excess = [0, 1].map((side) => right[side].reduce((sum, value) => sum + value, 0));
    for (let i = 0; i < n; i++) right[0][i] -= (excess[0] - excess[1]) / n;
    const [u, w] = this.equations?.solve(right) ?? [undefinedOf(a), undefinedOf(b)];
    return this.row.map((value, at) => value * (u[Math.floor(at / m)] + w[at % m] - bent[at]));
  }

  examine(): NodeExamination {
    const underflown = this.row.filter((value) => value === 0).length;
    const { equations } = this;
    const isKnown = equations !== undefined && this.isSolved;
    const lost = underflown > 0 ? `, of which ${underflown} entries underflow` : '';
    const certificate: SampleCertificate = {
      status: isKnown ? 'certified' : 'unknown',
      argument: 'marginals',
      reason: isKnown
        ? 'P > 0, so that the equations of the marginals determine the potentials but for one, and a Cholesky factor shows it'
        : this.isSolved
          ? `P${lost} falls apart into blocks up to rounding: epsilon is small beside the range of C`
          : 'the transport was not solved',
      kinks: 0,
      kinkTolerance: 0,
      nearlySingular: isKnown && equations.leastPivot < 1000 * this.surroundings.epsilon,
    };
    return { certificate, places: [] };
  }
}

const undefinedOf = (numbers: Float64Array): Float64Array => numbers.map(() => Number.NaN);
