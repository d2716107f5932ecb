/**
 * A real Prometheus that scrapes the components as processes, with a real BIRD and a real router: each query of the dashboard has data, the metrics follow the rules
 * of Prometheus, and alerts fire and end with what causes them. Needs root, bird2, frr, prometheus and the Kubernetes binaries.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BGP_CONFS, BGP_PEERS, EIPS } from '../../../lib/kube/resource.ts';
import { startAllocator } from '../../support/allocator-daemon.ts';
import type { ComponentDaemon } from '../../support/component-daemon.ts';
import type { Daemon } from '../../support/daemon.ts';
import { eventually } from '../../support/eventually.ts';
import { ip } from '../../support/namespaces.ts';
import { aBgpConf, aBgpPeer, anEip } from '../../support/speaker-builders.ts';
import { SPEAKER_USER, startSpeaker } from '../../support/speaker-daemon.ts';
import { createNode } from '../../support/speaker-objects.ts';
import { BirdSite } from '../bird/support/bird-site.ts';
import { Frr } from '../bird/support/frr.ts';
import { Lan } from '../bird/support/lan.ts';
import { WebhookLab } from '../webhook/harness.ts';
import { Prometheus, panels, type Target } from './support/prometheus.ts';

const daemons: Daemon[] = [];
const folder = mkdtempSync(join(tmpdir(), 'skycap-monitoring-'));
const peer = (spec: object) => ({
  ...{ apiVersion: 'network.kubesphere.io/v1alpha2', kind: 'BgpPeer', metadata: { name: 'router-1' } },
  spec: { ...aBgpPeer().spec, bfd: { enabled: true }, ...spec },
});

const TOKEN = 'of-the-test';
const WITH_TOKEN = { SKYCAP_METRICS_TOKEN: TOKEN };
const SHIFTED_CLOCK = join(import.meta.dirname, '../../support/shifted-clock.mjs');
const CLOCK_FILE = join(folder, 'clock.json');
const DAY_MS = 24 * 3_600_000;
const SECRET = ['secret', 'skycap-webhook-tls', '-n', 'skycap-system'];

let lab: WebhookLab;
let lan: Lan;
let site: BirdSite;
let frr: Frr;
let allocator: ComponentDaemon;
let targets: readonly Target[];
let prometheus: Prometheus;

beforeAll(async () => {
  setClock(0);
  const options = `--disable-warning=ExperimentalWarning --import ${SHIFTED_CLOCK}`;
  const clock = { NODE_OPTIONS: options, CLOCK_FILE };
  lab = await WebhookLab.start(1, { users: [SPEAKER_USER], env: { ...WITH_TOKEN, ...clock } });
  const { plane, client } = lab;
  const kind = (name: string) => ({ apiVersion: 'network.kubesphere.io/v1alpha2', kind: name });
  await createNode(client, 'node-1');
  const pool = { ...kind('Eip'), ...anEip('v4', { address: '198.51.100.0/28' }) };
  await client.create(EIPS, { ...pool, metadata: { name: 'v4' } });
  await client.create(BGP_CONFS, { ...kind('BgpConf'), ...aBgpConf() });
  await client.create(BGP_PEERS, peer({}));
  lan = Lan.make();
  site = new BirdSite(lan);
  site.startContainer();
  frr = await Frr.start(lan, { neighbors: ['v4'], bfd: true, each: ['bfd'] });
  const speaker = await startSpeaker({
    plane,
    nodeName: 'node-1',
    runDir: site.runDir,
    folder: lan.dir,
    settings: WITH_TOKEN,
  });
  allocator = await startAllocator({ plane, name: 'allocator', folder: lan.dir, env: WITH_TOKEN });
  daemons.push(speaker.daemon, allocator.daemon);
  targets = [
    { component: 'webhook', scheme: 'https', address: `127.0.0.1:${lab.webhooks[0]!.port}` },
    { component: 'allocator', scheme: 'http', address: allocator.health },
    { component: 'speaker', scheme: 'http', address: speaker.health },
  ];
  await createServices(1, 1);
  prometheus = await Prometheus.start(folder, targets, TOKEN);
  daemons.push(prometheus.daemon);
}, 180_000);

afterAll(async () => {
  site?.control.close();
  await Promise.all(daemons.map((daemon) => daemon.kill()));
  await lan?.[Symbol.asyncDispose]();
  await lab?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** Of the webhook. */
function setClock(wallMs: number): void {
  writeFileSync(CLOCK_FILE, JSON.stringify({ wallMs, monotonicMs: 0 }));
}

