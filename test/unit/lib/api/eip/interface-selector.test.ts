/** `spec.interface`, read. */
import fc from 'fast-check';
import { type InterfaceSelector, parseInterfaces, selectsName } from '../../../../../lib/api/eip/interface-selector.ts';
import { formatProblem, type Problem } from '../../../../../lib/api/problem.ts';
import { formatAddress } from '../../../../../lib/net/address.ts';

function said(selector: InterfaceSelector): string {
  switch (selector.kind) {
    case 'name':
      return `name ${selector.name}`;
    case 'pattern':
      return `pattern ${selector.pattern}`;
    case 'canReach':
      return `towards ${formatAddress(selector.address)}`;
  }
}

function read(text: string): readonly string[] {
  const problems: Problem[] = [];
  const selectors = parseInterfaces(text, problems).map(said);
  return [...selectors, ...problems.map(formatProblem)];
}

it.each([
  ['', []],
  ['eth0', ['name eth0']],
  ['eth0.100', ['name eth0.100']],
  ['eth*', ['pattern eth*']],
  ['eth0,bond?,can_reach:2001:DB8::1', ['name eth0', 'pattern bond?', 'towards 2001:db8::1']],
  ['can_reach:192.0.2.1', ['towards 192.0.2.1']],
  [
    'can_reach:gateway',
    ['spec.interface: "can_reach:gateway" names no IP address after can_reach; write one, such as can_reach:192.0.2.1'],
  ],
  [
    'can_reach:192.0.2.0/24',
    [
      'spec.interface: "can_reach:192.0.2.0/24" names no IP address after can_reach; write one, such as can_reach:192.0.2.1',
    ],
  ],
  [
    'canReach:192.0.2.1',
    [
      'spec.interface: "canReach:192.0.2.1" is no interface: only can_reach stands before a colon; write interfaces such as eth0, eth*,bond0 or can_reach:192.0.2.1',
    ],
  ],
  [
    'eth0,',
    [
      'name eth0',
      'spec.interface: "eth0," has an empty part; write names with one comma between them, such as eth0, eth*,bond0 or can_reach:192.0.2.1',
    ],
  ],
  [
    'eth0, eth1',
    [
      'name eth0',
      'spec.interface: "eth0, eth1" has a blank or a slash, which no interface\'s name has; write interfaces such as eth0, eth*,bond0 or can_reach:192.0.2.1',
    ],
  ],
  [
    'interface-of-16c',
    [
      'spec.interface: "interface-of-16c" is no interface: a name has at most 15 characters; write a shorter one or a pattern, such as eth0, eth*,bond0 or can_reach:192.0.2.1',
    ],
  ],
])('%j', (text, expected) => {
  expect(read(text)).toEqual(expected);
});

it('any text gives selectors or says why not', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (text) => {
      expect(read(text).length).toBeGreaterThanOrEqual(text.split(',').length);
    }),
  );
});

it.each([
  ['eth0', 'eth0', true],
  ['eth0', 'eth01', false],
  ['eth*', 'eth', true],
  ['eth*', 'veth0', false],
  ['*.5', 'eth0.5', true],
  ['*.5', 'eth0x5', false],
  ['eth?', 'eth0', true],
  ['eth?', 'eth', false],
  ['e*0*1', 'enp0s1', true],
  ['can_reach:192.0.2.1', 'can_reach:192.0', false],
])('%s and an interface %s: %s', (text, name, expected) => {
  expect(parseInterfaces(text, []).some((selector) => selectsName(selector, name))).toBe(expected);
});
