/** Properties of the text; what it says is in the golden files. */
import fc from 'fast-check';
import { makePlan } from '../../../../../lib/bgp/plan.ts';
import { buildBirdConfig } from '../../../../../speaker/bird/config/model.ts';
import {
  FINGERPRINT_PROTOCOL,
  type RenderedConfig,
  renderBirdConfig,
} from '../../../../../speaker/bird/config/render.ts';
import { parseBirdVersion } from '../../../../../speaker/bird/config/version.ts';
import { aBgpPeer, aService, aSnapshot, type ClusterOptions } from '../../../../support/speaker-builders.ts';

const version = parseBirdVersion('BIRD 2.17.5')!;

function model(options: ClusterOptions) {
  const planned = makePlan(aSnapshot(options));
  if (planned.kind !== 'plan') throw new Error(`Cannot render: the plan is on hold, ${planned.message}`);
  return buildBirdConfig(planned.plan, version);
}

const render = (options: ClusterOptions): RenderedConfig => renderBirdConfig(model(options));
const services = (hosts: readonly number[]) =>
  hosts.map((host) => aService({ name: `s${host}`, ips: [`198.51.100.${host}`] }));
const peers = (hosts: readonly number[]) =>
  hosts.map((host) => aBgpPeer(`p-${host}`, { conf: { neighborAddress: `192.0.2.${host}` } }));
const hosts = fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { maxLength: 8 });

it('does not depend on the order of objects', () => {
  fc.assert(
    fc.property(hosts, hosts, (a, b) => {
      const sorted = (list: readonly number[]) => [...list].sort((x, y) => x - y);
      expect(render({ services: services(a), bgpPeers: peers(b) })).toEqual(
        render({ services: services(sorted(a)), bgpPeers: peers(sorted(b)) }),
      );
    }),
  );
});

it('has a fingerprint that is equal exactly where the text is, and stands in it', () => {
  fc.assert(
    fc.property(hosts, hosts, (a, b) => {
      const [first, second] = [render({ services: services(a) }), render({ services: services(b) })];
      expect(first.fingerprint === second.fingerprint).toBe(first.text === second.text);
      expect(first.text).toContain(`protocol device ${FINGERPRINT_PROTOCOL} {\n  description "${first.fingerprint}";`);
    }),
  );
});

it('changes no line of any session when routes change', () => {
  const sessionsOf = ({ text }: RenderedConfig) =>
    text.split('\n\n').filter((block) => block.startsWith('protocol bgp'));
  fc.assert(
    fc.property(hosts, hosts, hosts, (before, after, routers) => {
      const bgpPeers = peers(routers);
      expect(sessionsOf(render({ services: services(before), bgpPeers }))).toEqual(
        sessionsOf(render({ services: services(after), bgpPeers })),
      );
    }),
  );
});

it('lets BIRD touch no route of the node', () => {
  expect(render({ services: services([1, 2]) }).text).not.toMatch(/protocol (kernel|direct|pipe)|learn|persist/);
});

it.each(['a"b', 'a\nb', 'a\rb'])('throws rather than write %j, and does not show it', (password) => {
  const tame = model({ bgpPeers: [aBgpPeer('a', { conf: { authPassword: 'tame' } })] });
  const wild = { ...tame, sessions: tame.sessions.map((session) => ({ ...session, password })) };
  expect(() => renderBirdConfig(wild)).toThrow(
    /^Cannot write a string into bird\.conf: it has a quote or a line break$/,
  );
});
