/** Where the measurements run. */

export interface Environment {
  readonly name: EnvironmentName;
  /** Such as "Node 22.1.0" or "Chromium 131.0.6778.85". */
  readonly version: string;
  /** Calls an exported function of measurements.ts, in a process or a page of its own. */
  call<Result>(exportName: string, ...values: unknown[]): Promise<Result>;
  close(): Promise<void>;
}

export const ENVIRONMENTS = ['chrome', 'node'] as const;
export type EnvironmentName = (typeof ENVIRONMENTS)[number];

/** After which one call is given up: a driver may hang. */
export const CALL_LIMIT = 600_000;

/** `import()` and call, as text: it is run by another process. */
export function callExpression(address: string, exportName: string, values: readonly unknown[]): string {
  const parameters = values.map((value) => JSON.stringify(value)).join(', ');
  return `import(${JSON.stringify(address)}).then((module) => module[${JSON.stringify(exportName)}](${parameters}))`;
}
