import { sourcesFor } from '../../lab/debian-sources.ts';

const KEY = '[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]';

test('a machine’s own mirrors are asked for the other release', () => {
  const text = `Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
`;
  expect(sourcesFor('trixie', 'bookworm', [{ name: 'debian.sources', text }])).toBe(
    `deb ${KEY} http://mirror.example/debian trixie main
deb ${KEY} http://mirror.example/debian trixie-updates main
deb ${KEY} http://mirror.example/debian-security trixie-security main
`,
  );
});

test('the one-line style counts as well, comments, media and source packages do not', () => {
  const text = `# deb http://old.example/debian bookworm main
deb cdrom:[Debian 12]/ bookworm main
deb-src http://mirror.example/debian bookworm main
deb [arch=amd64] http://mirror.example/debian/ bookworm main non-free-firmware
`;
  expect(sourcesFor('trixie', 'bookworm', [{ name: 'sources.list', text }])).toBe(
    `deb ${KEY} http://mirror.example/debian/ trixie main\n`,
  );
});

test.each([
  ['other vendors', [{ name: 'x.list', text: 'deb https://packages.example/apt bookworm main' }]],
  ['another distribution', [{ name: 'sources.list', text: 'deb http://archive.ubuntu.com/ubuntu noble main' }]],
  [
    'a switched-off entry',
    [{ name: 'd.sources', text: 'Types: deb\nEnabled: no\nURIs: http://m/debian\nSuites: bookworm\nComponents: main' }],
  ],
  ['nothing', []],
])('with %s alone there is nowhere to ask, and it says so', (_what, files) => {
  expect(() => sourcesFor('trixie', 'bookworm', files)).toThrow('no source in /etc/apt has Debian "bookworm"');
});
