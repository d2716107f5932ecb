/** Who listens on a port, from what Linux really said in /proc/net/tcp and tcp6. */
import { portInUse } from '../../../../speaker/bird/busy-port.ts';
import { parseListeners } from '../../../../speaker/bird/listening.ts';

const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:00B3 00000000:0000 0A 00000000:00000000 00:00000000 00000000   101        0 523627 1 0000000000000000 100 0 0 10 0
   1: 0B0200C0:00B3 010200C0:9C40 01 00000000:00000000 00:00000000 00000000     0        0 523628 1 0000000000000000 20 4 30 10 -1
   2: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 523629 1 0000000000000000 100 0 0 10 0
`;
const TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:00B3 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 777 1 0000000000000000 100 0 0 10 0
`;

it('those who listen on the port, and nobody else', () => {
  expect(parseListeners(TCP, 179)).toEqual([{ address: '0.0.0.0', inode: '523627', uid: 101 }]);
  expect(parseListeners(TCP6, 179)).toEqual([{ address: '::', inode: '777', uid: 0 }]);
  expect(parseListeners(TCP, 8080)).toEqual([{ address: '127.0.0.1', inode: '523629', uid: 0 }]);
  expect(parseListeners(TCP, 80)).toEqual([]);
  expect(parseListeners('', 179)).toEqual([]);
});

it('the sockets of UDP, which have another state', () => {
  const UDP = TCP.replaceAll('00B3', '0EC8').replace(' 0A ', ' 07 ');
  expect(parseListeners(UDP, 3784, '07')).toEqual([{ address: '0.0.0.0', inode: '523627', uid: 101 }]);
});

it.each([
  [[], 'port 179 of the node is taken; stop it'],
  [
    [{ address: '0.0.0.0', inode: '1', uid: 101 }],
    "taken by a process of user 101 outside the speaker's pod, which listens on 0.0.0.0; stop it",
  ],
  [
    [
      { address: '::', inode: '2', uid: 0, process: 'bird (pid 7)' },
      { address: '0.0.0.0', inode: '1', uid: 0, process: 'gobgpd (pid 42)' },
    ],
    'taken by gobgpd (pid 42), which listens on 0.0.0.0; stop it',
  ],
])('%#', (listeners, words) => {
  expect(portInUse(179, listeners)).toContain(words);
});
