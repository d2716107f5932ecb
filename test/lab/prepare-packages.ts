/** Installs the Debian packages that the lab uses and that this machine does not have. Their services stay off: the lab runs its own. */
import { chmod, rm, writeFile } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { fileExists } from './buildah.ts';
import { run, tryRun } from './shell.ts';

/**
 * Package → a file of it that the lab uses. What is there under another package's name (say Docker's containerd.io) will do; installing
 * Debian's over it would remove it.
 */
const PACKAGES: Readonly<Record<string, string>> = {
  bird2: 'bird',
  buildah: 'buildah',
  conntrack: 'conntrack',
  containerd: 'containerd',
  'containernetworking-plugins': '/usr/lib/cni/ptp',
  frr: '/usr/lib/frr/bgpd',
  iproute2: 'ip',
  'iputils-arping': '/usr/bin/arping',
  iptables: 'iptables',
  kmod: 'modprobe',
  mmdebstrap: 'mmdebstrap',
  ndisc6: 'ndisc6',
  nftables: 'nft',
  procps: 'sysctl',
  runc: 'runc',
  tcpdump: 'tcpdump',
};
const SERVICES = ['bird', 'containerd', 'frr', 'gobgpd', 'openbgpd', 'prometheus'];
/** Debian has daemons in folders that a user's PATH may lack. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];
const POLICY = '/usr/sbin/policy-rc.d';

export async function prepareDebianPackages(
  note: (text: string) => void,
  packages: Readonly<Record<string, string>> = PACKAGES,
): Promise<void> {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...SYSTEM_FOLDERS];
  const missing = await missingPackages(packages, folders);
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
  // The services stay off at the next boot, too. A machine without systemd has none.
  await tryRun('systemctl', [
    'disable',
    '--quiet',
    ...SERVICES.filter((service) => missing.some((name) => name.startsWith(service))),
  ]);
}

/** @param packages package → an absolute path, or a program to look for in `folders`. */
export async function missingPackages(
  packages: Readonly<Record<string, string>>,
  folders: readonly string[],
): Promise<string[]> {
  const missing: string[] = [];
  for (const [name, file] of Object.entries(packages)) {
    const places = isAbsolute(file) ? [file] : folders.map((folder) => join(folder, file));
    const present = await Promise.all(places.map(fileExists));
    if (!present.includes(true)) missing.push(name);
  }
  return missing;
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
