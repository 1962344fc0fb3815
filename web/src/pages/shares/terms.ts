import type { Share, ShareTerms } from '@/api/shares';

/** How a form writes the terms of a share. */
export interface TermsForm {
  password: string;
  removePassword: boolean;
  expiry: Expiry;
  /** As `datetime-local` has it: local time without a zone. */
  at: string;
  limit: number | '';
}

export type Expiry = 'never' | 'day' | 'week' | 'month' | 'at';
export const EXPIRIES: Expiry[] = ['never', 'day', 'week', 'month', 'at'];

const DAY_MS = 86_400_000;
const DAYS: Partial<Record<Expiry, number>> = { day: 1, week: 7, month: 30 };

export const NEW_TERMS: TermsForm = { password: '', removePassword: false, expiry: 'never', at: '', limit: '' };

export function formOf(share: Share): TermsForm {
  return {
    ...NEW_TERMS,
    expiry: share.expires_at ? 'at' : 'never',
    at: share.expires_at ? localTime(new Date(share.expires_at)) : '',
    limit: share.max_downloads || '',
  };
}

/** What the server gets; an empty password keeps the one there is. */
export function termsOf(form: TermsForm, now: number): ShareTerms {
  const password = form.removePassword ? '' : form.password || undefined;
  return {
    ...(password !== undefined && { password }),
    expires_at: endOf(form, now),
    max_downloads: form.limit || 0,
  };
}

function endOf({ expiry, at }: TermsForm, now: number): string | null {
  if (expiry === 'at') return new Date(at).toISOString();
  const days = DAYS[expiry];
  return days ? new Date(now + days * DAY_MS).toISOString() : null;
}

/** Why a form cannot be sent, by the key of the text. */
export function whyNot(form: TermsForm, now: number): 'terms.atMissing' | 'terms.past' | null {
  if (form.expiry !== 'at') return null;
  const time = Date.parse(form.at);
  if (Number.isNaN(time)) return 'terms.atMissing';
  return time <= now ? 'terms.past' : null;
}

/** A time as `datetime-local` wants it, to the minute. */
export function localTime(time: Date): string {
  const two = (value: number) => `${value}`.padStart(2, '0');
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-');
  return `${date}T${two(time.getHours())}:${two(time.getMinutes())}`;
}
