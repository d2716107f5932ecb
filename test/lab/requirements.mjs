// The requirements for the machine itself, which nobody can install. Plain JavaScript, since it runs before any package is installed.

/** Options of a kernel's build (`/proc/config.gz`), and the part of the lab that needs each. */
const KERNEL_OPTIONS = {
  NET_NS: 'network namespaces',
  PID_NS: 'process id namespaces',
  UTS_NS: 'host name namespaces',
  IPC_NS: 'IPC namespaces',
  VETH: 'virtual Ethernet pairs',
  BRIDGE: 'bridges',
  IPV6: 'IPv6',
  IP_ROUTE_MULTIPATH: 'equal-cost routes',
  NF_TABLES: 'nftables',
  NF_NAT: 'address translation',
  OVERLAY_FS: 'the overlay file system',
  CGROUPS: 'control groups',
  MEMCG: 'the memory control group',
};

/**
 * @param {{ platform: string, arch: string, uid: number, kernelConfig?: string }} machine
 * @returns {string | undefined} the missing requirement and its remedy, in a sentence.
 */
export function missingRequirement(machine) {
  const { platform, arch, uid, kernelConfig } = machine;
  if (platform !== 'linux') return `The lab needs Linux, this is ${platform}; \`npm run test:unit\` runs here.`;
  if (arch !== 'x64' && arch !== 'arm64') return `The lab needs an x64 or arm64 machine, this is ${arch}.`;
  if (uid !== 0) return 'The lab needs root, for network namespaces and containers; run it as root or with sudo.';
  const lacking = kernelConfig === undefined ? [] : lackingKernelOptions(kernelConfig);
  if (lacking.length > 0) {
    const what = lacking.map((option) => `${KERNEL_OPTIONS[option]} (CONFIG_${option})`).join(', ');
    return `This kernel is built without ${what}; the lab needs a kernel such as Debian's.`;
  }
  return undefined;
}

/** @param {string} kernelConfig lines such as `CONFIG_VETH=y`; `m` is a module, which loads by itself. */
export function lackingKernelOptions(kernelConfig) {
  const present = new Set([...kernelConfig.matchAll(/^CONFIG_(\w+)=[ym]$/gm)].map((match) => match[1]));
  return Object.keys(KERNEL_OPTIONS).filter((option) => !present.has(option));
}
