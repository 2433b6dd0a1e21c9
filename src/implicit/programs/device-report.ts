/** The report of a batch that the device has solved: what its summary says, and the figures that were read besides. */
import type { SolveReport } from '../../solvers/report.ts';
import type { Engine } from '../../tensor/engine.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { unlessAborted } from '../run-limits.ts';
import type { ProgramReport, ProgramSampleReport } from './report.ts';

/** What is read of a solve besides its summary, a row for each: [5, batch]. */
export const FIGURES = ['ratio', 'primal', 'dual', 'gap', 'objective'] as const;

export class DeviceReport {
  /** Resolves once the summary has been read: certificates may be asked for before that. */
  readonly told: Promise<ProgramReport>;
  private tell: (report: Promise<ProgramReport>) => void = () => {};
  private readonly figures: Promise<ArrayLike<number>>;

  /**
   * @param figures as in FIGURES; they are freed
   * @param areRight rejects where the data are wrong
   */
  constructor(
    engine: Engine,
    figures: Tensor,
    private readonly batch: number,
    private readonly areRight: Promise<void>,
    signal: AbortSignal | undefined,
  ) {
    this.told = new Promise((resolve) => {
      this.tell = resolve;
    });
    this.told.catch(() => {}); // whoever reads the report sees it reject
    this.figures = unlessAborted(engine.downloadNow(figures), signal);
    this.figures.catch(() => {});
    figures.dispose();
  }

  /** Adds the figures to what the summary says. Rejects where the data are wrong. */
  async complete(read: SolveReport): Promise<ProgramReport> {
    await this.areRight;
    const numbers = await this.figures;
    const samples = read.samples.map((sample, index): ProgramSampleReport => {
      const figure = (name: (typeof FIGURES)[number]): number => numbers[FIGURES.indexOf(name) * this.batch + index];
      const [primal, dual, gap, objective] = (['primal', 'dual', 'gap', 'objective'] as const).map(figure);
      return { ...sample, primal, dual, gap, objective };
    });
    return { ...read, samples };
  }

  /** Is told the report, whatever becomes of it: it may reject before `complete` is called. */
  follow(report: Promise<ProgramReport>): void {
    this.tell(report);
  }

  /** The report, once all has been read. */
  async read(): Promise<ProgramReport> {
    await this.figures;
    return this.told;
  }
}
