/** Each alert of manifests/components/monitoring fires in its time and ends with its cause, by the judgement of promtool. Needs Debian's prometheus. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rules } from './support/prometheus.ts';

interface Course {
  readonly alert: string;
  /** The same all the time. */
  readonly beside?: Readonly<Record<string, number>>;
  readonly series: string;
  readonly values: readonly [before: number, during: number, after: number];
  readonly minutes: number;
  readonly summary: string;
  readonly labels?: Readonly<Record<string, string>>;
}

const DAY = 86_400;
const SPEAKER = 'component="speaker",instance="n1"';
const COURSES: readonly Course[] = [
  {
    alert: 'SkycapPoolNearlyFull',
    beside: { 'skycap_eip_addresses{eip="web"}': 100, 'skycap_eip_addresses_reserved{eip="web"}': 2 },
    series: 'skycap_eip_addresses_used{eip="web"}',
    values: [88, 93, 50],
    minutes: 5,
    summary: 'Eip web has 95% of its addresses in use or reserved.',
    labels: { eip: 'web' },
  },
  {
    alert: 'SkycapServicesPending',
    beside: { 'skycap_services{state="assigned",reason="Assigned"}': 7 },
    series: 'skycap_services{state="pending",reason="Exhausted"}',
    values: [0, 3, 0],
    minutes: 5,
    summary: '3 Services have no address: Exhausted.',
    labels: { reason: 'Exhausted' },
  },
  {
    alert: 'SkycapSessionDown',
    series: `skycap_speaker_session_up{${SPEAKER},peer="tor"}`,
    values: [1, 0, 1],
    minutes: 2,
    summary: 'n1 has no BGP session with BgpPeer tor.',
    labels: { component: 'speaker', instance: 'n1', peer: 'tor' },
  },
  {
    alert: 'SkycapAddressNotAnnounced',
    beside: { 'skycap_services_announced{status="True",reason="Announced"}': 7 },
    series: 'skycap_services_announced{status="False",reason="NoReadyEndpoint"}',
    values: [0, 1, 0],
    minutes: 5,
    summary: '1 Services have an address that no node announces: NoReadyEndpoint.',
    labels: { reason: 'NoReadyEndpoint' },
  },
  {
    alert: 'SkycapAddressConflict',
    series: `skycap_speaker_layer2_addresses_in_conflict{${SPEAKER}}`,
    values: [0, 1, 0],
    minutes: 1,
    summary: 'n1 sees another machine with 1 of its addresses.',
    labels: { component: 'speaker', instance: 'n1' },
  },
  {
    alert: 'SkycapCertificateExpiresSoon',
    series: 'skycap_webhook_certificate_expiry_timestamp_seconds{instance="w1"}',
    values: [30 * DAY, 10 * DAY, 90 * DAY],
    minutes: 60,
    summary: 'The certificate of w1 is valid for less than 14 days and was not renewed.',
    labels: { instance: 'w1' },
  },
  {
    alert: 'SkycapNoLeader',
    beside: { 'skycap_leader{instance="a1"}': 0 },
    series: 'skycap_leader{instance="a2"}',
    values: [1, 0, 1],
    minutes: 1,
    summary: 'No allocator leads, or Prometheus scrapes none.',
  },
  {
    alert: 'SkycapConfigurationRefused',
    series: `skycap_speaker_configuration_refused{${SPEAKER}}`,
    values: [0, 1, 0],
    minutes: 1,
    summary: 'BIRD on n1 refuses its configuration and runs the former one.',
    labels: { component: 'speaker', instance: 'n1' },
  },
  {
    alert: 'SkycapBfdBlocked',
    beside: { [`skycap_speaker_session_up{${SPEAKER},peer="tor"}`]: 1 },
    series: `skycap_speaker_session_bfd_up{${SPEAKER},peer="tor"}`,
    values: [1, 0, 1],
    minutes: 5,
    summary: 'n1 has no BFD session with the router of BgpPeer tor.',
    labels: { component: 'speaker', instance: 'n1', peer: 'tor' },
  },
  {
    alert: 'SkycapBfdBlocked',
    series: `skycap_speaker_bfd_up{${SPEAKER},node="n2"}`,
    values: [1, 0, 1],
    minutes: 5,
    summary: 'n1 has no BFD session with node n2.',
    labels: { component: 'speaker', instance: 'n1', node: 'n2' },
  },
  {
    alert: 'SkycapPreflight',
    series: 'skycap_preflight_findings{instance="a1",reason="PoolOfAnother"}',
    values: [0, 2, 0],
    minutes: 10,
    summary: 'Something outside of Skycap is in its way: PoolOfAnother.',
    labels: { reason: 'PoolOfAnother' },
  },
];
const BEGINS = 5;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'skycap-rules-'));
  writeFileSync(join(folder, 'rules.json'), JSON.stringify({ groups: rules().groups }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const promtool = (...args: readonly string[]) => execFileSync('promtool', args, { encoding: 'utf8', stdio: 'pipe' });

test('promtool accepts the rules', () => {
  expect(promtool('check', 'rules', join(folder, 'rules.json'))).toContain(`${rules().alerts.length} rules found`);
});

test('each alert has its course', () => {
  const alerts = rules().alerts.map(({ alert }) => alert);
  expect([...new Set(COURSES.map(({ alert }) => alert))].toSorted()).toEqual(alerts.toSorted());
});

test.each(COURSES.map((course) => [course.series, course] as const))('fires and ends: %s', (_, course) => {
  const { alert, beside = {}, series, values, minutes, summary, labels } = course;
  const [before, during, after] = values;
  const lasts = minutes + 3;
  const constant = Object.entries(beside).map(([name, value]) => ({
    series: name,
    values: `${value}+0x${BEGINS + lasts + 10}`,
  }));
  const changing = { series, values: `${before}+0x${BEGINS - 1} ${during}+0x${lasts} ${after}+0x5` };
  const { severity } = rules().alerts.find((rule) => rule.alert === alert)!.labels;
  const firing = { exp_labels: { severity, ...labels }, exp_annotations: { summary } };
  const at = (minute: number, expected: readonly object[]) => ({
    eval_time: `${minute}m`,
    alertname: alert,
    exp_alerts: expected,
  });
  const alert_rule_test = [
    at(BEGINS - 1, []),
    at(BEGINS + minutes - 1, []),
    at(BEGINS + minutes, [firing]),
    at(BEGINS + lasts, [firing]),
    at(BEGINS + lasts + 2, []),
  ];
  const file = join(folder, 'course.json');
  const tests = [{ interval: '1m', input_series: [...constant, changing], alert_rule_test }];
  writeFileSync(file, JSON.stringify({ rule_files: ['rules.json'], evaluation_interval: '1m', tests }));
  expect(promtool('test', 'rules', file)).toContain('SUCCESS');
});

test('a pool of a few addresses may be full', () => {
  const file = join(folder, 'small.json');
  const input_series = ['skycap_eip_addresses', 'skycap_eip_addresses_used'].map((name) => ({
    series: `${name}{eip="one"}`,
    values: '1+0x20',
  }));
  const reserved = { series: 'skycap_eip_addresses_reserved{eip="one"}', values: '0+0x20' };
  const alert_rule_test = [{ eval_time: '15m', alertname: 'SkycapPoolNearlyFull', exp_alerts: [] }];
  const tests = [{ interval: '1m', input_series: [...input_series, reserved], alert_rule_test }];
  writeFileSync(file, JSON.stringify({ rule_files: ['rules.json'], evaluation_interval: '1m', tests }));
  expect(promtool('test', 'rules', file)).toContain('SUCCESS');
});
