/** Kinds of network interfaces that this machine's kernel can make; each is built without this or that. */
import { addNamespace, ip } from './namespaces.ts';

const OPTIONS = { vlan: ['id', '5'], macvlan: ['mode', 'bridge'], bond: [] } as const;

export type LinkKind = keyof typeof OPTIONS;

/** Those that it can't. Needs root. */
export function missingLinkKinds(): readonly LinkKind[] {
  const namespace = addNamespace('k');
  try {
    ip('-n', namespace, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth1');
    return (Object.keys(OPTIONS) as LinkKind[]).filter((kind) => !canMake(namespace, kind));
  } finally {
    ip('netns', 'delete', namespace);
  }
}

function canMake(namespace: string, kind: LinkKind): boolean {
  const parent = kind === 'bond' ? [] : ['link', 'eth0'];
  try {
    ip('-n', namespace, 'link', 'add', ...parent, 'name', kind, 'type', kind, ...OPTIONS[kind]);
    return true;
  } catch {
    return false;
  }
}
