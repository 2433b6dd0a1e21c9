/** A report with everything that can go wrong: markup in names, a class that was never predicted, one epoch or many. */
import type { ClassOutcome } from '../../src/cli/report/outcome.ts';
import type { TrainingReport } from '../../src/cli/report/report.ts';

export const HOSTILE = '<script>document.title = "taken"</script> & "quotes" \'both\'';

type ClassReport = Extract<TrainingReport, ClassOutcome>;

export function exampleReport(epochs: number, changes: Partial<ClassReport> = {}): ClassReport {
  const confusion = [
    [9, 1, 0],
    [2, 7, 0],
    [0, 3, 0],
  ];
  const evaluation = (loss: number, accuracy: number) => ({ loss, accuracy, confusion, count: 22 });
  return {
    title: `Training on ${HOSTILE}`,
    classNames: ['a', HOSTILE, 'c'],
    facts: [{ heading: 'Data', entries: [['features', HOSTILE]] }],
    history: Array.from({ length: epochs }, (_, index) => ({
      kind: 'epoch' as const,
      epoch: index + 1,
      epochs,
      loss: 1.5 / (index + 1),
      accuracy: 1 - 0.6 / (index + 1),
      rate: 0.01,
      iterationsForward: 12.5 + index,
      iterationsBackward: 7.25,
      seconds: 0.5,
      samplesPerSecond: 176,
      secondsLeft: 0.5 * (epochs - index - 1),
      validation: evaluation(1.7 / (index + 1), 1 - 0.7 / (index + 1)),
    })),
    evaluation: evaluation(0.4321, 16 / 22),
    weights: undefined,
    mistakes: {
      kind: 'rows',
      counted: 'Line',
      columns: ['length', HOSTILE],
      shown: [{ number: 17, label: 0, predicted: 1, probability: 0.87, cells: ['1.5', HOSTILE] }],
    },
    seconds: 125,
    ...changes,
  };
}

/** Mistakes with images: 8 × 8 in grey, or 3 × 4 in colour. */
export function imageMistakes(shape: readonly number[], count: number): ClassReport['mistakes'] {
  const size = shape.reduce((a, b) => a * b, 1);
  return {
    kind: 'images',
    shape,
    shown: Array.from({ length: count }, (_, index) => ({
      index,
      label: 0,
      predicted: 1,
      probability: 0.9,
      pixels: Float32Array.from({ length: size }, (_, pixel) => ((pixel + index) % size) / (size - 1)),
    })),
  };
}
