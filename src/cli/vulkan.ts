/**
 * Finds the parts of Vulkan that Dawn needs on Linux: the loader libvulkan.so.1 and the description files (ICD) of
 * drivers.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Browser } from './browsers.ts';

export interface Vulkan {
  /** The path of the loader. */
  readonly loader?: string;
  /** The paths of the driver descriptions that the loader reads. */
  readonly drivers: readonly string[];
}

const LOADER = 'libvulkan.so.1';

/** For Linux only: elsewhere Dawn uses Metal or Direct3D. */
export function findVulkan(environment: Readonly<Record<string, string | undefined>>): Vulkan {
  const loader = findLoaderIn(environment.LD_LIBRARY_PATH) ?? findSystemLoader();
  return { drivers: listDrivers(environment), ...(loader && { loader }) };
}

function findLoaderIn(paths: string | undefined): string | undefined {
  const folders = (paths ?? '').split(':').filter(Boolean);
  return folders.map((folder) => join(folder, LOADER)).find((file) => existsSync(file));
}

function findSystemLoader(): string | undefined {
  for (const program of ['ldconfig', '/sbin/ldconfig']) {
    try {
      const listed = execFileSync(program, ['-p'], { stdio: ['ignore', 'pipe', 'ignore'], timeout: 10_000 }).toString();
      return listed.match(/libvulkan\.so\.1 .*=> (.*)/)?.[1];
    } catch {
      // Some systems have no ldconfig, and others do not have it on every user's path.
    }
  }
  return findLoaderIn('/usr/lib/x86_64-linux-gnu:/usr/lib/aarch64-linux-gnu:/usr/lib64:/usr/lib:/usr/local/lib');
}

/** Lists the driver descriptions as the loader does: the user's choice replaces the usual folders. */
function listDrivers(environment: Readonly<Record<string, string | undefined>>): string[] {
  const chosen = environment.VK_DRIVER_FILES ?? environment.VK_ICD_FILENAMES;
  if (chosen) return chosen.split(':').filter((file) => existsSync(file));
  const folders = ['/etc', '/usr/local/etc', '/usr/share', '/usr/local/share', join(homedir(), '.local/share')];
  return folders
    .map((folder) => join(folder, 'vulkan', 'icd.d'))
    .flatMap((folder) => (existsSync(folder) ? readdirSync(folder).map((file) => join(folder, file)) : []))
    .filter((file) => file.endsWith('.json'));
}

/**
 * Returns the environment variables with which a new process finds the software Vulkan driver that comes with a
 * browser, and the loader beside it. Empty where no browser has one.
 */
export function findSoftwareDriver(
  browsers: readonly Browser[],
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const icd = browsers.find(({ swiftshaderIcd }) => swiftshaderIcd)?.swiftshaderIcd;
  if (!icd) return {};
  const libraries = [environment.LD_LIBRARY_PATH, dirname(icd)].filter(Boolean).join(':');
  return { VK_ICD_FILENAMES: icd, ...(process.platform === 'linux' && { LD_LIBRARY_PATH: libraries }) };
}
