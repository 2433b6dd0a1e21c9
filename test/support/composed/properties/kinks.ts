/** The reported kinks are the planted ones, each with its operation, its sample and its place. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { OperationKink } from '../../../../src/implicit/kinks.ts';
import type { Engine } from '../../../../src/tensor/engine.ts';
import type { Unit } from '../derivatives.ts';
import { drawDescriptions } from '../description.ts';
import type { Problem } from '../graph.ts';
import { plantProblem } from '../planting.ts';
import { describeProperty, type Load } from '../property.ts';
import { Truth } from '../truth.ts';
import { certifyProblem, gradientsOf, keyOfUnit } from '../written.ts';
import { PLAIN } from './certificates.ts';

/** A system of all samples counts as one sample, and its places run over all of it. */
const listReported = (kinks: readonly OperationKink[]): string[] =>
  kinks
    .map(({ operation, place, sample, index, value }) => `${operation} ${place} ${sample} ${index}: ${value}`)
    .sort();

const listPlanted = (problem: Problem, kinks: readonly Unit[]): string[] =>
  kinks.map((kink) => `${kink.operation} ${keyOfUnit(problem, kink)}: ${kink.argument}`).sort();

export function checkKinks(load: Load, engine: () => Promise<Engine>): void {
  describeProperty(
    load,
    'a certificate names the kinks that move with the unknown',
    drawDescriptions({ kinds: PLAIN, isCoupled: false }),
    80,
    async (description) => {
      const problem = plantProblem(description);
      const { movingKinks } = new Truth(problem);
      const certificate = await certifyProblem(await engine(), problem);
      expect(listReported(certificate.kinks)).toEqual(listPlanted(problem, movingKinks));
    },
  );

  describeProperty(
    load,
    'the report of a gradient names all kinks, and counts them',
    drawDescriptions({ kinds: PLAIN, isCoupled: false }),
    60,
    async (description) => {
      const problem = plantProblem(description);
      const truth = new Truth(problem);
      const v = problem.values[0].flat().map(() => 1);
      fc.pre(truth.gradients(v) !== undefined && truth.amplification(v) < 100);
      const { solution } = await gradientsOf(await engine(), problem, v);
      const [report] = await Promise.all(solution.solve.backwardReports);
      expect(listReported(report.certificate.kinks)).toEqual(listPlanted(problem, truth.kinks));
      for (const [sample, { kinks: count }] of report.certificate.samples.entries()) {
        expect(count).toBe(truth.kinks.filter((kink) => kink.sample === undefined || kink.sample === sample).length);
      }
    },
  );
}
