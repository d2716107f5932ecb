import { flag, integer, oneOf, parsedBy, readEnv, text } from '../../../../lib/process/env.ts';
import { splitAddress } from '../../../../lib/process/health/health.ts';

const SPEC = {
  nodeName: text('NODE_NAME'),
  namespace: text('POD_NAMESPACE', 'skycap-system'),
  level: oneOf('LEVEL', ['debug', 'info'], 'info'),
  seconds: integer('SECONDS', { min: 1, max: 60 }, 30),
  on: flag('ON', false),
  address: parsedBy('ADDRESS', splitAddress, { host: '', port: 8080 }),
};

it('takes what is set, and the fallback for what is not or is empty', () => {
  expect(readEnv({ NODE_NAME: ' n1 ', LEVEL: 'debug', SECONDS: '', ON: 'true', ADDRESS: '[::1]:7980' }, SPEC)).toEqual({
    ok: true,
    value: {
      nodeName: 'n1',
      namespace: 'skycap-system',
      level: 'debug',
      seconds: 30,
      on: true,
      address: { host: '::1', port: 7980 },
    },
  });
});

it('collects every problem', () => {
  const read = readEnv({ LEVEL: 'loud', SECONDS: '061', ON: 'yes', ADDRESS: 'x' }, SPEC);
  expect(read).toEqual({
    ok: false,
    problems: [
      { field: 'NODE_NAME', message: 'is not set' },
      { field: 'LEVEL', value: 'loud', message: 'is not one of debug, info' },
      { field: 'SECONDS', value: '061', message: 'is not a whole number from 1 to 60' },
      { field: 'ON', value: 'yes', message: 'is not true or false' },
      { field: 'ADDRESS', value: 'x', message: expect.stringContaining('write one such as 127.0.0.1:7980') },
    ],
  });
});

it.each(['1.5', '1e3', '0x10', '-', '99999999999999999999', ' '])('takes %j for no number', (value) => {
  expect(readEnv({ N: value }, { n: integer('N', { min: -5, max: 5 }) }).ok).toBe(false);
});
