// Where files are written unless a person says otherwise: the home folder, as the core knows it.
import { client } from '../rpc/client.svelte.ts';

let folder: Promise<string> | null = null;

/** The whole path of a new file; only the name when the folder cannot be read. */
export async function proposedPath(name: string): Promise<string> {
  folder ??= client.call('system.browse', {}).then((answer) => answer.folder);
  try {
    const home = await folder;
    return `${home.replace(/[/\\]+$/, '')}${home.includes('\\') ? '\\' : '/'}${name}`;
  } catch {
    folder = null;
    return name;
  }
}
