import { refOf } from '../../scenes/support/object-ref.ts';
import { durationMs, parseScene, readScenes } from '../../scenes/support/scene-file.ts';

test('every scene can be read, and no two say the same', () => {
  const scenes = readScenes();
  expect(scenes.length).toBeGreaterThan(2);
  expect(new Set(scenes.map(({ scene }) => scene)).size).toBe(scenes.length);
});

test('every object that a scene looks at is named as one', () => {
  const machines = /^(route|answering|client) \S+$/;
  for (const { name, steps } of readScenes()) {
    for (const { see = {}, stays = {} } of steps) {
      for (const what of [...Object.keys(see), ...Object.keys(stays)].filter((key) => !machines.test(key))) {
        expect([name, refOf(what).name]).toEqual([name, expect.stringMatching(/./)]);
      }
    }
  }
});

const stepOf = (step: string): string => `scene: something happens\nwhere: api\nsteps: [${step}]`;

test.each([
  [
    'a step that there is not',
    'scene: something happens\nwhere: api\nsteps: [{ appply: x }]',
    /step 1 has "appply"; did you mean apply\?/,
  ],
  ['no steps', 'scene: something happens\nwhere: api\nsteps: []', /\/steps must NOT have fewer/],
  ['no YAML', 'scene: something happens\nsteps: [', /^Cannot read the scene x: /],
  ['a component that there is not', stepOf('{ stop: [alocator] }'), /step 1\/stop\/0 must be equal to/],
  ['two things in a step', stepOf('{ apply: x, wait: 1s }'), /step 1 does several things \(apply, wait\)/],
  [
    'a step that does nothing',
    stepOf('{ within: 3s }'),
    /step 1 does nothing; .*step 1 has within, which belongs to see/,
  ],
  ['a machine where there is none', stepOf('{ exec: { on: n1, run: ls } }'), /step 1 has exec, which needs where: lab/],
  [
    'words of a step that says nothing',
    stepOf('{ see: { eip a: absent }, warns: x }'),
    /step 1 has warns, which belongs/,
  ],
  ['another place', 'scene: something happens\nwhere: moon\nsteps: [{ wait: 1s }]', /\/where/],
])('refuses %s', (_, text, problem) => {
  expect(() => parseScene('x', text)).toThrow(problem);
});

test('reads objects and durations', () => {
  expect(refOf('service shop/web').path).toBe('/api/v1/namespaces/shop/services/web');
  expect(refOf('claim 192.0.2.0').path).toBe('/apis/skycap.io/v1alpha1/eipclaims/192.0.2.0');
  expect(() => refOf('service web')).toThrow('write service NAMESPACE/NAME');
  expect([durationMs('500ms'), durationMs('3s'), durationMs('1m')]).toEqual([500, 3_000, 60_000]);
  expect(() => durationMs('3 s')).toThrow('Cannot read the duration');
});
