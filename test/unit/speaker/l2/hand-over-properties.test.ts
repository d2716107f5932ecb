/**
 * Handing over between nodes that see each other late, and the endpoints at different times: never do all let go.
 *
 * The API server puts what all nodes say in one order. A node knows a beginning of it, its own words among them, and acts at any time on that and on whatever
 * endpoints it sees; what it says of that comes later.
 */
import fc from 'fast-check';
import { decideOwnership } from '../../../../lib/layer2/decide-owner.ts';
import { nextNotices, standingNotices } from '../../../../speaker/l2/ownership/notices.ts';
import { ADDRESS, aView, wantedOf } from '../../../support/layer2-builders.ts';
import { anEndpoint, aService, aSlice, READY } from '../../../support/speaker-builders.ts';

const NAMES = ['node-1', 'node-2', 'node-3'];
const ALL = 99;

interface Step {
  readonly node: string;
  /** So many more of the words of all it hears before it acts. */
  readonly hears: number;
  /** Where it sees an endpoint that is ready. */
  readonly endpoints: readonly string[];
  /** Says what it has after it acted; else what it said before stands still. */
  readonly says: boolean;
}

interface Words {
  readonly holds: readonly string[];
  readonly yields: readonly string[];
}

const NOTHING: Words = { holds: [], yields: [] };
const wantedFor = new Map<string, ReturnType<typeof wantedOf>>();

function wantedWith(endpoints: readonly string[]) {
  const key = endpoints.join();
  const services = [aService({ policy: 'Local', ips: [ADDRESS] })];
  const slices = [aSlice(endpoints.map((name) => anEndpoint(name, READY)))];
  const wanted = wantedFor.get(key) ?? wantedOf({ services, slices });
  wantedFor.set(key, wanted);
  return wanted;
}

class Model {
  readonly #words: (readonly [string, Words])[] = [];
  readonly #heardUpTo = new Map(NAMES.map((name) => [name, 0]));
  readonly #said = new Map<string, ReadonlySet<string>>(NAMES.map((name) => [name, new Set()]));
  readonly answering = new Set<string>();

  constructor(holders: readonly string[]) {
    for (const name of holders) {
      this.answering.add(name);
      this.#words.push([name, { holds: [ADDRESS], yields: [] }]);
    }
  }

  act({ node: self, hears, endpoints, says }: Step): void {
    const upTo = Math.min(this.#words.length, this.#heardUpTo.get(self)! + hears);
    this.#heardUpTo.set(self, upTo);
    const known = new Map(this.#words.slice(0, upTo));
    const holds = this.answering.has(self) ? [ADDRESS] : [];
    const said = this.#said.get(self)!;
    const heard = new Set(known.get(self)?.yields);
    const own: Words = { holds, yields: [...standingNotices(said, heard)] };
    const nodes = Object.fromEntries(NAMES.map((name) => [name, name === self ? own : (known.get(name) ?? NOTHING)]));
    const probed = { [ADDRESS]: this.answering.size > holds.length ? ('answered' as const) : ('free' as const) };
    const [decision] = decideOwnership(aView({ self, nodes, wanted: wantedWith(endpoints), probed }));
    if (decision?.action === 'take') this.answering.add(self);
    if (decision?.action === 'release') this.answering.delete(self);
    const has = this.answering.has(self) ? [ADDRESS] : [];
    const wanted = new Set(decision?.action === 'hold' && decision.other ? [ADDRESS] : []);
    const notices = nextNotices({ holds: has, written: said, observed: heard, wanted });
    this.#said.set(self, notices);
    if (says) this.#words.push([self, { holds: has, yields: [...notices] }]);
  }
}

const step: fc.Arbitrary<Step> = fc.record({
  node: fc.constantFrom(...NAMES),
  hears: fc.oneof(fc.nat(3), fc.constant(ALL)),
  endpoints: fc.subarray(NAMES),
  says: fc.boolean(),
});

it('while anybody answers somebody goes on, and once all see the same one does', () => {
  fc.assert(
    fc.property(
      fc.subarray(NAMES, { minLength: 1 }),
      fc.array(step, { maxLength: 60 }),
      fc.subarray(NAMES),
      (holders, steps, endpoints) => {
        const model = new Model(holders);
        for (const one of steps) {
          model.act(one);
          expect(model.answering.size).toBeGreaterThan(0);
        }
        for (let round = 0; round < 12; round++) {
          for (const node of NAMES) model.act({ node, hears: ALL, endpoints, says: true });
          expect(model.answering.size).toBeGreaterThan(0);
        }
        expect(model.answering.size).toBe(1);
        if (endpoints.length > 0) expect(endpoints).toContain([...model.answering][0]);
      },
    ),
    { numRuns: 300 },
  );
});
