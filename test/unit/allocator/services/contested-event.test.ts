/** Who else writes a Service, for the Event that tells of it. */
import { contestedEvent } from '../../../../allocator/services/contested-event.ts';
import type { Publication } from '../../../../allocator/services/decide-publication.ts';
import type { ManagedFields } from '../../../../lib/api/meta/object.ts';
import type { LoadBalancerIngress } from '../../../../lib/api/service/service.ts';
import { FIELD_MANAGER, writersOf, writersText } from '../../../../lib/api/service/status-writers.ts';
import { addr, service } from '../builders.ts';

const entry = (manager: string, fieldsV1: object, differs: Partial<ManagedFields> = {}): ManagedFields => ({
  manager,
  operation: 'Update',
  subresource: 'status',
  time: '2026-01-02T00:00:00Z',
  fieldsV1,
  ...differs,
});
const INGRESS = { 'f:status': { 'f:loadBalancer': { 'f:ingress': {} } } };
const CONDITION = { 'f:status': { 'f:conditions': { 'k:{"type":"example.com/Ready"}': { 'f:status': {} } } } };

test.each<[string, ManagedFields[], string]>([
  [
    'who owns the list',
    [entry('spectator', CONDITION, { time: '2026-01-03T00:00:00Z' }), entry('rival', INGRESS)],
    '"rival"',
  ],
  ['not ourselves', [entry(FIELD_MANAGER, INGRESS), entry('rival', INGRESS)], '"rival"'],
  ['the latest first', [entry('a', INGRESS), entry('b', INGRESS, { time: '2026-01-03T00:00:00Z' })], '"b", "a"'],
  [
    'whoever writes the status, where nobody owns the list',
    [entry('rival', CONDITION), entry('kubectl', {}, { subresource: '' })],
    '"rival"',
  ],
  ['nobody', [entry(FIELD_MANAGER, INGRESS)], 'another controller, which metadata.managedFields does not name,'],
  ['text that was made up', [entry('x\u001b[31m', INGRESS)], '"x\\u001b[31m"'],
  [
    'fields of no shape',
    [{ fieldsV1: 'x' }, { fieldsV1: null }, {}],
    'another controller, which metadata.managedFields does not name,',
  ],
])('%s', (_, managedFields, expected) => {
  expect(writersText(writersOf(managedFields, ['ingress']), false)).toBe(expected);
});

test('marks are of whoever wrote them, not of the writers of the status', () => {
  const fields = { 'f:metadata': { 'f:annotations': { 'f:skycap.io/claim': {} } } };
  const gitops = entry('gitops', fields, { subresource: '' });
  expect(writersOf([entry('rival', INGRESS), gitops], ['managedMetadata'])).toEqual([gitops]);
});

test.each<[string, LoadBalancerIngress[], string]>([
  ['taken away', [], 'status.loadBalancer without 10.0.0.1;'],
  ['replaced', [{ hostname: 'lb.example.com' }], 'status.loadBalancer without 10.0.0.1 and with lb.example.com;'],
  ['of another mode', [{ ip: '10.0.0.1', ipMode: 'Proxy' }], 'status.loadBalancer with 10.0.0.1 (ipMode Proxy);'],
])('the Event says who, when, what and the remedy: %s', (_, present, expected) => {
  const of = { ...service(), status: { loadBalancer: { ingress: present } } };
  const ingress = [...present.filter(({ hostname }) => hostname), { ip: '10.0.0.1', ipMode: 'VIP' as const }];
  const decision: Publication = {
    managedMetadata: {} as never,
    ingress,
    addresses: [addr('10.0.0.1')],
    verdicts: [],
    events: [],
  };
  const { reason, type, message } = contestedEvent(of, decision, ['ingress'], [entry('rival', INGRESS)]);
  expect([type, reason]).toEqual(['Warning', 'StatusContested']);
  expect(message).toContain('"rival" (Update of status, 2026-01-02T00:00:00Z) keeps writing ');
  expect(message).toContain(expected);
  expect(message).toContain('lb.kubesphere.io/v1alpha1');
});
