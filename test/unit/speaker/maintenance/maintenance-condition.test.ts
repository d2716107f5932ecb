/** The condition that `kubectl wait` waits for. */
import { maintenanceCondition } from '../../../../speaker/maintenance/maintenance-condition.ts';

const over = {
  isDraining: false,
  withdrawn: new Set<string>(),
  kept: [],
  drainsUntilMs: Date.UTC(2026, 0, 2, 3, 4, 5),
};
const facts = { maintenance: over, isApplied: true, layer2Addresses: 0 };
const kept = ['7', '8', '9', '10'].map((host) => ({ text: `198.51.100.${host}`, services: ['default/web'] }));

it.each([
  ['nothing is announced', facts, 'True NodeInMaintenance', 'announces no address'],
  [
    'routers drain',
    { ...facts, maintenance: { ...over, isDraining: true } },
    'False NodeDraining',
    '2026-01-02T03:04:05Z',
  ],
  ['BIRD has not taken it', { ...facts, isApplied: false }, 'False NodeDraining', 'withdrawn at'],
  [
    'too few others',
    { ...facts, maintenance: { ...over, kept } },
    'False NoOtherNode',
    '198.51.100.7 (default/web), 198.51.100.8 (default/web), 198.51.100.9 (default/web), and 1 more',
  ],
  ['layer 2 has an address', { ...facts, layer2Addresses: 1 }, 'False HandingOver', 'one address of layer 2'],
  ['layer 2 has addresses', { ...facts, layer2Addresses: 3 }, 'False HandingOver', '3 addresses of layer 2'],
])('%s', (_, given, verdict, words) => {
  const { type, status, reason, message } = maintenanceCondition(given);
  expect([type, `${status} ${reason}`]).toEqual(['SafeToReboot', verdict]);
  expect(message).toContain(words);
});
