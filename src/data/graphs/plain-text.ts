/**
 * Data sets of graphs as text files, in the format of the collection of Morris et al., "TUDataset: a collection of benchmark
 * datasets for learning with graphs" (2020): NAME_A.txt and others, whose lines are nodes, edges or graphs.
 */
import { BOOLEAN } from '../../arguments/check.ts';
import { type Checks, readOptions } from '../../arguments/options.ts';
import { checkFiles, listFiles, type NamedFile, prefixErrors, withoutCompressedTwins } from '../images.ts';
import { checkLimit, DataError, LIMIT_OPTIONS, type LimitOptions, type Limits, limitsOf } from '../limits.ts';
import { readText } from '../source.ts';
import { type Entry, graphFromEntries } from './graph.ts';
import type { LabelledGraph } from './graph-samples.ts';
import { type Line, readLines } from './text-lines.ts';

/** Options of `graphsFromFiles`. */
export interface GraphFileOptions extends LimitOptions {
  /** Whether the number of edges into a node is one of its features, behind all others. Default false. */
  degrees?: boolean;
}

const OPTIONS: Checks<GraphFileOptions> = { ...LIMIT_OPTIONS, degrees: BOOLEAN };

/** A data set of graphs. */
export interface GraphFiles {
  /** What the names of the files begin with. */
  readonly name: string;
  /** The graphs in their order, for `graphSamples`. All edges have the weight 1, as listed: from the first node to the second. */
  readonly graphs: readonly LabelledGraph[];
  /** What the file calls each class, in ascending order: the label of a graph is the place in this list. */
  readonly classNames: readonly string[];
  /**
   * What each feature of a node is: whether its label is a certain one, `label 3`, or for further columns of labels
   * `label 2: 3`; an attribute, `attribute 1`; or `degree`. Without any of them each node has one feature, 1.
   */
  readonly featureNames: readonly string[];
}

const PARTS = ['A', 'graph_indicator', 'graph_labels', 'node_labels', 'node_attributes'] as const;
type Part = (typeof PARTS)[number];
const NEEDED: readonly Part[] = ['A', 'graph_indicator', 'graph_labels'];

/**
 * Reads graphs with their classes from the text files NAME_A.txt (edges), NAME_graph_indicator.txt (the graph of each node) and
 * NAME_graph_labels.txt, with NAME_node_labels.txt and NAME_node_attributes.txt where there are such; plain or .gz. Nodes and graphs
 * are numbered from 1 there. Labels of nodes become a feature for each, attributes stay as they are. An edge that is listed twice
 * counts once; files with labels or attributes of edges or of graphs are not read.
 *
 * @throws DataError that names the file, and the line in which something is wrong, or where a limit is exceeded
 */
export async function graphsFromFiles(files: readonly NamedFile[], given?: GraphFileOptions): Promise<GraphFiles> {
  const options = readOptions('graphsFromFiles', given, OPTIONS);
  checkFiles('graphsFromFiles', files);
  const limits = limitsOf(options);
  const { name, parts } = findParts(files);
  const read = async (part: Part): Promise<readonly Line[] | undefined> => {
    const file = parts.get(part);
    if (!file) return undefined;
    const text = readText(file.bytes, options);
    return prefixErrors(
      file.name,
      text.then((all) => readLines(all, limits)),
    );
  };
  const [edges = [], owners = [], labels = [], nodeLabels, attributes] = await Promise.all(PARTS.map(read));
  const fileOf = (part: Part): string => (parts.get(part) as NamedFile).name;
  checkWidths(fileOf, { A: edges, graph_indicator: owners, graph_labels: labels });
  const groups = groupNodes(owners, labels.length, fileOf('graph_indicator'));
  const rows = owners.length;
  for (const [part, lines] of [
    ['node_labels', nodeLabels],
    ['node_attributes', attributes],
  ] as const) {
    if (lines && lines.length !== rows) {
      throw new DataError(`${fileOf(part)} has ${lines.length} lines; ${fileOf('graph_indicator')} has ${rows} nodes`);
    }
  }
  const lists = listEdges(edges, groups, fileOf('A'));
  const columns = [...labelColumns(nodeLabels, limits), ...attributeColumns(attributes)];
  if (options.degrees) columns.push(degreeColumn(lists, groups));
  if (columns.length === 0) columns.push({ name: 'one', at: () => 1 });
  checkLimit(limits, 'values', rows * columns.length, `${name} has ${rows} nodes with ${columns.length} features`);
  const texts = labels.map(({ cells }) => cells[0]);
  const classNames = sortNumbers(texts);
  checkLimit(limits, 'classes', classNames.length, `${fileOf('graph_labels')} has ${classNames.length} classes`);
  return {
    name,
    classNames,
    featureNames: columns.map((column) => column.name),
    graphs: groups.nodes.map((nodes, graph) => ({
      graph: graphFromEntries(nodes.length, lists[graph]),
      features: Float64Array.from(nodes.flatMap((node) => columns.map(({ at }) => at(node)))),
      label: placeIn(classNames, texts[graph]),
    })),
  };
}

/** What a line of these files is. */
const LINES = { A: [2, 'two nodes'], graph_indicator: [1, 'one graph'], graph_labels: [1, 'one class'] } as const;

/** @throws DataError where lines have more numbers, such as weights of edges, which are not read */
function checkWidths(fileOf: (part: Part) => string, lines: Record<keyof typeof LINES, readonly Line[]>): void {
  for (const part of Object.keys(LINES) as (keyof typeof LINES)[]) {
    const [allowed, what] = LINES[part];
    const width = lines[part][0]?.cells.length ?? 0;
    if (width > allowed) throw new DataError(`${fileOf(part)}: line 1 has ${width} numbers; it must be ${what}`);
  }
}

