/** The Events that `explain` shows: those that no condition repeats, while they may still be true. */
import type { Service } from '../../../../lib/api/service/service.ts';
import { eventSteps, tellingEvents } from '../../../../lib/explain/service/event-steps.ts';
import type { EventObject } from '../../../../lib/kube/events/event.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const service = { metadata: { name: 'web', namespace: 'shop', uid: 'u1' } } as Service;
const contested = (differs: object = {}): EventObject =>
  ({
    metadata: { name: 'web.1', namespace: 'shop' },
    eventTime: '2026-01-01T11:59:00.123456Z',
    type: 'Warning',
    reason: 'StatusContested',
    action: 'Publish',
    note: '"other-lb" keeps writing',
    regarding: { apiVersion: 'v1', kind: 'Service', name: 'web', namespace: 'shop', uid: 'u1' },
    reportingController: 'skycap-allocator',
    reportingInstance: 'a',
    ...differs,
  }) as EventObject;

test('an Event is shown with its time, its remedy and the command that takes the Service off Skycap', () => {
  expect(eventSteps(service, tellingEvents(service, [contested()], NOW))).toEqual([
    {
      state: 'warning',
      reason: 'StatusContested',
      fact: '"other-lb" keeps writing',
      from: 'Event of Service shop/web, 2026-01-01T11:59:00Z',
      remedy: expect.stringContaining('stop the other'),
      details: [
        'To take the Service off Skycap: kubectl annotate service web -n shop --overwrite lb.kubesphere.io/v1alpha1=none',
      ],
    },
  ]);
});

test.each([
  ['of a former Service of the name', { regarding: { kind: 'Service', name: 'web', uid: 'u0' } }],
  ['of another controller', { reportingController: 'other-lb' }],
  ['that a condition repeats', { reason: 'AddressPending' }],
  ['that would have been written again by now', { eventTime: '2026-01-01T11:48:00Z' }],
])('no Event %s', (_, differs) => {
  expect(tellingEvents(service, [contested(differs)], NOW)).toEqual([]);
});

test('no Event of a refused write once the condition has changed', () => {
  const refused = contested({ reason: 'WriteRefused' });
  const since = (lastTransitionTime: string, reason = 'Assigned') =>
    ({
      ...service,
      status: {
        conditions: [{ type: 'skycap.io/AddressAssigned', status: 'True', reason, message: '', lastTransitionTime }],
      },
    }) as Service;
  expect(tellingEvents(since('2026-01-01T11:58:00Z'), [refused], NOW)).toEqual([refused]);
  expect(tellingEvents(since('2026-01-01T11:59:00Z'), [refused], NOW)).toEqual([]);
  expect(tellingEvents(since('2026-01-01T11:58:00Z', 'WriteRefused'), [refused], NOW)).toEqual([]);
});

test('of several Events with one reason, the latest', () => {
  const [older, later] = ['2026-01-01T11:58:00Z', '2026-01-01T11:58:30Z'];
  const events = [contested({ eventTime: later }), contested({ eventTime: older })];
  expect(tellingEvents(service, events, NOW).map(({ eventTime }) => eventTime)).toEqual([later]);
});
