/** A place in which measurements run: a browser or Node. */

export interface Environment {
  readonly name: EnvironmentName;
  /** For example "Node 22.1.0" or "Chromium 131.0.6778.85". */
  readonly version: string;
  /** Opens a process or a page that has loaded measurements.ts. */
  openSession(): Promise<Session>;
  close(): Promise<void>;
}

export interface Session {
  /** Calls an exported function of measurements.ts. */
  call<Result>(exportName: string, ...values: unknown[]): Promise<Result>;
  close(): Promise<void>;
}

export const ENVIRONMENTS = ['chrome', 'node', 'python'] as const;
export type EnvironmentName = (typeof ENVIRONMENTS)[number];

/** Milliseconds after which a call is abandoned, because a driver may hang. */
export const CALL_LIMIT = 600_000;
