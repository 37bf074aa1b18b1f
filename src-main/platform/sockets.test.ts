import { connect, createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { outsideCount, parseSocketTable, socketsOf } from './sockets.ts';

// As the kernel prints them (Documentation/networking/proc_net_tcp.rst): 127.0.0.1:8080 listens; 10.0.2.15 talks to 93.184.216.34:443.
const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0000000000000000 100 0 0 10 0
   1: 0F02000A:A1B2 22D8B85D:01BB 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0000000000000000 20 4 30 10 -1
   2: 00000000:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4713 1 0000000000000000 100 0 0 10 0
`;
const tcp6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:1F90 00000000000000000000000001000000:D431 01 00000000:00000000 00:00000000 00000000  1000        0 51 1 0
   1: 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000100007F:D432 01 00000000:00000000 00:00000000 00000000  1000        0 52 1 0
   2: B80D0120000000000000000001000000:1F90 B80D0120000000000000000002000000:01BB 01 00000000:00000000 00:00000000 00000000  1000        0 53 1 0
`;
const udp = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  99: 0F02000A:C350 0100A8C0:0035 01 00000000:00000000 00:00000000 00000000  1000        0 61 2 0000000000000000 0
 100: 0100007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 62 2 0000000000000000 0
`;

test('IPv4: addresses, states, and who talks to the outside', () => {
  const sockets = parseSocketTable(tcp, 'tcp');
  expect(sockets).toMatchObject([
    { local: '127.0.0.1:8080', state: 'LISTEN', loopback: true, listening: true, inode: '4711' },
    { local: '10.0.2.15:41394', remote: '93.184.216.34:443', state: 'ESTABLISHED', loopback: false, listening: false },
    { local: '0.0.0.0:8081', state: 'LISTEN', loopback: false, listening: true },
  ]);
  expect(outsideCount(sockets.map((socket) => ({ pid: 1, ...socket })))).toBe(1);
});

test('IPv6: ::1 and mapped 127.0.0.1 are this machine, others are not', () => {
  expect(parseSocketTable(tcp6, 'tcp')).toMatchObject([
    { local: '[0:0:0:0:0:0:0:1]:8080', loopback: true },
    { loopback: true },
    { remote: '[2001:db8:0:0:0:0:0:2]:443', loopback: false },
  ]);
});

test('UDP: a question to a name server counts, a waiting socket does not', () => {
  const sockets = parseSocketTable(udp, 'udp');
  expect(sockets).toMatchObject([
    { remote: '192.168.0.1:53', loopback: false, listening: false },
    { state: 'UNCONNECTED', loopback: true, listening: true },
  ]);
});

test.runIf(process.platform === 'linux')('the sockets of this process are found, and only those', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect(port, '127.0.0.1');
  await once(client, 'connect');
  const own = await socketsOf([process.pid]);
  expect(own).toContainEqual(expect.objectContaining({ local: `127.0.0.1:${port}`, state: 'LISTEN', loopback: true }));
  expect(own).toContainEqual(
    expect.objectContaining({ remote: `127.0.0.1:${port}`, state: 'ESTABLISHED', loopback: true, pid: process.pid }),
  );
  expect(outsideCount(own!)).toBe(0);
  expect(await socketsOf([])).toEqual([]);
  client.destroy();
  server.close();
});
