/** The page that comes with a release: which file is for what, and the commands that use it. PURE */

export interface NotesRequest {
  readonly version: string;
  /** With its digest. */
  readonly image: string;
  readonly repository: string;
}

export function releaseNotes({ version, image, repository }: NotesRequest): string {
  return `# Skycap ${version}

| file | content |
|---|---|
| \`skycap-${version}.oci.tar\` | the image ${image} for each platform, in the format of OCI |
| \`skycap-${version}.tgz\` | the chart of Helm |
| \`skycap.yaml\` | the same objects, for kubectl |
| \`kubectl-skycap-${version}-*-*.tar.gz\` | \`kubectl skycap\` for Linux and macOS (darwin), one program: copy it to the PATH |
| \`kubectl-skycap-${version}.tgz\` | the same for any Node 20 or later: \`npm install --global\` with this file |
| \`images.txt\` | the images that a cluster needs; there is no other than Skycap's own |
| \`skycap-${version}-linux-*.cdx.json\` | for each platform the packages in the image, in the format of CycloneDX |
| \`SHA256SUMS\` | for \`sha256sum --check SHA256SUMS\` |

Push the image to a registry that the nodes reach:

\`\`\`sh
skopeo copy --all --preserve-digests oci-archive:skycap-${version}.oci.tar:${version} docker://${repository}:${version}
\`\`\`

or import it on each node, if there is no registry:

\`\`\`sh
ctr --namespace k8s.io images import skycap-${version}.oci.tar
\`\`\`

Then install by Helm, or by kubectl:

\`\`\`sh
helm install skycap skycap-${version}.tgz --namespace skycap-system --create-namespace --wait
kubectl apply --server-side -f skycap.yaml
\`\`\`
`;
}
