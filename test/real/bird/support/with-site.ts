/** One node and one router, for the length of a test. */
import { BirdSite } from './bird-site.ts';
import { Lan } from './lan.ts';

/** Starts BIRD's container on the node. Everything is gone afterwards; a failure shows what BIRD said. */
export async function withSite(act: (site: BirdSite, lan: Lan) => Promise<void>): Promise<void> {
  await using lan = Lan.make();
  const site = new BirdSite(lan);
  try {
    site.startContainer();
    await act(site, lan);
  } catch (error) {
    throw new Error(`${(error as Error).message}\nBIRD said:\n${site.container.tail()}`, { cause: error });
  } finally {
    site.control.close();
  }
}