async function createServices(first: number, last: number): Promise<void> {
  for (let i = first; i <= last; i += 1) {
    const metadata = { name: `web-${i}`, namespace: 'default', annotations: ANNOTATIONS };
    const { status, message } = await lab.createService({
      metadata,
      spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
    });
    if (status !== 201) throw new Error(`Cannot create a Service: ${message}`);
  }
}

const ANNOTATIONS = {
  'lb.kubesphere.io/v1alpha1': 'openelb',
  'eip.openelb.kubesphere.io/v1alpha2': 'v4',
};

it('each query of the dashboard has data', async () => {
  await eventually(
    async () => {
      const empty: string[] = [];
      for (const { title, expr } of panels()) {
        const values = await prometheus.query(expr.replaceAll('$__rate_interval', '30s'));
        if (values.length === 0) empty.push(`${title}: ${expr}`);
      }
      expect(empty).toEqual([]);
    },
    { withinMs: 60_000, everyMs: 1_000 },
  );
}, 70_000);

it('the session, its route and its BFD are counted, and nothing is wrong', async () => {
  await eventually(
    async () => {
      const [up, routes, bfd] = await Promise.all(
        ['session_up', 'session_routes', 'session_bfd_up'].map((name) => prometheus.query(`skycap_speaker_${name}`)),
      );
      expect({ up, routes, bfd }).toEqual({ up: [1], routes: [1], bfd: [1] });
      expect(await prometheus.firing()).toEqual([]);
    },
    { withinMs: 60_000 },
  );
}, 70_000);

it('promtool finds no fault with the metrics', async () => {
  for (const { component, scheme, address } of targets) {
    if (scheme === 'https') continue;
    const text = await (
      await fetch(`http://${address}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } })
    ).text();
    const own = text.split('\n').filter((line) => /^(# (HELP|TYPE) )?skycap_/.test(line));
    const input = `${own.join('\n')}\n`;
    const said = execFileSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8', stdio: 'pipe' });
    expect([component, said]).toEqual([component, '']);
  }
});

it('a session that is lost and a pool that fills up fire their alerts, which end with the cause', async () => {
  await frr.stopBgpd();
  await createServices(2, 17);
  const firing = () => prometheus.firing();
  await eventually(async () => expect(await firing()).toEqual(expect.arrayContaining(EXPECTED)), { withinMs: 60_000 });
  await frr.startBgpd();
  for (let i = 2; i <= 17; i += 1) await lab.plane.kubectl(['delete', 'service', `web-${i}`, '--wait=false']);
  await eventually(async () => expect(await firing()).toEqual([]), { withinMs: 60_000 });
}, 130_000);

it('an allocator that is gone and BFD that is blocked fire their alerts, which end with the cause', async () => {
  const nft = (...words: readonly string[]) => ip('netns', 'exec', lan.router, 'nft', ...words);
  nft('add table inet block; add chain inet block in { type filter hook input priority 0; }');
  nft('add rule inet block in udp dport 3784 drop');
  await allocator.daemon.kill();
  const expected = ['SkycapBfdBlocked', 'SkycapNoLeader'];
  await eventually(async () => expect(await prometheus.firing()).toEqual(expected), { withinMs: 90_000 });
  nft('delete table inet block');
  const env = { SKYCAP_HEALTH_ADDRESS: allocator.health, ...WITH_TOKEN };
  const again = await startAllocator({ plane: lab.plane, name: 'allocator-2', folder: lan.dir, env });
  daemons.push(again.daemon);
  await eventually(async () => expect(await prometheus.firing()).toEqual([]), { withinMs: 90_000 });
}, 190_000);

it('a certificate near its end fires its alert, which ends when the webhook has renewed it', async () => {
  // By the webhook's clock, the certificate is new.
  setClock(-80 * DAY_MS);
  await lab.plane.kubectl(['delete', ...SECRET]);
  const expected = ['SkycapCertificateExpiresSoon'];
  await eventually(async () => expect(await prometheus.firing()).toEqual(expected), { withinMs: 60_000 });
  setClock(0);
  await eventually(
    async () => {
      await lab.plane.kubectl(['annotate', ...SECRET, '--overwrite', `looked-at=${Math.random()}`]);
      expect(await prometheus.firing()).toEqual([]);
    },
    { withinMs: 60_000, everyMs: 1_000 },
  );
}, 130_000);

const EXPECTED = ['SkycapAddressNotAnnounced', 'SkycapPoolNearlyFull', 'SkycapServicesPending', 'SkycapSessionDown'];
