// npm run -s campaign -- NAME [--option value …] | --list.  Long tests that are run by hand; each prints one JSON object and fails by exit code.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

export interface Campaign {
  name: string;
  about: string;
  /** `passed` false makes the exit code 1. */
  run(options: Record<string, string>): Promise<{ passed: boolean } & Record<string, unknown>>;
}

const campaigns = new Map<string, Campaign>();
for (const file of readdirSync(import.meta.dirname).filter((name) => name.endsWith('.campaign.ts'))) {
  const { campaign } = (await import(join(import.meta.dirname, file))) as { campaign: Campaign };
  campaigns.set(campaign.name, campaign);
}

const [name = '--list', ...rest] = process.argv.slice(2);
const options = Object.fromEntries(
  rest.flatMap((word, index) => (word.startsWith('--') ? [[word.slice(2), rest[index + 1] ?? 'true']] : [])),
);
const chosen = campaigns.get(name);
if (name === '--list') for (const { name: listed, about } of campaigns.values()) console.log(`${listed.padEnd(16)} ${about}`);
else if (!chosen) {
  console.error(`No campaign “${name}”; see --list.`);
  process.exitCode = 2;
} else {
  const result = await chosen.run(options);
  console.log(JSON.stringify(result, null, 1));
  process.exit(result.passed ? 0 : 1);
}
