// Which sockets some processes hold at this moment, read from the kernel's own tables (Linux).
import { readdir, readFile, readlink } from 'node:fs/promises';

export interface SocketInfo {
  pid: number;
  protocol: 'tcp' | 'udp';
  /** `address:port`; IPv6 in brackets. */
  local: string;
  remote: string;
  state: string;
  /** The other end, or for a listener the address itself, is this machine. */
  loopback: boolean;
  listening: boolean;
}

/** Internet sockets of the processes; null where the system does not tell. */
export async function socketsOf(pids: readonly number[]): Promise<SocketInfo[] | null> {
  if (process.platform !== 'linux') return null;
  const owners = new Map<string, number>();
  await Promise.all(
    pids.map(async (pid) => {
      const folder = `/proc/${pid}/fd`;
      for (const name of await readdir(folder).catch(() => [] as string[])) {
        const inode = /^socket:\[(\d+)\]$/.exec(await readlink(`${folder}/${name}`).catch(() => ''))?.[1];
        if (inode) owners.set(inode, pid);
      }
    }),
  );
  const tables = await Promise.all(['tcp', 'tcp6', 'udp', 'udp6'].map(readSocketTable));
  return tables.flat().flatMap(({ inode, ...socket }) => {
    const pid = owners.get(inode);
    return pid === undefined ? [] : [{ pid, ...socket }];
  });
}

/** Connections of these sockets that leave the machine. */
export function outsideCount(sockets: readonly SocketInfo[]): number {
  return sockets.filter(({ loopback, listening }) => !loopback && !listening).length;
}

const states: Record<string, string> = {
  '01': 'ESTABLISHED',
  '02': 'SYN_SENT',
  '03': 'SYN_RECV',
  '04': 'FIN_WAIT1',
  '05': 'FIN_WAIT2',
  '06': 'TIME_WAIT',
  '07': 'CLOSE',
  '08': 'CLOSE_WAIT',
  '09': 'LAST_ACK',
  '0A': 'LISTEN',
  '0B': 'CLOSING',
};

/** One of the four tables; exported for the test of its format. */
export function parseSocketTable(text: string, protocol: 'tcp' | 'udp'): (Omit<SocketInfo, 'pid'> & { inode: string })[] {
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields.length >= 10)
    .map((fields) => {
      const local = parseAddress(fields[1]!);
      const remote = parseAddress(fields[2]!);
      // An unconnected datagram socket has state 07 and no other end: it waits for packets.
      const listening = fields[3] === '0A' || (protocol === 'udp' && fields[3] === '07');
      return {
        inode: fields[9]!,
        protocol,
        local: `${local.host}:${local.port}`,
        remote: `${remote.host}:${remote.port}`,
        state: protocol === 'udp' && listening ? 'UNCONNECTED' : (states[fields[3]!] ?? fields[3]!),
        loopback: isLoopback((listening ? local : remote).bytes),
        listening,
      };
    });
}

async function readSocketTable(name: string): Promise<ReturnType<typeof parseSocketTable>> {
  const text = await readFile(`/proc/net/${name}`, 'latin1').catch(() => '');
  return parseSocketTable(text, name.startsWith('tcp') ? 'tcp' : 'udp');
}

/** `0100007F:1F90` → 127.0.0.1, 8080: each 32-bit word is in the byte order of the machine, which is little-endian wherever we run. */
function parseAddress(text: string): { host: string; port: number; bytes: number[] } {
  const [hex, port] = text.split(':') as [string, string];
  const words = hex.match(/.{8}/g)!.map((word) =>
    word
      .match(/../g)!
      .map((byte) => Number.parseInt(byte, 16))
      .reverse(),
  );
  const bytes = words.flat();
  const groups = Array.from({ length: bytes.length / 2 }, (_, i) => ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16));
  return { host: bytes.length === 4 ? bytes.join('.') : `[${groups.join(':')}]`, port: Number.parseInt(port, 16), bytes };
}

function isLoopback(bytes: readonly number[]): boolean {
  if (bytes.length === 4) return bytes[0] === 127;
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255; // ::ffff:127.0.0.1
  return mapped ? bytes[12] === 127 : bytes.slice(0, 15).every((byte) => byte === 0) && bytes[15] === 1;
}
