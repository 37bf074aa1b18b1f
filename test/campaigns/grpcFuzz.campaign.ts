// Damaged protobuf messages against the gRPC of a served model: it answers each one, its memory stays flat, and it goes on giving right answers.
import { connect } from 'node:net';
import { residentBytes } from '../../src-main/platform/processMemory.ts';
import { GrpcFuzz, churnRequest } from '../../src-main/testing/grpcFuzz.ts';
import { decode, GrpcTestClient } from '../../src-main/testing/grpcClient.ts';
import { openTestServe } from '../../src-main/testing/serveBench.ts';
import { churnModel } from '../../src-main/testing/serveModels.ts';
import { liveWorkers } from '../../src-main/platform/processHost.ts';
import type { Campaign } from './run.ts';

/** What a message that is wrong may be answered with: never INTERNAL, UNKNOWN, or silence. */
const refusals = new Set([3, 5, 8]);
const connections = 4;
const atOnce = 16;

export const campaign: Campaign = {
  name: 'grpc-fuzz',
  about: 'damaged protobuf messages over gRPC: --messages 100000 --seed 1',
  run: async (options) => {
    const messages = Number(options.messages ?? 100_000);
    const fuzz = new GrpcFuzz(Number(options.seed ?? 1));
    await using t = await openTestServe();
    await t.registry.add('churn', 1, churnModel());
    t.registry.aliases.set('churn@champion', 1);
    const deployed = await t.serve.deploy(
      { endpoint: 'churn', model: 'churn', alias: 'champion', storeInputs: true, reason: '' },
      t.bench.caller,
    );
    const clients = Array.from({ length: connections }, () => new GrpcTestClient(deployed.grpcAddress!));
    const hostBefore = (await t.serve.hosts())[0]!;
    const gatewayPid = liveWorkers().find(({ role }) => role === 'gateway')!.pid;

    const answers: Record<string, number> = {};
    const problems: string[] = [];
    const memory: { after: number; gatewayMb: number; hostMb: number }[] = [];
    const started = performance.now();
    let sent = 0;
    const work = async (client: GrpcTestClient): Promise<void> => {
      while (sent < messages) {
        sent++;
        if (sent % Math.ceil(messages / 20) === 0) memory.push(measure(sent));
        if (sent % 500 === 0) await requireRight(client, problems);
        if (sent % 1000 === 0) await sendGarbage(deployed.grpcAddress!);
        const { kind, bytes } = fuzz.next();
        const { code, message } = await client.send('ModelInfer', bytes);
        answers[`${kind} ${code}`] = (answers[`${kind} ${code}`] ?? 0) + 1;
        // A damaged message may still be a good one.
        if (code !== 0 && !refusals.has(code))
          problems.push(`${kind}: code ${code} (${message.slice(0, 200)}) for ${bytes.toString('base64').slice(0, 400)}`);
      }
    };
    const measure = (after: number): (typeof memory)[number] => ({
      after,
      gatewayMb: Math.round((residentBytes(gatewayPid) ?? 0) / 1024 / 1024),
      hostMb: Math.round((residentBytes(hostBefore.pid!) ?? 0) / 1024 / 1024),
    });
    await Promise.all(clients.flatMap((client) => Array.from({ length: atOnce / connections }, () => work(client))));
    const seconds = (performance.now() - started) / 1000;
    await requireRight(clients[0]!, problems);
    const hostAfter = (await t.serve.hosts())[0]!;
    if (hostAfter.pid !== hostBefore.pid || hostAfter.replaced > 0) problems.push('the host was replaced');
    // From the first quarter on, when buffers have their size, memory does not grow with the messages.
    const [early, late] = [memory[Math.floor(memory.length / 4)]!, memory.at(-1)!];
    for (const process of ['gatewayMb', 'hostMb'] as const)
      if (late[process] > early[process] * 1.3 + 40) problems.push(`${process} grew from ${early[process]} to ${late[process]}`);
    for (const client of clients) client.close();
    const byCode: Record<string, number> = {};
    for (const [key, count] of Object.entries(answers)) {
      const code = key.split(' ')[1]!;
      byCode[code] = (byCode[code] ?? 0) + count;
    }
    return {
      passed: problems.length === 0,
      messages: sent,
      seconds: Math.round(seconds),
      byCode,
      memory,
      answers,
      problems: problems.slice(0, 20),
    };
  },
};

async function requireRight(client: GrpcTestClient, problems: string[]): Promise<void> {
  const { code, bytes, message } = await client.send('ModelInfer', churnRequest());
  // eslint-disable-next-line @typescript-eslint/no-unsafe-assignment
  const answer = bytes && decode('ModelInfer', bytes);
  const texts = answer?.rawOutputContents?.[0] as Buffer | undefined;
  if (code !== 0 || !texts?.includes('yes')) problems.push(`a good request was answered with ${code} ${message}`);
}

/** Bytes that are not even HTTP/2. */
function sendGarbage(address: string): Promise<void> {
  const [host, port] = address.split(':') as [string, string];
  return new Promise((resolve) => {
    const socket = connect(Number(port), host, () => socket.end('GET / HTTP/1.1\r\n\r\n\u0000garbage'));
    socket.on('error', () => {}).on('close', () => resolve());
    socket.resume();
  });
}
