/** Reasons that lie in BGP and in others who announce. */
import { CRDS } from '../../../../lib/kube/crd.ts';
import { BGP_CONFS, BGP_PEERS, CALICO_BGP_CONFIGURATIONS, EIPS } from '../../../../lib/kube/resource.ts';
import { eventually } from '../../allocator/harness.ts';
import type { Case } from './case.ts';
import { type AnnouncedStage, condition, PEER_NAMES, session } from './stage.ts';

const merge = { type: 'merge' } as const;
const CNI = 'openelb.kubesphere.io/cni';
const PEERS = 'skycap.io/bgp-peers';
const IN_USE = condition('SessionsEstablished', 'False', 'PortInUse', 'port 179 is taken by bgpd (pid 7)');
const SILENT = condition('SessionsEstablished', 'Unknown', 'BirdUnreachable', 'BIRD does not answer on its socket');
const DOWN = PEER_NAMES.map((peer) => session(peer, { state: 'Active', lastError: 'Socket: Connection refused' }));

export function routeCases(stage: () => AnnouncedStage): readonly Case[] {
  const admin = () => stage().lab.admin;
  const patchEip = (name: string, body: object) => admin().patch(EIPS, { name }, body, merge);
  const patchPeers = async (body: object) => {
    for (const name of PEER_NAMES) await admin().patch(BGP_PEERS, { name }, body, merge);
  };
  const patchConf = (body: object) => admin().patch(BGP_CONFS, { name: 'default' }, body, merge);
  const annotateWeb = (value: string | null) =>
    stage().lab.patch('routed/web', { metadata: { annotations: { [PEERS]: value } } });
  const noSessions = () => stage().report({ sessions: [] });
  const well = () => stage().allWell();
  return [
    {
      reason: 'NoBgpConf',
      cause: async () => {
        await admin().delete(BGP_CONFS, { name: 'default' });
        await noSessions();
      },
      says: /no valid BgpConf named default/,
      helps: /Create the BgpConf default/,
      remedy: async () => {
        await stage().createConf();
        await well();
      },
    },
    {
      reason: 'NoSessions',
      because: 'there is no BgpPeer',
      cause: async () => {
        for (const name of PEER_NAMES) await admin().delete(BGP_PEERS, { name });
        await noSessions();
      },
      says: /no node that may announce it has a session/,
      helps: /Create a BgpPeer/,
      remedy: async () => {
        await stage().createPeers();
        await well();
      },
    },
    {
      reason: 'NoSessions',
      because: 'the BgpPeers select no node',
      cause: async () => {
        await patchPeers({ spec: { nodeSelector: { matchLabels: { row: 'a' } } } });
        await noSessions();
      },
      says: /no node that may announce it has a session/,
      helps: /spec.nodeSelector of BgpPeer tor-a \(row=a\).*kubectl label node node-1 --overwrite row=a$/s,
      remedy: () => stage().report({ sessions: [session('tor-a')] }, 'node-1'),
      restore: async () => {
        await patchPeers({ spec: { nodeSelector: null } });
        await well();
      },
    },
    {
      reason: 'NoSessions',
      because: 'a node refuses the BgpPeer',
      cause: () => stage().report({ sessions: [], refusedPeers: [refusal('tor-a')] }),
      says: /no node that may announce it has a session/,
      helps: /BgpPeer tor-a: the Secret tor is missing.*kubectl skycap explain bgppeer\/tor-a$/s,
      isToRead: true,
      remedy: async () => {
        await stage().report({ refusedPeers: [] });
        await well();
      },
    },
    {
      reason: 'NoSessions',
      because: 'the annotation of the Service names another BgpPeer',
      cause: () => annotateWeb('tor-x'),
      says: /skycap.io\/bgp-peers/,
      helps: /kubectl annotate service web -n routed --overwrite skycap.io\/bgp-peers-$/,
    },
    {
      reason: 'NoSessions',
      because: 'the Eip selects another BgpPeer',
      cause: () => patchEip('routed', { spec: { bgp: { peers: { names: ['tor-x'] } } } }),
      says: /spec.bgp.peers of Eip routed/,
      helps: /spec.bgp.peers of Eip routed select a BgpPeer that exists \(tor-a, tor-b\)/,
      remedy: () => patchEip('routed', { spec: { bgp: { peers: { names: ['tor-a'] } } } }),
      isToRead: true,
      restore: () => patchEip('routed', { spec: { bgp: { peers: null } } }),
    },
    {
      reason: 'NoSessions',
      because: 'the BgpPeers carry the other family',
      cause: () =>
        patchPeers({ spec: { afiSafis: [{ config: { family: { afi: 'AFI_IP6', safi: 'SAFI_UNICAST' } } }] } }),
      says: /no node that may announce it has a session with a router for IPv4/,
      helps: /Add IPv4 to spec.afiSafis of BgpPeer tor-a.*kubectl patch bgppeer tor-a /s,
      restore: () => patchPeers({ spec: { afiSafis: null } }),
    },
    {
      reason: 'NoSessions',
      because: 'the BgpConf has the other family',
      cause: () => patchConf({ spec: { families: [1] } }),
      says: /no node that may announce it has a session with a router for IPv4/,
      helps: /Add IPv4 to spec.families of BgpConf default.*kubectl patch bgpconf default /s,
    },
    {
      reason: 'PeerDisabled',
      cause: async () => {
        await patchPeers({ spec: { conf: { adminDown: true } } });
        await stage().report({ sessions: PEER_NAMES.map((peer) => session(peer, { state: 'Idle', disabled: true })) });
      },
      says: /adminDown/,
      helps: /BgpPeer tor-a to false.*kubectl patch bgppeer tor-a /s,
      remedy: () =>
        stage().report({ sessions: [session('tor-a'), session('tor-b', { state: 'Idle', disabled: true })] }),
      restore: async () => {
        await patchPeers({ spec: { conf: { adminDown: null } } });
        await well();
      },
    },
    {
      reason: 'SessionsDown',
      cause: () => stage().report({ sessions: DOWN }),
      says: /node-1: SessionsDown.*node-1 to 192.0.2.1 \(BgpPeer tor-a, AS 64513\): Socket: Connection refused/s,
      helps: /Look at the router.*kubectl skycap explain bgppeer\/tor-a/s,
      isToRead: true,
      remedy: well,
    },
    {
      reason: 'PortInUse',
      cause: () => stage().report({ sessions: DOWN, conditions: [IN_USE] }),
      says: /port of BGP.*port 179 is taken by bgpd \(pid 7\)/s,
      helps: /Stop that process/,
      remedy: well,
    },
    {
      reason: 'BirdUnreachable',
      state: 'unknown',
      cause: () => stage().report({ conditions: [SILENT] }),
      says: /BIRD does not answer.*BIRD does not answer on its socket/s,
      helps: /log of the container bird.*kubectl logs -n skycap-system .* -c bird/s,
      isToRead: true,
      remedy: well,
    },
    {
      reason: 'AnnouncedByCni',
      because: 'a label of the Eip says so',
      state: 'unknown',
      cause: () => patchEip('routed', { metadata: { labels: { [CNI]: 'calico' } } }),
      says: /Eip routed/,
      helps: /kubectl label eip routed --overwrite openelb.kubesphere.io\/cni-$/,
    },
    {
      reason: 'AnnouncedByCni',
      because: 'a label of the BgpConf says so',
      state: 'unknown',
      cause: async () => {
        await patchConf({ metadata: { labels: { [CNI]: 'calico' } } });
        await noSessions();
      },
      says: /BgpConf default/,
      helps: /kubectl label bgpconf default --overwrite openelb.kubesphere.io\/cni-$/,
      remedy: well,
    },
    {
      reason: 'NoSessions',
      because: 'a label of the BgpPeers says that a CNI has their sessions',
      cause: async () => {
        await patchPeers({ metadata: { labels: { [CNI]: 'calico' } } });
        await noSessions();
      },
      says: /no node that may announce it has a session/,
      helps: /kubectl label bgppeer tor-a --overwrite openelb.kubesphere.io\/cni-$/,
      remedy: () => stage().report({ sessions: [session('tor-a')] }),
      restore: async () => {
        await patchPeers({ metadata: { labels: { [CNI]: null } } });
        await well();
      },
    },
    {
      reason: 'AnnouncedByCalico',
      state: 'unknown',
      cause: async () => {
        await createCalico(stage());
        await noSessions();
      },
      says: /Calico announces it, by spec.serviceLoadBalancerIPs/,
      helps: /No action if Calico is to announce it/,
      remedy: async () => {
        await admin().delete(CALICO_BGP_CONFIGURATIONS, { name: 'default' });
        await well();
      },
    },
  ];
}

function refusal(peer: string) {
  return { peer, reason: 'PasswordNotFound', message: 'the Secret tor is missing' } as const;
}

async function createCalico({ lab: { admin } }: AnnouncedStage): Promise<void> {
  const group = 'crd.projectcalico.org';
  const names = { kind: 'BGPConfiguration', plural: 'bgpconfigurations' };
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const versions = [{ name: 'v1', served: true, storage: true, schema }];
  const spec = { group, names, scope: 'Cluster', versions };
  const crd = { metadata: { name: `${names.plural}.${group}` }, spec };
  await admin.create(CRDS, crd);
  const serviceLoadBalancerIPs = [{ cidr: '198.51.100.0/24' }];
  const kind = { apiVersion: `${group}/v1`, kind: 'BGPConfiguration' };
  const calico = { ...kind, metadata: { name: 'default' }, spec: { serviceLoadBalancerIPs } };
  await eventually(() => admin.create(CALICO_BGP_CONFIGURATIONS, calico));
}
