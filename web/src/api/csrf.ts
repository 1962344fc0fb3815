/** The value a page of another site cannot read; unsafe calls repeat it in a header. */
export function csrfToken(): string | undefined {
  return /(?:^|;\s*)aster_csrf=([^;]+)/.exec(document.cookie)?.[1];
}
