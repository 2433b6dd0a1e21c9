/** Measures the cases of one environment. */
import type { AdapterDescription } from '../src/index.ts';
import { CASES, type CaseName } from './cases.ts';
import { CONTESTANTS, type Contestant, maximumMultiplications, nameOf } from './contestants.ts';
import type { Environment, Session } from './environment.ts';
import type { LoadWatch } from './load.ts';
import type { Log } from './log.ts';
import { firstLine } from './log.ts';
import type { Assignment, Finding } from './measurements.ts';
import type { BenchOptions } from './options.ts';
import type { Entry } from './results.ts';
import { type Scaling, scalingIn } from './scaling.ts';
import { findingsOf } from './sessions.ts';
import { caseOf, describe } from './table.ts';

/** A session, and the contestants that could be opened in it. */
interface Field {
  readonly session: Session;
  readonly adapters: ReadonlyMap<string, AdapterDescription>;
  readonly contestants: readonly Contestant[];
}

/** The scaling curves of one environment, measured in a session of their own. */
export async function scalingOf(
  environment: Environment,
  options: BenchOptions,
  log: Log,
  watch: LoadWatch,
): Promise<Scaling[]> {
  const { session } = await openField(environment, wantedIn(environment, options), log);
  try {
    return await scalingIn(session, watch);
  } catch (error) {
    log.failure(`${environment.version}, curves: ${firstLine(error)}`);
    return [];
  } finally {
    await session.close();
  }
}

function wantedIn({ name }: Environment, options: BenchOptions): Contestant[] {
  return CONTESTANTS.filter(({ environments }) => environments.includes(name))
    .map(({ library, backend }) => ({ library, backend }))
    .filter((contestant) => isWanted(contestant, options));
}

/** Measures all cases of one environment. */
export async function measureIn(
  environment: Environment,
  options: BenchOptions,
  log: Log,
  watch: LoadWatch,
): Promise<Entry[]> {
  const { sizes, limits } = options;
  const names = Object.keys(CASES) as CaseName[];
  const assignments = sizes.flatMap((size) => names.map((name) => ({ case: name, ...size, limits })));
  const wanted = wantedIn(environment, options);
  if (wanted.length === 0) return [];
  let field: Field | undefined = await openField(environment, wanted, log);
  if (field.contestants.length === 0) {
    await field.session.close();
    return [];
  }
  const entries: Entry[] = [];
  for (const assignment of assignments) {
    let found: Entry[];
    try {
      field ??= await openField(environment, wanted, log);
      const findings = await findingsOf(field.session, assignment, watch);
      found = findings.map((finding) => entryOf(environment, field?.adapters, assignment, finding));
    } catch (error) {
      // The session cannot be trusted after this; the remaining cases get a new one.
      const { limits: _, ...assigned } = assignment;
      const { name, version } = environment;
      found = (field?.contestants ?? wanted).map((contestant) => ({
        environment: name,
        version,
        ...contestant,
        ...assigned,
        error: firstLine(error),
      }));
      await field?.session.close();
      field = undefined;
    }
    if (found.some((entry) => entry.error !== undefined)) log.failed = true;
    for (const entry of found) console.error(progressOf(entry));
    entries.push(...found);
  }
  await field?.session.close();
  return entries;
}

function isWanted({ library, backend }: Contestant, options: BenchOptions): boolean {
  if (options.peers === 'none' && library !== 'equilibra') return false;
  return (
    (options.library === undefined || options.library === library) &&
    (options.backend === undefined || options.backend === backend)
  );
}

/** Opens a session with the contestants. One that cannot be opened is noted once, and left out. */
async function openField(environment: Environment, wanted: readonly Contestant[], log: Log): Promise<Field> {
  const session = await environment.openSession();
  const adapters = new Map<string, AdapterDescription>();
  const contestants: Contestant[] = [];
  for (const contestant of wanted) {
    const name = nameOf(contestant);
    try {
      const adapter = await session.call<AdapterDescription | undefined>('openContestant', contestant);
      contestants.push(contestant);
      if (!adapter) continue;
      adapters.set(name, adapter);
      if (contestant.backend === 'webgpu' && adapter.software) {
        log.note(
          `${environment.version}: the adapter is ${describe(adapter)}: these are no figures of a graphics card`,
        );
      }
      if (Number.isFinite(maximumMultiplications(contestant.backend, adapter))) {
        log.note(`${environment.version}, ${name}: the larger sizes are left out, since ${describe(adapter)} is slow`);
      }
    } catch (error) {
      log.note(`${environment.version} has no ${name}: ${firstLine(error)}`);
    }
  }
  return { session, adapters, contestants };
}

function entryOf(
  { name, version }: Environment,
  adapters: Field['adapters'] | undefined,
  { limits, ...assigned }: Assignment,
  finding: Finding,
): Entry {
  const chosen = CASES[assigned.case];
  const adapter = adapters?.get(nameOf(finding));
  const { timing } = finding;
  const counted = timing && 'operations' in chosen;
  return {
    environment: name,
    version,
    ...(adapter && { adapter }),
    ...assigned,
    ...finding,
    // operations per nanosecond are GFLOP/s
    ...(counted && { gigaflops: chosen.operations(assigned) / (timing.median * 1e6) }),
  };
}

function progressOf(entry: Entry): string {
  const { timing, error } = entry;
  return `${caseOf(entry)}: ${timing ? `${timing.median.toFixed(2)} ms` : `failed: ${error}`}`;
}
