/** What a replica gathers, and for how long. */
import {
  FormerHolders,
  MOST_GATHERED,
  STANDBY_KEEPS_MS,
} from '../../../../../allocator/claims/history/former-holders.ts';
import type { EipClaim } from '../../../../../lib/api/skycap/claim.ts';
import { HandStore } from '../../../../support/hand-store.ts';
import { claim, holder, NOW_MS } from '../../builders.ts';

function gathering() {
  let elapsedMs = 0;
  const claims = new HandStore<EipClaim>();
  const clock = { nowMs: () => NOW_MS + elapsedMs, monotonicMs: () => elapsedMs };
  const facts = { storedUid: () => undefined, serviceNamed: () => undefined };
  const former = new FormerHolders(claims, facts, clock);
  let count = 0;
  return {
    former,
    pass: (ms: number) => {
      elapsedMs += ms;
    },
    end: (times = 1) => {
      for (let i = 0; i < times; i++) {
        const one = claim('10.0.0.1', [holder(`s${count++}`)]);
        claims.put(one).remove(one);
      }
    },
    names: () => former.take().map(({ name }) => name),
  };
}

test('a standby keeps two minutes, and hands them over when it leads', () => {
  const { former, pass, end, names } = gathering();
  end();
  pass(STANDBY_KEEPS_MS - 1);
  end();
  pass(2);
  const asked: string[] = [];
  former.setLeads({ onNew: () => asked.push('new'), onDropped: () => {} });
  expect(asked).toEqual(['new']);
  expect(names()).toEqual(['s1']);
  end();
  expect(asked).toEqual(['new', 'new']);
});

test('a leader keeps what it could not write, in order, and counts what it has to drop', () => {
  const { former, pass, end, names } = gathering();
  const dropped: number[] = [];
  former.setLeads({ onNew: () => {}, onDropped: (count) => dropped.push(count) });
  end(2);
  const taken = former.take();
  end();
  former.putBack(taken);
  pass(STANDBY_KEEPS_MS * 10);
  end();
  expect(names()).toEqual(['s0', 's1', 's2', 's3']);
  end(MOST_GATHERED + 2);
  expect(dropped).toEqual([1, 1]);
  expect(former.size).toBe(MOST_GATHERED);
});
