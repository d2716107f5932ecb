/**
 * OpenELB added finalizers, so objects cannot be deleted once it is uninstalled (openelb #138, #263). Skycap adds none and removes these from every object, since no
 * other program waits for them. PURE.
 */
import { OPENELB_FINALIZERS } from '../keys.ts';
import type { KubeObject } from './object.ts';

export function leftoverFinalizers(object: KubeObject): readonly string[] {
  return (object.metadata.finalizers ?? []).filter(isLeftover);
}

/** A JSON merge patch without OpenELB's finalizers, or undefined if there are none. */
export function finalizersPatch(object: KubeObject): unknown {
  if (leftoverFinalizers(object).length === 0) return undefined;
  const { finalizers, resourceVersion } = object.metadata;
  return { metadata: { resourceVersion, finalizers: finalizers?.filter((finalizer) => !isLeftover(finalizer)) } };
}

function isLeftover(finalizer: string): boolean {
  return (OPENELB_FINALIZERS as readonly string[]).includes(finalizer);
}
