/** Who takes part in the measurements of batches of programs, quadratic or with cones, and where the results go. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Work } from './cases.ts';
import { findNewestWith, requireInterpreter, titleOf } from './interpreters.ts';
import { firstLine, type Log } from './log.ts';
import type { CvxoptLoop } from './peers/cvxopt.ts';
import { installPeers, type PeerChoice } from './peers/install.ts';
import type { ProgramPeer } from './peers/program-peers.ts';
import type { Solutions } from './program-problems.ts';

export interface Contestant<Batch> {
  readonly name: string;
  readonly isForwardOnly: boolean;
  readonly work: Work<Batch>;
  /** What it found, for the judge. */
  solutions(): Promise<Solutions>;
}

/** The peers of npm that are installed. */
export async function openPeers<Batch>(
  choice: PeerChoice,
  openers: readonly (() => Promise<ProgramPeer<Batch>>)[],
  log: Log,
): Promise<ProgramPeer<Batch>[]> {
  if (choice === 'none') return [];
  const problem = choice === 'install' ? installPeers() : undefined;
  if (problem) log.note(`the peers could not be installed: ${problem}`);
  const opened: ProgramPeer<Batch>[] = [];
  for (const openPeer of openers) {
    try {
      opened.push(await openPeer());
    } catch (error) {
      log.note(`a peer is missing: ${firstLine(error)}`);
    }
  }
  return opened;
}

export function contestantOf<Batch>(peer: ProgramPeer<Batch>): Contestant<Batch> {
  let found: Solutions | undefined;
  return {
    name: `${peer.name} ${peer.version}`,
    isForwardOnly: true,
    work: {
      prepare: async (programs) => peer.prepare(programs),
      run: async () => {
        found = peer.solve();
        return {};
      },
      dispose() {},
    },
    solutions: async () => {
      if (!found) throw new Error(`${peer.name} has not solved anything`);
      return found;
    },
  };
}

/** The loop of cvxopt; undefined where no Python has it. */
export async function startPython<Batch>(
  { python, peers }: { readonly python: string | undefined; readonly peers: PeerChoice },
  openLoop: (program: string) => Promise<CvxoptLoop>,
  log: Log,
): Promise<{ readonly contestant: Contestant<Batch>; close(): Promise<void> } | undefined> {
  if (peers === 'none') return undefined;
  try {
    const found = python ? await requireInterpreter('cvxopt', python) : await findNewestWith('cvxopt');
    log.note(titleOf('cvxopt', found));
    const loop = await openLoop(found.program);
    return { contestant: contestantOfLoop(`cvxopt ${found.version}`, loop), close: () => loop.close() };
  } catch (error) {
    log.note(`no figures of cvxopt: ${firstLine(error)}`);
    return undefined;
  }
}

function contestantOfLoop<Batch>(name: string, loop: CvxoptLoop): Contestant<Batch> {
  const run = async () => {
    await loop.pass();
    return {};
  };
  return {
    name,
    isForwardOnly: true,
    work: { prepare: async () => {}, run, dispose() {} },
    solutions: () => loop.solutions(),
  };
}

/** Writes the JSON, and its tables beside it. @returns the tables */
export async function writeTables(output: string, results: object, text: string): Promise<string> {
  await mkdir(dirname(output), { recursive: true });
  await writeFile(output, `${JSON.stringify(results, undefined, 1)}\n`);
  await writeFile(output.replace(/(\.json)?$/, '.md'), text);
  return text;
}
