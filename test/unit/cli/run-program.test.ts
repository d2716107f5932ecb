import { runPlugin } from '../../support/plugin.ts';

const run = (...args: string[]) => runPlugin(args);

test('help and version succeed, and a wrong command line is refused', async () => {
  expect(await run('--help')).toMatchObject({ code: 0, out: expect.stringContaining('Exit codes:') });
  expect(await run()).toMatchObject({ code: 0, out: expect.stringContaining('Exit codes:'), err: '' });
  expect(await run('-n', 'shop')).toMatchObject({ code: 0, out: expect.stringContaining('Exit codes:'), err: '' });
  const simulate = expect.stringContaining('Usage: kubectl skycap simulate');
  expect(await run('simulate')).toMatchObject({ code: 0, out: simulate, err: '' });
  expect(await run('simulate', 'nod')).toMatchObject({ code: 2, out: '', err: expect.stringContaining("'nod'") });
  expect(await run('statsu')).toMatchObject({ code: 2, out: '', err: expect.stringContaining('Did you mean status?') });
  expect(await run('--version')).toMatchObject({ code: 0, out: '1.2.3\n' });
  expect(await run('status', '--bogus')).toMatchObject({ code: 2, err: expect.stringContaining("'--bogus'") });
  expect(await run('status', '-o', 'xml')).toMatchObject({ code: 2, err: expect.stringContaining('text, json, yaml') });
});

test('a kubeconfig that can not be used is one sentence with a remedy', async () => {
  const { code, err } = await run('status', '--kubeconfig', '/nonexistent');
  expect(code).toBe(4);
  expect(err).toMatch(/^Cannot use the kubeconfig.*\/nonexistent.*--kubeconfig\.\n$/);
});
