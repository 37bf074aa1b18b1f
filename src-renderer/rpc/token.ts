// The token that the address carried when the page was opened. It leaves the address bar when this module is first loaded,
// which the router makes sure happens before it reads the address; a reload finds it in this tab's storage.

const given = new URLSearchParams(location.hash.slice(1)).get('token');
if (given) {
  sessionStorage.setItem('token', given);
  history.replaceState(null, '', location.pathname);
}

/** For the socket and for uploads; empty when the page was opened without one. */
export function sessionToken(): string {
  return sessionStorage.getItem('token') ?? '';
}
