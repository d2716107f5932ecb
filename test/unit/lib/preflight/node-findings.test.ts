/** Findings about nodes: kernel, speaker, BFD, clock, kube-proxy; and about the version of Kubernetes. */

import type { SpeakerObject } from '../../../../lib/api/skycap/speaker-types.ts';
import type { Lease } from '../../../../lib/kube/election/lease.ts';
import type { Finding } from '../../../../lib/preflight/finding.ts';
import { versionFindings } from '../../../../lib/preflight/install/version-findings.ts';
import { clockFindings } from '../../../../lib/preflight/node/clock-findings.ts';
import { kubeProxyFindings } from '../../../../lib/preflight/node/kube-proxy-findings.ts';
import { bfdFindings, nodeFindings } from '../../../../lib/preflight/node/node-findings.ts';

const words = (findings: readonly Finding[]) => findings.map(({ reason, object }) => `${reason} ${object.name}`);
const speaker = (name: string, status: SpeakerObject['status'] = {}): SpeakerObject => ({
  apiVersion: 'skycap.io/v1alpha1',
  kind: 'Speaker',
  metadata: { name },
  status,
});
const condition = (type: string, reason: string, message: string) => ({
  ...{ type, status: 'False' as const, reason, message, lastTransitionTime: '' },
});

test.each([
  ['4.17.19', ['KernelTooOld n1']],
  ['3.10.0-1160.el7.x86_64', ['KernelTooOld n1']],
  ['4.18.0-553.el8', []],
  ['6.1.0-28-amd64', []],
  ['unknown', []],
])('kernel %s', (kernelVersion, expected) => {
  expect(
    words(nodeFindings([{ metadata: { name: 'n1' }, status: { nodeInfo: { kernelVersion } } }], [speaker('n1')])),
  ).toEqual(expected);
});

test('a node without a speaker, and a speaker whose node is in the way', () => {
  const message = 'port 179 of the node is taken by nginx (pid 7); stop it, or set spec.listenPort';
  const busy = speaker('n2', {
    conditions: [condition('SessionsEstablished', 'PortInUse', message), condition('Ready', 'PortInUse', message)],
  });
  const down = speaker('n3', { conditions: [condition('SessionsEstablished', 'SessionsDown', 'x')] });
  const findings = nodeFindings(
    ['n1', 'n2', 'n3'].map((name) => ({ metadata: { name } })),
    [busy, down],
  );
  expect(words(findings)).toEqual(['NoSpeaker n1', 'PortInUse n2']);
  expect(findings[1]).toMatchObject({
    message: 'port 179 of the node is taken by nginx (pid 7)',
    remedy: 'stop it, or set spec.listenPort',
  });
});

test('of a node that Kubernetes has lost, only the loss is told: its Speaker has the last report', () => {
  const last = speaker('n1', { conditions: [condition('SessionsEstablished', 'PortInUse', 'x')] });
  const node = { metadata: { name: 'n1' }, status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } };
  expect(words(nodeFindings([node], [last]))).toEqual(['NodeLost n1']);
});

test.each([
  [['n1', 'n2'], ['BfdBlocked n1']],
  [['n1'], []],
  [['n2'], []],
])('BFD is blocked where both speakers live: %j', (alive, expected) => {
  expect(words(bfdFindings([speaker('n1', { suspects: ['n2'] }), speaker('n2')], new Set(alive)))).toEqual(expected);
});

test.each([
  [0, []],
  [5, []],
  [-5, []],
  [6, ['ClockSkew n1']],
  [-3600, ['ClockSkew n1']],
])('a clock %s s ahead', (seconds, expected) => {
  const writtenMs = Date.parse('2026-01-01T00:00:00Z');
  const lease = {
    metadata: { name: 'n1', managedFields: [{ time: '2025-12-01T00:00:00Z' }, { time: '2026-01-01T00:00:00Z' }] },
    spec: { renewTime: new Date(writtenMs + seconds * 1000).toISOString() },
  } as Lease;
  expect(words(clockFindings([lease]))).toEqual(expected);
  expect(clockFindings([{ metadata: { name: 'n1' } }])).toEqual([]);
});

test.each([
  [{ mode: 'ipvs' }, true, 1],
  [{ mode: 'ipvs', ipvs: { strictARP: false } }, true, 1],
  [{ mode: 'ipvs', ipvs: { strictARP: true } }, true, 0],
  [{ mode: 'ipvs', ipvs: null }, false, 0],
  [{ mode: 'nftables' }, true, 0],
  [undefined, true, 0],
])('kube-proxy %j, layer 2: %s', (config, usesLayer2, count) => {
  expect(kubeProxyFindings(config, usesLayer2)).toHaveLength(count);
});

test.each([
  ['v1.30.9', 1],
  ['v1.31.0', 0],
  ['v1.34.2+k3s1', 0],
  ['v1.9.1', 1],
  ['', 0],
])('Kubernetes %s', (version, count) => {
  expect(versionFindings(version)).toHaveLength(count);
});
