/** jest runs this in front of each file: the file has the lab of its worker, and says so as long as its tests run. */
import { markLabInUse } from './lab-use.ts';
import { labOfWorker } from './test-lab.ts';

const name = labOfWorker();
process.env.SKYCAP_LAB_NAME = name;
beforeAll(() => markLabInUse(name, true));
afterAll(() => markLabInUse(name, false));
