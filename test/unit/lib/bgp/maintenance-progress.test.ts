/** What a user is told about a node that is to be rebooted. */
import type { Condition } from '../../../../lib/api/meta/object.ts';
import type { SpeakerObject } from '../../../../lib/api/skycap/speaker-types.ts';
import { maintenanceProgress } from '../../../../lib/bgp/maintenance/maintenance-progress.ts';

const condition = (differs: Partial<Condition> = {}): Condition => ({
  ...{ type: 'SafeToReboot', status: 'False', reason: 'NodeDraining', message: 'asked' },
  lastTransitionTime: '2026-01-01T00:00:00Z',
  ...differs,
});
const speaker = (...conditions: Condition[]): SpeakerObject => ({
  ...{ apiVersion: 'skycap.io/v1alpha1', kind: 'Speaker', metadata: { name: 'n1' } },
  status: { announcedAddresses: 3, layer2AddressCount: 1, conditions },
});

test.each<[string, SpeakerObject | undefined, Condition | undefined, object]>([
  ['no speaker', undefined, undefined, { safeToReboot: false, reason: 'NoSpeaker' }],
  ['no answer yet', speaker(), undefined, { safeToReboot: false, bgpAddresses: 3, layer2Addresses: 1 }],
  ['draining', speaker(condition()), undefined, { safeToReboot: false, reason: 'NodeDraining', message: 'asked' }],
  [
    'no other node',
    speaker(condition({ reason: 'NoOtherNode' })),
    undefined,
    { safeToReboot: false, remedy: expect.stringContaining('minimumNodes') },
  ],
  [
    'layer 2 not handed over',
    speaker(condition({ reason: 'HandingOver' })),
    undefined,
    { safeToReboot: false, remedy: expect.stringContaining('spec.interface') },
  ],
  [
    'safe',
    speaker(condition({ status: 'True', reason: 'NodeInMaintenance' })),
    condition(),
    { safeToReboot: true, reason: 'NodeInMaintenance' },
  ],
])('%s', (_, of, before, expected) => {
  expect(maintenanceProgress('n1', of, before)).toMatchObject(expected);
});

test('a condition of an earlier maintenance does not count, also if it says that all is safe', () => {
  const old = condition({ status: 'True', reason: 'NodeInMaintenance' });
  expect(maintenanceProgress('n1', speaker(old), old).safeToReboot).toBe(false);
  const anew = { ...old, lastTransitionTime: '2026-01-01T00:10:00Z' };
  expect(maintenanceProgress('n1', speaker(anew), old).safeToReboot).toBe(true);
});
