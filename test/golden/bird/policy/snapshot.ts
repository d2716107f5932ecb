/** A policy with each kind of set, condition and action, for a router of another AS and one of the same. */
import { aBgpConf, aBgpPeer, anEip, aPolicyMap, aService, aSnapshot } from '../../../support/speaker-builders.ts';

const policy = `
[[defined-sets.prefix-sets]]
  prefix-set-name = "web"
  [[defined-sets.prefix-sets.prefix-list]]
    ip-prefix = "198.51.100.0/24"
    masklength-range = "24..32"
  [[defined-sets.prefix-sets.prefix-list]]
    ip-prefix = "198.51.100.128/25"
    masklength-range = "25..32"
[[defined-sets.neighbor-sets]]
  neighbor-set-name = "border"
  neighbor-info-list = ["192.0.2.1"]
[[defined-sets.bgp-defined-sets.community-sets]]
  community-set-name = "ours"
  community-list = ["^64512:", "no-export"]
[[defined-sets.bgp-defined-sets.ext-community-sets]]
  ext-community-set-name = "targets"
  ext-community-list = ["rt:64512:.*"]
[[defined-sets.bgp-defined-sets.large-community-sets]]
  large-community-set-name = "large"
  large-community-list = ["64512:1:1"]
[[defined-sets.bgp-defined-sets.as-path-sets]]
  as-path-set-name = "long"
  as-path-list = ["^64512_64512"]

[[policy-definitions]]
  name = "made here"
  [[policy-definitions.statements]]
    [policy-definitions.statements.conditions.match-prefix-set]
      prefix-set = "web"
    [policy-definitions.statements.actions]
      route-disposition = "accept-route"
    [policy-definitions.statements.actions.bgp-actions.set-community]
      options = "add"
      [policy-definitions.statements.actions.bgp-actions.set-community.set-community-method]
        communities-list = ["64512:100", "no-export"]
[[policy-definitions]]
  name = "sent away"
  [[policy-definitions.statements]]
    [policy-definitions.statements.conditions.match-neighbor-set]
      neighbor-set = "border"
    [policy-definitions.statements.actions.bgp-actions]
      set-med = "+50"
      set-local-pref = 200
      set-route-origin = "incomplete"
    [policy-definitions.statements.actions.bgp-actions.set-as-path-prepend]
      as = "last-as"
      repeat-n = 2
    [policy-definitions.statements.actions.bgp-actions.set-ext-community]
      options = "replace"
      [policy-definitions.statements.actions.bgp-actions.set-ext-community.set-ext-community-method]
        communities-list = ["rt:64512:7", "soo:1.10:7", "lb:64512:125000"]
    [policy-definitions.statements.actions.bgp-actions.set-large-community]
      options = "add"
      [policy-definitions.statements.actions.bgp-actions.set-large-community.set-large-community-method]
        communities-list = ["64512:1:1"]
  [[policy-definitions.statements]]
    [policy-definitions.statements.conditions.bgp-conditions.match-community-set]
      community-set = "ours"
      match-set-options = "all"
    [policy-definitions.statements.conditions.bgp-conditions.match-as-path-set]
      as-path-set = "long"
    [policy-definitions.statements.conditions.bgp-conditions.match-ext-community-set]
      ext-community-set = "targets"
    [policy-definitions.statements.conditions.bgp-conditions.match-large-community-set]
      large-community-set = "large"
      match-set-options = "invert"
    [policy-definitions.statements.conditions.bgp-conditions.as-path-length]
      operator = "ge"
      value = 2
    [policy-definitions.statements.conditions.bgp-conditions]
      afi-safi-in-list = ["ipv4-unicast"]
    [policy-definitions.statements.actions]
      route-disposition = "reject-route"
  [[policy-definitions.statements]]
    [policy-definitions.statements.actions]
      route-disposition = "accept-route"
    [policy-definitions.statements.actions.bgp-actions]
      set-med = "-10"
      set-next-hop = "192.0.2.99"
    [policy-definitions.statements.actions.bgp-actions.set-community]
      options = "remove"
      [policy-definitions.statements.actions.bgp-actions.set-community.set-community-method]
        communities-list = ["^64512:1"]

[global.apply-policy.config]
  import-policy-list = ["made here"]
  default-import-policy = "reject-route"
  export-policy-list = ["sent away"]
  default-export-policy = "reject-route"
`;

export const snapshot = aSnapshot({
  bgpConfs: [aBgpConf({ policy: 'bgp-policy' })],
  bgpPeers: [aBgpPeer('border'), aBgpPeer('reflector', { conf: { neighborAddress: '192.0.2.2', peerAs: 64512 } })],
  eips: [anEip('v4'), anEip('v6')],
  services: [aService({ ips: ['198.51.100.10'] }), aService({ name: 'six', ips: ['2001:db8:100::7'], eip: 'v6' })],
  configMaps: [aPolicyMap(policy)],
});
