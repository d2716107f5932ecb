/** Installs the Debian packages that the lab uses and that this machine does not have. Their services stay off: the lab runs its own. */
import { chmod, rm, writeFile } from 'node:fs/promises';
import { fileExists } from './buildah.ts';
import { run, tryRun } from './shell.ts';

const PACKAGES = [
  'bird2',
  'buildah',
  'conntrack',
  'containerd',
  'containernetworking-plugins',
  'frr',
  'iproute2',
  'iptables',
  'kmod',
  'mmdebstrap',
  'nftables',
  'procps',
  'runc',
  'tcpdump',
];
const SERVICES = ['bird', 'containerd', 'frr'];
const POLICY = '/usr/sbin/policy-rc.d';

export async function prepareDebianPackages(note: (text: string) => void): Promise<void> {
  const missing = missingPackages(PACKAGES, await installedStates());
  if (missing.length === 0) return;
  if ((await tryRun('apt-get', ['--version'])).code !== 0) {
    throw new Error(
      `Cannot install ${missing.join(', ')}: apt-get is not there; the lab is made for Debian 12 and its like`,
    );
  }
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  note('reading the package lists');
  await run('apt-get', ['update', '--quiet'], { env, onLine: note });
  await withServicesOff(async () => {
    note(`installing ${missing.join(' ')}`);
    await run('apt-get', ['install', '--yes', '--quiet', '--no-install-recommends', ...missing], { env, onLine: note });
  });
  // Nor at the next boot. A machine without systemd has nothing to switch off.
  await tryRun('systemctl', [
    'disable',
    '--quiet',
    ...SERVICES.filter((service) => missing.some((name) => name.startsWith(service))),
  ]);
}

/** @param states lines of `package state` as dpkg-query prints them. */
export function missingPackages(wanted: readonly string[], states: string): string[] {
  const installed = new Set(
    states
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
  return wanted.filter((name) => !installed.has(name));
}

async function installedStates(): Promise<string> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own syntax.
  const format = '--showformat=${Package} ${db:Status-Status}\\n';
  // It ends with 1 when it does not know one of the packages, and still tells of the others.
  const { stdout } = await tryRun('dpkg-query', ['--show', format, ...PACKAGES]);
  return stdout;
}

/** Debian's packages start their daemons at installation unless this script says no (invoke-rc.d(8)). */
async function withServicesOff(work: () => Promise<void>): Promise<void> {
  if (await fileExists(POLICY)) return work();
  await writeFile(POLICY, '#!/bin/sh\nexit 101\n');
  await chmod(POLICY, 0o755);
  try {
    await work();
  } finally {
    await rm(POLICY, { force: true });
  }
}
