/** What the server wrote into this page's Content-Security-Policy for style sheets made at run time. */
export function cspNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
}
