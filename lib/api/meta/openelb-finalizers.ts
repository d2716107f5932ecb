/**
 * OpenELB added finalizers, and whoever uninstalls it is left with objects that can't be deleted (openelb #138, #263). Skycap adds none
 * and removes those on sight, whoever's the object is: nobody else waits for them any more. PURE.
 */
import { OPENELB_FINALIZERS } from '../keys.ts';
import type { KubeObject } from './object.ts';

export function leftoverFinalizers(object: KubeObject): readonly string[] {
  return (object.metadata.finalizers ?? []).filter(isLeftover);
}

/** A JSON merge patch of the object without the leftovers, or undefined where there are none. */
export function finalizersPatch(object: KubeObject): unknown {
  if (leftoverFinalizers(object).length === 0) return undefined;
  const { finalizers, resourceVersion } = object.metadata;
  return { metadata: { resourceVersion, finalizers: finalizers?.filter((finalizer) => !isLeftover(finalizer)) } };
}

function isLeftover(finalizer: string): boolean {
  return (OPENELB_FINALIZERS as readonly string[]).includes(finalizer);
}