/** The files by their parts. */
function findParts(files: readonly NamedFile[]): { name: string; parts: ReadonlyMap<Part, NamedFile> } {
  const names = withoutCompressedTwins(files.map(({ name }) => name));
  const parts = new Map<Part, NamedFile>();
  const found = new Set<string>();
  for (const name of names) {
    for (const part of PARTS) {
      const match = new RegExp(`^(?:.*[\\\\/])?(.*)_${part}\\.txt(?:\\.gz)?$`).exec(name);
      if (!match) continue;
      if (parts.has(part))
        throw new DataError(`${name}: there is more than one file *_${part}.txt; ${listFiles(names)}`);
      parts.set(part, files.find((file) => file.name === name) as NamedFile);
      found.add(match[1]);
    }
  }
  for (const part of NEEDED) {
    if (!parts.has(part)) throw new DataError(`no file *_${part}.txt; ${listFiles(names)}`);
  }
  if (found.size > 1) throw new DataError(`the files are of different data sets: ${[...found].join(', ')}`);
  return { name: [...found][0], parts };
}

/** Which nodes each graph has, and where each node is in its graph. All are numbered from 0. */
interface Groups {
  readonly nodes: readonly (readonly number[])[];
  readonly graphOf: readonly number[];
  readonly placeOf: readonly number[];
}

function groupNodes(owners: readonly Line[], count: number, file: string): Groups {
  const nodes: number[][] = Array.from({ length: count }, () => []);
  const graphOf: number[] = [];
  const placeOf: number[] = [];
  for (const [node, { line, cells }] of owners.entries()) {
    const graph = readIndex(file, line, cells, 0, count, 'graph');
    graphOf.push(graph);
    placeOf.push(nodes[graph].length);
    nodes[graph].push(node);
  }
  const empty = nodes.findIndex((each) => each.length === 0);
  if (empty >= 0)
    throw new DataError(`${file}: graph ${empty + 1} has no nodes; each of ${count} graphs must have at least one`);
  return { nodes, graphOf, placeOf };
}

/** The edges of each graph, between places in it, each once. */
function listEdges(edges: readonly Line[], { nodes, graphOf, placeOf }: Groups, file: string): Entry[][] {
  const lists: Map<number, Entry>[] = nodes.map(() => new Map());
  for (const { line, cells } of edges) {
    const [source, target] = [0, 1].map((at) => readIndex(file, line, cells, at, graphOf.length, 'node'));
    if (graphOf[source] !== graphOf[target]) {
      throw new DataError(
        `${file}: line ${line}: node ${source + 1} is of graph ${graphOf[source] + 1} and node ${target + 1} of graph ${graphOf[target] + 1}; an edge must stay in its graph`,
      );
    }
    const key = placeOf[source] * graphOf.length + placeOf[target];
    lists[graphOf[source]].set(key, [placeOf[source], placeOf[target], 1]);
  }
  return lists.map((list) => [...list.values()]);
}

/** A number from 1, as one from 0. */
function readIndex(
  file: string,
  line: number,
  cells: readonly string[],
  at: number,
  count: number,
  what: string,
): number {
  const cell = cells[at];
  const number = Number(cell);
  if (cell !== undefined && Number.isInteger(number) && number >= 1 && number <= count) return number - 1;
  throw new DataError(
    `${file}: line ${line}: the ${what} is ${cell === undefined ? 'missing' : JSON.stringify(cell)}; it must be an integer from 1 to ${count}`,
  );
}

interface Column {
  readonly name: string;
  readonly at: (node: number) => number;
}

function labelColumns(lines: readonly Line[] | undefined, limits: Limits): Column[] {
  if (!lines) return [];
  return Array.from({ length: lines[0]?.cells.length ?? 0 }, (_, column) => {
    const texts = lines.map(({ cells }) => cells[column]);
    const labels = sortNumbers(texts);
    checkLimit(limits, 'categories', labels.length, `the nodes have ${labels.length} labels`);
    const prefix = column === 0 ? 'label' : `label ${column + 1}:`;
    return labels.map((label) => ({
      name: `${prefix} ${label}`,
      at: (node: number) => (Number(texts[node]) === Number(label) ? 1 : 0),
    }));
  }).flat();
}

function attributeColumns(lines: readonly Line[] | undefined): Column[] {
  return (lines?.[0]?.cells ?? []).map((_, column) => ({
    name: `attribute ${column + 1}`,
    at: (node) => Number(lines?.[node].cells[column]),
  }));
}

function degreeColumn(lists: readonly (readonly Entry[])[], { graphOf, placeOf }: Groups): Column {
  const degrees = lists.map((list) => {
    const counts = new Map<number, number>();
    for (const [, target] of list) counts.set(target, (counts.get(target) ?? 0) + 1);
    return counts;
  });
  return { name: 'degree', at: (node) => degrees[graphOf[node]].get(placeOf[node]) ?? 0 };
}

/** The texts of different numbers, in ascending order; 1 and 1.0 are the same number. */
function sortNumbers(texts: readonly string[]): string[] {
  const firsts = new Map<number, string>();
  for (const text of texts) if (!firsts.has(Number(text))) firsts.set(Number(text), text);
  return [...firsts.values()].sort((a, b) => Number(a) - Number(b));
}

const placeIn = (names: readonly string[], text: string): number =>
  names.findIndex((name) => Number(name) === Number(text));
