/**
 * A reader of the documentation in the lab: has a copy of the checkout, kubectl, helm and a shell whose `curl` is the client's, and an FRR router. Every node has the images that
 * pages name.
 */
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { helmPath } from '../../lab/helm.ts';
import { installSkycap, waitForSkycap } from '../../lab/install.ts';
import type { Lab } from '../../lab/lab.ts';
import { nameImage } from '../../lab/oci.ts';
import { SKYCAP_IMAGE } from '../../lab/skycap-image.ts';
import { EXCEPTIONS, withExceptions } from './exceptions.ts';
import { readPage, sectionOf } from './page.ts';
import { type PageRunner, runBlocks } from './run-blocks.ts';

const ROOT = join(import.meta.dirname, '../../..');
/** What a reader has of the checkout. */
const CHECKOUT = ['manifests', 'examples'];
/** Skycap's own image has Node in it, which is all that the examples need. */
const IMAGES = ['registry.example/skycap:0.1.0', 'docker.io/library/node:24-trixie-slim'];

export class LabReader implements AsyncDisposable {
  readonly lab: Lab;
  /** The reader's checkout. */
  readonly folder: string;
  readonly runner: PageRunner;
  /** `page heading` of each section done. */
  readonly #done = new Set<string>();

  private constructor(lab: Lab, home: string) {
    this.lab = lab;
    this.folder = join(home, 'skycap');
    const helm = { HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home };
    const path = [join(home, 'bin'), dirname(lab.kubectlPath), dirname(helmPath()), process.env.PATH].join(':');
    this.runner = {
      env: { ...process.env, ...helm, PATH: path, KUBECONFIG: lab.kubeconfig },
      cwd: this.folder,
      apply: async (yaml) => void (await lab.kubectl(['apply', '-f', '-'], { input: yaml })),
      other: async ({ language, text }) => {
        if (language !== 'frr') throw new Error(`there is no way to run "${language}" in the lab`);
        const file = join(home, 'frr.conf');
        await writeFile(file, text);
        await lab.router.exec(['vtysh', '-f', file]);
      },
    };
  }

  static async open(lab: Lab): Promise<LabReader> {
    const home = await mkdtemp(join(tmpdir(), 'skycap-reader-'));
    const reader = new LabReader(lab, home);
    await mkdir(join(home, 'bin'));
    await program(join(home, 'bin/curl'), lab.client.enter(['/usr/bin/curl']));
    await program(join(home, 'bin/kubectl-skycap'), [process.execPath, join(ROOT, 'cli/main.ts')]);
    await reader.copyCheckout();
    for (const image of IMAGES) {
      await Promise.all(lab.nodes.map((node) => nameImage(SKYCAP_IMAGE, image, node.containerdSocket)));
    }
    return reader;
  }

  /** As it is in the repository, whatever a test has changed in it. */
  async copyCheckout(): Promise<void> {
    for (const name of CHECKOUT) {
      await rm(join(this.folder, name), { recursive: true, force: true });
      await cp(join(ROOT, name), join(this.folder, name), { recursive: true, verbatimSymlinks: true });
    }
  }

  /** Does what the section says. */
  async does(page: string, heading: string): Promise<void> {
    await runBlocks(withExceptions(page, sectionOf(page, heading).blocks), this.runner);
    this.#done.add(`${page} ${heading}`);
  }

  /** The sections of the page that have blocks and are not done. */
  undone(page: string): readonly string[] {
    const headings = readPage(page).flatMap(({ heading, blocks }) => (blocks.length > 0 ? [heading] : []));
    return headings.filter((heading) => !this.#done.has(`${page} ${heading}`));
  }

  /** Commands of the test's own. */
  async shell(text: string): Promise<void> {
    await runBlocks([{ language: 'sh', text, line: 0 }], this.runner);
  }

  /** Whatever a test did or failed to do, the next test finds Skycap as the lab installs it. */
  async installSkycapAgain(): Promise<void> {
    await this.shell('helm uninstall skycap --namespace skycap-system --ignore-not-found --wait');
    await installSkycap(this.lab);
    await waitForSkycap(this.lab);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(dirname(this.folder), { recursive: true, force: true });
  }
}

/** A program that runs the command. */
async function program(path: string, command: readonly string[]): Promise<void> {
  await writeFile(path, `#!/bin/sh\nexec ${command.join(' ')} "$@"\n`);
  await chmod(path, 0o755);
}

/** For the log of a test run. */
export function exceptionsText(): string {
  return EXCEPTIONS.map(({ page, begins, reason }) => `not run: ${page}, "${begins} …": ${reason}`).join('\n');
}
