/** Commands of kubectl for a user to paste into a shell. PURE. */
import { BGP_CONF_NAME } from '../api/keys.ts';
import type { KubeObject } from '../api/meta/object.ts';

/** @param edits the value of each annotation; undefined removes the annotation. */
export function annotateCommand(
  { metadata: { name = '', namespace = 'default' } }: Pick<KubeObject, 'metadata'>,
  edits: Readonly<Record<string, string | undefined>>,
): string {
  return `kubectl annotate service ${name} -n ${namespace} --overwrite ${editsText(edits)}`;
}

/** @param edits the value of each label; undefined removes the label. */
export function labelCommand(
  kind: 'node' | 'eip' | 'bgpconf' | 'bgppeer',
  name: string,
  edits: Readonly<Record<string, string | undefined>>,
): string {
  return `kubectl label ${kind} ${name} --overwrite ${editsText(edits)}`;
}

function editsText(edits: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(edits)
    .map(([key, value]) => quoted(value === undefined ? `${key}-` : `${key}=${value}`))
    .join(' ');
}

export function patchServiceCommand({ metadata }: Pick<KubeObject, 'metadata'>, patch: object): string {
  return patchCommand(`service ${metadata.name} -n ${metadata.namespace ?? 'default'}`, patch);
}

export function patchEipCommand(name: string, spec: object): string {
  return patchCommand(`eip ${name}`, { spec });
}

export function patchBgpPeerCommand(name: string, spec: object): string {
  return patchCommand(`bgppeer ${name}`, { spec });
}

export function patchBgpConfCommand(spec: object): string {
  return patchCommand(`bgpconf ${BGP_CONF_NAME}`, { spec });
}

function patchCommand(target: string, patch: object): string {
  return `kubectl patch ${target} --type=merge -p ${quoted(JSON.stringify(patch))}`;
}

/** As one word of a shell. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
