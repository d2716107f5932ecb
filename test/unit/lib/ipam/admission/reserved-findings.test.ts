/** What is said of an Eip at kubectl apply, word for word. */
import { formatProblems } from '../../../../../lib/api/problem.ts';
import { reservedFindings } from '../../../../../lib/ipam/admission/reserved-findings.ts';
import { type Reservation, Withheld } from '../../../../../lib/ipam/pools/withheld.ts';
import { parseRange } from '../../../../../lib/net/range.ts';
import { eip } from '../builders.ts';

const reserve = (text: string, what: string): Reservation => {
  const parsed = parseRange(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return { range: parsed.range, what };
};
const NODE = reserve('10.0.0.1', 'an address of node n1');
const PODS = reserve('10.244.0.0/16', 'in the pod network of node n1 (10.244.0.0/16)');

it.each([
  ['nothing reserved', eip('web', '10.0.1.0/24'), undefined, [NODE], ''],
  [
    'one node in it',
    eip('web', '10.0.0.0/24'),
    undefined,
    [NODE],
    'warning spec.address: 1 of 256 addresses is given to nobody: 10.0.0.1 is an address of node n1',
  ],
  [
    'nothing else in it',
    eip('web', '10.0.0.1'),
    undefined,
    [NODE],
    'spec.address: "10.0.0.1" has no address that can be given: 10.0.0.1 is an address of node n1; write others',
  ],
  [
    'all of it in a network',
    eip('web', '10.244.7.0/24'),
    undefined,
    [NODE, PODS],
    'spec.address: "10.244.7.0-10.244.7.255" has no address that can be given: 10.244.7.0-10.244.7.255 is in the pod network of node n1 (10.244.0.0/16); write others',
  ],
  [
    'a network in it',
    eip('web', '10.0.0.0/8'),
    undefined,
    [PODS],
    'warning spec.address: 65536 of 16777216 addresses are given to nobody: 10.244.0.0-10.244.255.255 is in the pod network of node n1 (10.244.0.0/16)',
  ],
  [
    'only buggy ones',
    eip('web', '10.0.0.255-10.0.1.0', { avoidBuggyIPs: true }),
    undefined,
    [],
    'spec.address: "10.0.0.255-10.0.1.0" has no address that can be given: all end in .0 or .255; write others',
  ],
  [
    'buggy ones among others: its author knows',
    eip('web', '10.0.2.0/24', { avoidBuggyIPs: true }),
    undefined,
    [NODE],
    '',
  ],
  ['since before', eip('web', '10.0.0.1', { priority: 7 }), eip('web', '10.0.0.1'), [NODE], ''],
  [
    'newly, by another protocol',
    eip('web', '10.0.0.1', { protocol: 'layer2' }),
    eip('web', '10.0.0.1'),
    [NODE],
    'spec.address: "10.0.0.1" has no address that can be given: 10.0.0.1 is an address of node n1; write others',
  ],
] as const)('%s', (_, written, old, reservations, expected) => {
  const { problems, warnings } = reservedFindings(written, old, new Withheld(written, reservations));
  expect(
    [...warnings.map((one) => `warning ${one}`), ...(problems.length > 0 ? [formatProblems(problems)] : [])].join('\n'),
  ).toBe(expected);
});
