// npm run -s peers -- NAME --json | --list: compares ours with another implementation.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Peer } from './peer.ts';

// A comparison is a file here that ends in .peer.ts and exports `peer`.
const peers = new Map<string, Peer>();
for (const file of readdirSync(import.meta.dirname).filter((name) => name.endsWith('.peer.ts'))) {
  const { peer } = (await import(join(import.meta.dirname, file))) as { peer: Peer };
  peers.set(peer.name, peer);
}

const [name = '--list', ...flags] = process.argv.slice(2);
const peer = peers.get(name);
if (name === '--list') {
  for (const { name: listed, about } of peers.values()) console.log(`${listed.padEnd(20)} ${about}`);
} else if (peer) {
  const result = await peer.run();
  if (flags.includes('--json')) console.log(JSON.stringify(result));
  else {
    for (const note of result.notes) console.log(note);
    console.log(`${result.name} against ${result.peer}: ${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped`);
  }
  if (result.failed > 0) process.exitCode = 1;
} else {
  console.error(`No comparison “${name}”; see --list.`);
  process.exitCode = 2;
}
