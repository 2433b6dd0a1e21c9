/** Where the measurements run. */

export interface Environment {
  readonly name: EnvironmentName;
  /** Such as "Node 22.1.0" or "Chromium 131.0.6778.85". */
  readonly version: string;
  /** A process or a page with measurements.ts in it. */
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

/** Milliseconds after which one call is given up: a driver may hang. */
export const CALL_LIMIT = 600_000;
