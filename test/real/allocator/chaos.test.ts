import type { Service } from '../../../lib/api/service.ts';
import { BGP_PEERS, EIP_CLAIMS, EIPS, SERVICES } from '../../../lib/kube/resource.ts';
import { AllocatorLab, assigned, eventually, publishedBy, type Replica, serviceObject } from './harness.ts';

let lab: AllocatorLab;
beforeAll(async () => { lab = await AllocatorLab.start(); }, 60_000);
afterAll(() => lab?.[Symbol.asyncDispose]());

function rng(seed: number) { let s = seed; return () => { s = (s * 1664525 + 1013904223) % 4294967296; return s / 4294967296; }; }

test('chaos', async () => {
  const seed = Number(process.env.SEED ?? Date.now() % 100000);
  const seconds = Number(process.env.SECONDS ?? 40);
  const random = rng(seed);
  const pick = <T,>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  console.log('seed', seed);
  let replicas: Replica[] = [await lab.replica('r-0'), await lab.replica('r-1')];
  let count = 2;
  await lab.namespace('c');
  const ranges: Record<string, string[]> = { a: ['10.9.0.0/29', '10.9.0.0/28'], b: ['10.9.1.0/29', '10.9.1.0/28'], six: ['2001:db8:9::/125'] };
  const makeEip = async (name: string) => { await lab.eip(name, ranges[name]![0]!, name === 'a' ? {} : {}).catch(() => {}); };
  for (const n of Object.keys(ranges)) await makeEip(n);
  // history
  const stop = new AbortController();
  const history: { t: number; what: string }[] = [];
  const note = (what: string) => history.push({ t: Date.now(), what });
  const requestedAt = new Map<string, number>(); // name → last time own request changed
  const eipGoneAt = new Map<string, number>();
  const claimsGoneAt: number[] = [];
  const changes: string[] = [];
  const uidNow = new Map<string, { uid: string; addresses: string; eip: string }>();
  const { resourceVersion } = await lab.admin.list(SERVICES, { namespace: 'c' });
  const watching = (async () => {
    for await (const event of await lab.admin.watch(SERVICES, { namespace: 'c', resourceVersion, timeoutSeconds: 600, signal: stop.signal })) {
      if (event.type === 'bookmark') continue;
      const s = event.object; const name = s.metadata.name!;
      if (event.type === 'deleted') { uidNow.delete(name); continue; }
      const before = uidNow.get(name);
      const now = publishedBy(s);
      if (before && before.uid === s.metadata.uid && before.addresses !== now && before.addresses !== '' ) {
        const ok = (requestedAt.get(name) ?? 0) > Date.now() - 15_000 || before.addresses.split(',').every((a) => now.includes(a) || (eipGoneAt.get(a.startsWith('2001') ? 'six' : a.startsWith('10.9.0') ? 'a' : 'b') ?? 0) > Date.now() - 8_000);
        changes.push(`${ok ? 'ok' : 'UNEXPECTED'} ${new Date().toISOString()} ${name} ${before.addresses} -> ${now} (${assigned(s)?.reason}: ${assigned(s)?.message})`);
        note(`CHANGE ${name} ${before.addresses} -> ${now}`);
      }
      uidNow.set(name, { uid: s.metadata.uid!, addresses: now, eip: s.metadata.labels?.['eip.openelb.kubesphere.io/v1alpha2'] ?? '' });
    }
  })().catch(() => {});
  const names = Array.from({ length: 24 }, (_, i) => `s${i}`);
  const request = (name: string) => requestedAt.set(name, Date.now());
  const annotationsFor = (): Record<string, string> => ({
    ...(random() < 0.3 && { 'eip.openelb.kubesphere.io/v1alpha2': pick(['a', 'b', 'six', 'none']) }),
    ...(random() < 0.15 && { 'eip.openelb.kubesphere.io/v1alpha1': `10.9.0.${Math.floor(random() * 8)}` }),
    ...(random() < 0.3 && { 'skycap.io/sharing-key': 'k' }),
  });
  const specFor = (): Service['spec'] => ({
    ports: [{ port: 80 + Math.floor(random() * 4), protocol: 'TCP' as const }],
    ...(random() < 0.2 && { ipFamilyPolicy: pick(['PreferDualStack', 'RequireDualStack'] as const) }),
  });
  const ops: [number, string, () => Promise<void>][] = [
    [10, 'create', async () => { const n = pick(names); request(n); note(`create ${n}`); await lab.create(`c/${n}`, annotationsFor(), specFor()); }],
    [4, 'delete', async () => { const n = pick(names); note(`delete ${n}`); await lab.remove(`c/${n}`); }],
    [3, 'reannotate', async () => { const n = pick(names); request(n); note(`reannotate ${n}`); await lab.patch(`c/${n}`, { metadata: { annotations: { 'eip.openelb.kubesphere.io/v1alpha2': null, 'eip.openelb.kubesphere.io/v1alpha1': null, 'skycap.io/sharing-key': null, ...annotationsFor() } } }); }],
    [2, 'ports', async () => { const n = pick(names); request(n); note(`ports ${n}`); await lab.patch(`c/${n}`, { spec: { ports: [{ name: 'x', port: 80 + Math.floor(random() * 4), protocol: 'TCP' }] } }); }],
    [1, 'retype', async () => { const n = pick(names); request(n); const type = pick(['ClusterIP', 'LoadBalancer']); note(`retype ${n} ${type}`); await lab.patch(`c/${n}`, { spec: { type } }); }],
    [1, 'optout', async () => { const n = pick(names); request(n); note(`optout ${n}`); await lab.patch(`c/${n}`, { metadata: { annotations: { 'lb.kubesphere.io/v1alpha1': pick([null, 'openelb']) } } }); }],
    [1, 'strip', async () => { const n = pick(names); note(`strip ${n}`); await lab.patch(`c/${n}`, { metadata: { annotations: { 'skycap.io/addresses': null, 'skycap.io/claim': null }, labels: null } }); }],
    [1, 'forge', async () => { const n = pick(names); note(`forge ${n}`); await lab.patch(`c/${n}`, { metadata: { annotations: { 'skycap.io/addresses': '10.9.0.1', 'skycap.io/claim': 'x', 'skycap.io/waiting-since': '2020-01-01T00:00:00Z' } } }); }],
    [1, 'claim delete', async () => { const { items } = await lab.admin.list(EIP_CLAIMS); const c = pick(items); note(`delete claim ${c.spec.address}`); claimsGoneAt.push(Date.now()); await lab.admin.delete(EIP_CLAIMS, { name: c.metadata.name! }); }],
    [0.5, 'disable', async () => { const n = pick(['a', 'b', 'six']); const d = random() < 0.4; note(`disable ${n} ${d}`); await lab.admin.patch(EIPS, { name: n }, { spec: { disable: d } }, { type: 'merge' }); }],
    [0.5, 'resize', async () => { const n = pick(['a', 'b']); const address = pick([...ranges[n]!, '10.9.7.9-10.9.7.1', `10.9.${n === 'a' ? 0 : 1}.4/30`]); note(`resize ${n} ${address}`); await lab.admin.patch(EIPS, { name: n }, { spec: { address } }, { type: 'merge' }); }],
    [0.3, 'delete eip', async () => { const n = pick(['a', 'b', 'six']); note(`delete eip ${n}`); eipGoneAt.set(n, Date.now()); await lab.admin.delete(EIPS, { name: n }); }],
    [1.2, 'make eip', async () => { const n = pick(['a', 'b', 'six']); note(`make eip ${n}`); await makeEip(n); }],
    [0.3, 'restart', async () => { const i = Math.floor(random() * replicas.length); note(`restart ${i}`); const old = replicas[i]!; if (random() < 0.5) await lab.vanish(old); else await lab.stop(old); replicas[i] = await lab.replica(`r-${count++}`); }],
  ];
  const total = ops.reduce((sum, [w]) => sum + w, 0);
  const endMs = Date.now() + seconds * 1000;
  const tally: Record<string, number> = {};
  while (Date.now() < endMs) {
    let r = random() * total;
    const op = ops.find(([w]) => (r -= w) <= 0)!;
    try { await op[2](); tally[op[1]] = (tally[op[1]] ?? 0) + 1; } catch { tally[`${op[1]} failed`] = (tally[`${op[1]} failed`] ?? 0) + 1; }
    await new Promise((res) => setTimeout(res, random() * 60));
  }
  console.log(JSON.stringify(tally));
  // bring everything to a good state and check
  for (const n of ['a', 'b', 'six']) { await makeEip(n); await lab.admin.patch(EIPS, { name: n }, { spec: { disable: false, address: ranges[n]!.at(-1) } }, { type: 'merge' }).catch(() => {}); }
  const check = async () => {
    const services = (await lab.admin.list(SERVICES, { namespace: 'c' })).items;
    const claims = (await lab.admin.list(EIP_CLAIMS)).items;
    const problems: string[] = [];
    const byAddress = new Map<string, Service[]>();
    for (const s of services) {
      const ours = s.spec?.type === 'LoadBalancer' && s.metadata.annotations?.['lb.kubesphere.io/v1alpha1'] === 'openelb';
      const ips = publishedBy(s).split(',').filter(Boolean);
      if (!ours && (ips.length > 0 || assigned(s))) problems.push(`${s.metadata.name} is not ours and has ${ips} ${assigned(s)?.reason}`);
      for (const ip of ips) {
        byAddress.set(ip, [...(byAddress.get(ip) ?? []), s]);
        const c = claims.find((one) => one.spec.address === ip);
        if (!c?.spec.holders.some((h) => h.name === s.metadata.name && h.uid === s.metadata.uid)) problems.push(`${s.metadata.name} publishes ${ip} without a bound claim: ${JSON.stringify(c?.spec.holders)}`);
      }
      if (ours && s.metadata.annotations?.['skycap.io/addresses'] !== (ips.join(',') || undefined)) problems.push(`${s.metadata.name} annotation ${s.metadata.annotations?.['skycap.io/addresses']} but publishes ${ips}`);
      if (ours && !assigned(s)) problems.push(`${s.metadata.name} has no condition`);
      if (ours && assigned(s)?.reason === 'EipFull' && claims.filter((c) => c.spec.eip === 'a').length < 16 && !s.metadata.annotations?.['eip.openelb.kubesphere.io/v1alpha2']) problems.push(`${s.metadata.name} waits though a has space`);
    }
    for (const [ip, holders] of byAddress) {
      const ports = holders.flatMap((s) => (s.spec?.ports ?? []).map((p) => p.port));
      if (new Set(ports).size !== ports.length) problems.push(`${ip} port held twice: ${holders.map((s) => s.metadata.name)}`);
    }
    for (const c of claims) for (const h of c.spec.holders) {
      const s = services.find((one) => one.metadata.name === h.name && one.metadata.uid === h.uid);
      if (!s || !publishedBy(s).split(',').includes(c.spec.address)) problems.push(`claim ${c.spec.address} of ${h.name} ${h.uid} is not published (${s && publishedBy(s)})`);
    }
    return problems;
  };
  try {
    await eventually(async () => expect(await check()).toEqual([]), 25_000);
  } catch (error) {
    console.log(history.slice(-150).map(({ t, what }) => `${new Date(t).toISOString()} ${what}`).join('\n'));
    for (const r of replicas) console.log(r.log.lines.slice(-60).map((l) => JSON.stringify(l)).join('\n'));
    throw error;
  } finally {
    stop.abort(); await watching;
    console.log(changes.filter((c) => c.startsWith('UNEXPECTED')).join('\n') || 'no unexpected change', changes.length);
  }
  const unexpected = changes.filter((c) => c.startsWith('UNEXPECTED'));
  if (unexpected.length > 0) console.log(history.map(({ t, what }) => `${new Date(t).toISOString()} ${what}`).join('\n'));
  expect(unexpected).toEqual([]);
}, 300_000);
