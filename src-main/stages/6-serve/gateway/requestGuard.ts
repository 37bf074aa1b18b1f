// Who may ask: programs on this machine. A web page of another site that a person has open must not reach the endpoints through the browser.
import type { IncomingHttpHeaders } from 'node:http';
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';

const ownNames = ['127.0.0.1', 'localhost', '[::1]'];

export class RequestGuard {
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;

  constructor(port: number) {
    this.#hosts = new Set(ownNames.flatMap((name) => [name, `${name}:${port}`]));
    this.#origins = new Set(ownNames.map((name) => `http://${name}:${port}`));
  }

  /** Errors: MK_SERVE_HOST_REFUSED (also against names that were made to point here), MK_SERVE_ORIGIN_REFUSED. */
  check(headers: IncomingHttpHeaders): void {
    const host = headers.host ?? '';
    if (!this.#hosts.has(host) && !this.#hosts.has(host.toLowerCase()))
      throw new ModelkeepError('MK_SERVE_HOST_REFUSED', { found: shorten(host), field: 'Host' });
    const { origin } = headers;
    const site = headers['sec-fetch-site'];
    if (origin !== undefined && !this.#origins.has(origin))
      throw new ModelkeepError('MK_SERVE_ORIGIN_REFUSED', { found: shorten(origin), field: 'Origin' });
    if (site !== undefined && site !== 'same-origin' && site !== 'none')
      throw new ModelkeepError('MK_SERVE_ORIGIN_REFUSED', { found: shorten(String(site)), field: 'Sec-Fetch-Site' });
  }

  /** What is posted must say that it is JSON or tensors: forms and plain text are what a page can send without being asked.
   *  Errors: MK_SERVE_CONTENT_TYPE, MK_SERVE_ENCODING. */
  checkBody(headers: IncomingHttpHeaders): void {
    const type = headers['content-type'];
    if (type !== undefined && !/^application\/(json|[\w.+-]+\+json|octet-stream|vnd\.[\w.+-]+)\s*(;|$)/i.test(type))
      throw new ModelkeepError('MK_SERVE_CONTENT_TYPE', { found: shorten(type), field: 'Content-Type' });
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
      throw new ModelkeepError('MK_SERVE_ENCODING', { found: shorten(encoding), field: 'Content-Encoding' });
  }
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
