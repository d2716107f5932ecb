/** `npm run manifests`: writes `manifests/base` and the certificate of the overlay `cert-manager` anew from the chart. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { prepareHelmProgram } from '../lab/prepare.ts';
import { consoleProgress } from '../lab/progress.ts';
import { BASE_FOLDER, CERTIFICATE_FILE, renderBase, renderCertificate } from './render-base.ts';

await prepareHelmProgram(consoleProgress());
for (const [name, text] of await renderBase()) await writeFile(join(BASE_FOLDER, name), text);
await writeFile(CERTIFICATE_FILE, await renderCertificate());
