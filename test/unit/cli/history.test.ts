import { historyQuery } from '../../../cli/commands/history/history-query.ts';
import { type HistoryData, historyText } from '../../../cli/commands/history/history-text.ts';
import { PLAIN } from '../../../cli/output/view.ts';

test.each<[string, object | undefined]>([
  ['192.0.2.7', { address: '192.0.2.7' }],
  ['2001:DB8:0::7', { address: '2001:db8::7' }],
  ['web', { namespace: 'here', name: 'web' }],
  ['shop/web', { namespace: 'shop', name: 'web' }],
  ['svc/web', { namespace: 'here', name: 'web' }],
  ['service/shop/web', { namespace: 'shop', name: 'web' }],
  ['192.0.2.777', undefined],
  ['a/b/c', undefined],
  ['web; rm', undefined],
])('%s', (text, query) => {
  expect(historyQuery(text, 'here')).toEqual(query);
});

const HOLDING = {
  address: '192.0.2.7',
  eip: 'web',
  namespace: 'shop',
  name: 'front',
  from: '2026-01-01T00:00:00.123Z',
};

test('the text has each holder, and how far the history goes back', () => {
  const data: HistoryData = {
    address: '192.0.2.7',
    holdings: [
      {
        ...HOLDING,
        ...{ to: '2026-01-02T00:00:00.456Z', given: 'FoundPublished', taken: 'NoLongerUsed', next: ['192.0.2.9'] },
      },
      { ...HOLDING, name: 'back', given: 'EipNamed' },
    ],
    reachesBackTo: '2025-12-01T00:00:00Z',
    unread: [],
  };
  expect(
    historyText(data, PLAIN)
      .split('\n')
      .map((line) => line.split(/ {2,}/)),
  ).toEqual([
    ['SERVICE', 'EIP', 'FROM', 'UNTIL', 'GIVEN', 'TAKEN'],
    [
      ...['shop/front', 'web', 'before 2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'],
      ...['FoundPublished', 'NoLongerUsed (then 192.0.2.9)'],
    ],
    ['shop/back', 'web', '2026-01-01T00:00:00Z', 'now', 'EipNamed'],
    [''],
    ['The history of former holders goes back to 2025-12-01T00:00:00Z.'],
  ]);
});

test('without the right to read the history nothing is said about how far it goes back', () => {
  const unread = [{ resource: 'addresshistories', reason: 'Forbidden', message: 'You may not list them.' } as const];
  expect(historyText({ holdings: [], unread }, PLAIN)).toBe(
    'No address of the Service is known.\n\nNote: You may not list them.',
  );
});
