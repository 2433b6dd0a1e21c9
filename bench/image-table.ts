/** The results of `npm run images`: the JSON that is written, and its tables. */
import type { RunDescription } from './command.ts';
import { IMAGE_NETWORKS, IMAGE_SETS, type ImageSetName } from './image-networks.ts';
import type { ImageEpoch, ImageFinding, ImagePlace } from './image-runs.ts';
import { LOADED_SHARE } from './load.ts';
import { median } from './measure.ts';
import { markdownTable } from './table.ts';

/** What findings must have in common, so that they can stand in one table. */
export interface ImageSettings {
  readonly epochs: number;
  readonly batch: number;
  readonly threads: number;
  readonly rate: number;
  /** The relative residual at which solves stop. */
  readonly tolerance: number;
  /** How many images of each part were taken at most; absent where all were. */
  readonly images?: number;
}

export interface ImageResults extends RunDescription {
  readonly settings: ImageSettings;
  readonly notes: readonly string[];
  readonly findings: readonly ImageFinding[];
}

const LEGEND =
  'Accuracies are those of the test part, in percent, after each epoch; of several seeds the mean, and the least and the ' +
  'greatest in brackets. Seconds are those of the steps of an epoch, without its evaluation: the median over epochs and ' +
  'seeds; processor seconds are what all threads used meanwhile, which other programs on the computer lengthen less. MB of the engine: ' +
  'tensors, buffers kept for reuse, and Programs; MB of the process: its greatest resident size, with the data set.';

export function imageTextOf({ settings, notes, findings, ...run }: ImageResults): string {
  const { date, equilibra, node, processor } = run;
  const { batch, threads, rate, tolerance } = settings;
  const names = (Object.keys(IMAGE_SETS) as ImageSetName[]).filter((name) => findings.some(({ set }) => set === name));
  const how = `Adam at rate ${rate}, batches of ${batch}; solves stop at a relative residual of ${tolerance}. Pixels are standardised by channel.`;
  const made = `Equilibra ${equilibra}, WebAssembly, ${threads} threads, Node ${node}, ${processor.name}, ${processor.cores} cores, ${date}.`;
  const sections = names.map((name) => sectionOf(name, findings, settings));
  return `${['# Networks for images', ...sections, how, LEGEND, made, ...notes].join('\n\n')}\n`;
}

function sectionOf(name: ImageSetName, all: readonly ImageFinding[], { epochs }: ImageSettings): string {
  const findings = all.filter(({ set }) => set === name);
  const { title, channels, secondChannels, width } = IMAGE_SETS[name];
  const [trained, tested] = findings[0].images;
  const numbers = Array.from({ length: epochs }, (_, at) => String(at + 1));
  const groups = (['node', 'chrome'] as const).flatMap((where) =>
    Object.keys(IMAGE_NETWORKS).flatMap((network) => {
      const own = findings.filter((finding) => finding.where === where && finding.network === network);
      return own.length === 0 ? [] : [{ where, network, own }];
    }),
  );
  return [
    `## ${title}`,
    `${trained} images, and ${tested} to test on. The monotone convolution has ${channels} channels, the dense monotone layer ` +
      `${width} units, and the plain convolutions ${channels} and ${secondChannels} channels.`,
    markdownTable([
      ['network', 'where', 'seeds', 'parameters', ...numbers.map((number) => `epoch ${number}`)],
      ...groups.map(({ own, ...group }) => [...headOf(group, own), ...accuraciesOf(own, epochs)]),
    ]),
    markdownTable([
      [
        'network',
        'where',
        'threads',
        's an epoch',
        'processor s',
        'iterations',
        'MB of the engine',
        'MB of the process',
      ],
      ...groups.map(({ own, network, where }) => [network, placeOf(where, own), ...costsOf(own)]),
    ]),
    ...loadOf(findings),
  ].join('\n\n');
}

function headOf(
  { network, where }: { readonly network: string; readonly where: ImagePlace },
  own: readonly ImageFinding[],
): string[] {
  return [network, placeOf(where, own), String(own.length), String(own[0].parameters)];
}

function placeOf(where: ImagePlace, [{ version }]: readonly ImageFinding[]): string {
  return where === 'node' ? 'Node' : version;
}

function accuraciesOf(own: readonly ImageFinding[], epochs: number): string[] {
  return Array.from({ length: epochs }, (_, at) => {
    const accuracies = own.map((finding) => 100 * finding.epochs[at].accuracy);
    const mean = accuracies.reduce((sum, each) => sum + each, 0) / accuracies.length;
    const range =
      accuracies.length > 1 ? ` (${percent(Math.min(...accuracies))}–${percent(Math.max(...accuracies))})` : '';
    return `${percent(mean)}${range}`;
  });
}

const percent = (share: number): string => share.toFixed(1);

function costsOf(own: readonly ImageFinding[]): string[] {
  const epochs = own.flatMap((finding) => finding.epochs);
  const of = (read: (epoch: ImageEpoch) => number | undefined): string => {
    const values = epochs.flatMap((epoch) => read(epoch) ?? []);
    return values.length === 0 ? '–' : median(values).toFixed(1);
  };
  const isIterative = epochs.some(({ iterationsForward }) => iterationsForward > 0);
  const resident = own.flatMap(({ residentBytes }) => residentBytes ?? []);
  const threads = [...new Set(own.map(({ threads }) => threads ?? '?'))].sort();
  return [
    threads.join(', '),
    of(({ seconds }) => seconds),
    of(({ processorSeconds }) => processorSeconds),
    isIterative ? `${of((epoch) => epoch.iterationsForward)} / ${of((epoch) => epoch.iterationsBackward)}` : '–',
    megabytes(Math.max(...own.map(({ bytes }) => bytes))),
    resident.length === 0 ? '–' : megabytes(Math.max(...resident)),
  ];
}

const megabytes = (bytes: number): string => String(Math.round(bytes / 1e6));

/** Says where other programs kept the processors busy: the seconds are then too many. */
function loadOf(findings: readonly ImageFinding[]): string[] {
  const epochs = findings.flatMap((finding) => finding.epochs);
  const loaded = epochs.filter(({ others = 0 }) => others > LOADED_SHARE);
  if (loaded.length === 0) return [];
  const most = Math.max(...loaded.map(({ others = 0 }) => others));
  return [
    `During ${loaded.length} of ${epochs.length} epochs other programs had more than ${100 * LOADED_SHARE} % of the processors, ` +
      `${Math.round(100 * most)} % at most: their seconds are too many.`,
  ];
}
