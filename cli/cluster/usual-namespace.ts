/** The namespace in which the manifests install Skycap. An administrator may have chosen another one. */
export const USUAL_NAMESPACE = 'skycap-system';
