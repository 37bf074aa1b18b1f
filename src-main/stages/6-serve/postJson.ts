import { request } from 'node:http';

/** Posts to our own gateway on loopback. Rejects when nothing answers within `timeoutMs`. */
export function postJson(url: string, value: unknown, timeoutMs = 30_000): Promise<{ status: number; body: unknown }> {
  const bytes = Buffer.from(JSON.stringify(value));
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: 'POST', timeout: timeoutMs, agent: false, headers: { 'content-type': 'application/json', 'content-length': bytes.length } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, body: readJson(text) });
        });
      },
    );
    sent.on('timeout', () => sent.destroy(new Error('no answer')));
    sent.on('error', reject);
    sent.end(bytes);
  });
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
