import { allNamespaces, layoutOf, namespaceOf, nodeAddress, nodeNumbers, nodePodCidrs } from '../../lab/layout.ts';

test('a lab’s paths and names all follow from its own name', () => {
  const layout = layoutOf('skt');
  expect(layout.state).toBe('/var/lib/skycap-lab/skt');
  expect(layout.kubeconfig.startsWith(layout.state)).toBe(true);
  expect(namespaceOf(layout, 'n1')).toBe('skt-n1');
});

test('labs of different names share no namespace and no address on the machine', () => {
  const labs = ['ska', 'skl', 'skz'].map(layoutOf);
  const namespaces = labs.flatMap(allNamespaces);
  const links = labs.flatMap(({ hostLink }) => Object.values(hostLink));
  expect(new Set(namespaces).size).toBe(namespaces.length);
  expect(new Set(links).size).toBe(links.length);
});

test.each(['', 'sk', 'skyy', 'SKA', 'sk1', 'skl;', '../x'])('the name "%s" is refused', (name) => {
  expect(() => layoutOf(name)).toThrow(RangeError);
});

test('interface names fit the kernel’s 15 characters', () => {
  expect(layoutOf('skl').hostLink.interface.length).toBeLessThanOrEqual(15);
});

test('nodes count from 1, each with addresses and pod subnets of its own', () => {
  expect(nodeNumbers(3)).toEqual([1, 2, 3]);
  expect(nodeAddress(2)).toEqual({ v4: '10.98.0.12', v6: 'fd98::12' });
  expect(nodePodCidrs(2)).toEqual({ v4: '10.244.2.0/24', v6: 'fd00:244:0:2::/64' });
});

test.each([0, 10, 1.5, -1])('%d nodes are refused', (count) => {
  expect(() => nodeNumbers(count)).toThrow(RangeError);
});
