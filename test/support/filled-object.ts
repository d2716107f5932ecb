/** An object of a CRD in which every field is set, so that a test can look whether a change of the CRD loses one. PURE. */

// biome-ignore lint/suspicious/noExplicitAny: schemas and objects of every kind pass through here.
type Any = any;

const SOME_TIME = '2026-01-02T03:04:05Z';
const MAC = '02:00:00:00:00:01';
const LABEL = 'a';
/** Base64. */
const SOME_BYTES = 'YWI=';

/** Values of fields whose rules no schema can tell, by the end of the path. */
const BY_PATH: readonly (readonly [RegExp, unknown])[] = [
  [/^EipClaim\.spec\.address$/, '192.0.2.1'],
  [/^Eip\.spec\.address$/, '192.0.2.0/24'],
  [/\.neighborPrefix$/, '192.0.2.0/24'],
  [/\.(routerId|neighborAddress|localAddress|listenAddresses)$/, '192.0.2.1'],
  [/\.timers\.config\.\w+$/, '9'],
  [/\.operator$/, 'In'],
  [/\.mac$/, MAC],
];

/** @param crd as YAML has it. @returns an object of the stored version, named as an EipClaim must be. */
export function filledObject(crd: Any): Any {
  const { kind } = crd.spec.names;
  const version = crd.spec.versions.find(({ storage }: Any) => storage);
  const { spec, status } = version.schema.openAPIV3Schema.properties;
  return {
    apiVersion: `${crd.spec.group}/${version.name}`,
    kind,
    metadata: { name: '192.0.2.1' },
    ...(spec && { spec: filled(spec, `${kind}.spec`) }),
    ...(status && { status: filled(status, `${kind}.status`) }),
  };
}

function filled(schema: Any, path: string): unknown {
  const known = BY_PATH.find(([end]) => end.test(path));
  if (schema.type === 'array') return [filled(schema.items, path)];
  if (known) return known[1];
  if (schema.enum) return schema.enum[0];
  if (schema.properties) {
    const entries = Object.entries(schema.properties).map(([name, one]) => [name, filled(one, `${path}.${name}`)]);
    return Object.fromEntries(entries);
  }
  if (schema.additionalProperties) return { [LABEL]: filled(schema.additionalProperties, path) };
  switch (schema.type) {
    case 'boolean':
      return true;
    case 'integer':
      return Math.max(1, schema.minimum ?? 1);
    case 'string':
      if (schema.format === 'byte') return SOME_BYTES;
      return schema.format === 'date-time' ? SOME_TIME : LABEL;
    default:
      throw new Error(`Cannot fill ${path}: its type is ${schema.type}`);
  }
}
