import { layoutOf } from '../../lab/layout.ts';
import { networkPlanFor } from '../../lab/network-plan.ts';

const plan = networkPlanFor(layoutOf('skl'), 2);
const batchOf = (namespace: string) =>
  plan.steps.flat().flatMap((batch) => (batch.namespace === namespace ? batch.lines : []));

test('every namespace that a step works in is made, and set up before it has links', () => {
  const named = plan.steps.flat().flatMap(({ namespace }) => namespace ?? []);
  expect(plan.namespaces).toEqual(expect.arrayContaining(named));
  expect(plan.sysctls.map(({ namespace }) => namespace).sort()).toEqual([...plan.namespaces].sort());
});

test('only the link to the control plane is on the machine itself', () => {
  const onMachine = plan.steps[1]!.filter(({ namespace }) => namespace === undefined).flatMap(({ lines }) => lines);
  expect(onMachine).toEqual(['address add 10.97.11.1/30 dev skl0', 'link set skl0 up']);
});

test('a node has a way to the others’ pods and no way to its own but its kernel’s', () => {
  expect(batchOf('skl-n1')).toContain('route add 10.244.2.0/24 via 10.98.0.12');
  expect(batchOf('skl-n1')).toContain('-6 route add fd00:244:0:2::/64 via fd98::12');
  expect(batchOf('skl-n1').join()).not.toContain('10.244.1.0');
});

test('the control plane reaches every pod, for webhooks', () => {
  expect(batchOf('skl-cp').filter((line) => line.includes('10.244.'))).toHaveLength(2);
});

test('the client is on a subnet without nodes, and its only way is the router', () => {
  expect(batchOf('skl-client')).toEqual([
    'link set lo up',
    'address add 10.99.0.2/24 dev eth0',
    'address add fd99::2/64 dev eth0 nodad',
    'link set eth0 up',
    'route add default via 10.99.0.1',
    '-6 route add default via fd99::1',
  ]);
});

test('the router drops in silence what it has no route for, and spreads connections by port', () => {
  expect(batchOf('skl-router').filter((line) => line.includes('blackhole'))).toHaveLength(2);
  const { settings } = plan.sysctls.find(({ namespace }) => namespace === 'skl-router')!;
  expect(settings).toContain('net.ipv4.fib_multipath_hash_policy=1');
  expect(settings).toContain('net.ipv6.fib_multipath_hash_policy=1');
});

test('interface names fit the kernel’s 15 characters', () => {
  const names = plan.steps
    .flat()
    .flatMap(({ lines }) => lines.flatMap((line) => /^link add (\S+)/.exec(line)?.[1] ?? []));
  expect(names.length).toBeGreaterThan(5);
  for (const name of names) expect(name.length).toBeLessThanOrEqual(15);
});
