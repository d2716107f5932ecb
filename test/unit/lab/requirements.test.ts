import { missingRequirement } from '../../lab/requirements.mjs';

const CONFIG = [
  ...['NET_NS', 'PID_NS', 'UTS_NS', 'IPC_NS', 'VETH', 'BRIDGE', 'IPV6', 'IP_ROUTE_MULTIPATH', 'NF_TABLES', 'NF_NAT'],
  ...['OVERLAY_FS', 'CGROUPS', 'MEMCG'],
];
const GOOD = {
  platform: 'linux',
  arch: 'x64',
  uid: 0,
  kernelConfig: CONFIG.map((name) => `CONFIG_${name}=y\n`).join(''),
};

test('a machine with everything lacks nothing, modules included', () => {
  expect(missingRequirement(GOOD)).toBeUndefined();
  expect(missingRequirement({ ...GOOD, kernelConfig: GOOD.kernelConfig.replace('VETH=y', 'VETH=m') })).toBeUndefined();
});

test('a kernel that does not tell how it was built is given a try', () => {
  expect(missingRequirement({ platform: 'linux', arch: 'arm64', uid: 0 })).toBeUndefined();
});

test.each([
  [{ uid: 1000 }, 'The lab needs root, for network namespaces and containers; run it as root or with sudo.'],
  [{ platform: 'darwin' }, 'The lab needs Linux, this is darwin; `npm run test:unit` runs here.'],
  [{ arch: 'riscv64' }, 'The lab needs an x64 or arm64 machine, this is riscv64.'],
  [
    { kernelConfig: GOOD.kernelConfig.replace('CONFIG_VETH=y', '# CONFIG_VETH is not set') },
    "This kernel is built without virtual Ethernet pairs (CONFIG_VETH); the lab needs a kernel such as Debian's.",
  ],
])('%j: says so in a sentence', (change, sentence) => {
  expect(missingRequirement({ ...GOOD, ...change })).toBe(sentence);
});
