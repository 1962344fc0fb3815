/** `auth_cookie_secure` as somebody would say it, for names this app has no words for yet. */
export function humanize(key: string): string {
  const words = key.replace(/_(secs|bytes)$/, '').replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
