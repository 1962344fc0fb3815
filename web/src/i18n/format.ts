import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** Bytes for people: `1.5 GiB`. At most one decimal, none below a KiB. */
export function formatBytes(bytes: number, language = 'en'): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || Math.abs(value) >= 100 ? 0 : 1;
  return `${new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value)} ${UNITS[unit]}`;
}

/** Reads what people type for a size: `100 MiB`, `1.5g`, `4096`. Units count in 1024; `undefined` is not a size. */
export function parseBytes(text: string): number | undefined {
  const match = /^\s*(\d+(?:[.,]\d+)?)\s*([kmgtp]?)(?:i?b)?\s*$/i.exec(text);
  if (!match?.[1]) return undefined;
  const power = ' kmgtp'.indexOf((match[2] || ' ').toLowerCase());
  const bytes = Math.round(Number(match[1].replace(',', '.')) * 1024 ** power);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Milliseconds as the largest fitting unit: `350 ms`, `12 s`, `3 min`, `2 h`. */
export function formatDuration(ms: number, language = 'en'): string {
  const size = Math.abs(ms);
  const [value, unit] =
    size < 1000
      ? [ms, 'millisecond']
      : size < 120_000
        ? [ms / 1000, 'second']
        : size < 7_200_000
          ? [ms / 60_000, 'minute']
          : size < 172_800_000
            ? [ms / 3_600_000, 'hour']
            : [ms / 86_400_000, 'day'];
  const options = { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: size < 10_000 ? 1 : 0 } as const;
  return new Intl.NumberFormat(language, options).format(value);
}

/** `3 minutes ago`, by the clock of this browser. */
export function formatAgo(time: string, now: number, language = 'en'): string {
  const seconds = Math.round((Date.parse(time) - now) / 1000);
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  const size = Math.abs(seconds);
  if (size < 60) return format.format(seconds, 'second');
  if (size < 3_600) return format.format(Math.round(seconds / 60), 'minute');
  if (size < 86_400) return format.format(Math.round(seconds / 3_600), 'hour');
  return format.format(Math.round(seconds / 86_400), 'day');
}

const isToday = (time: Date): boolean => time.toDateString() === new Date().toDateString();

/** Formatters in the language in use. */
export function useFormat() {
  const { i18n } = useTranslation();
  const language = i18n.language;
  return useMemo(() => {
    const time = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' });
    const day = new Intl.DateTimeFormat(language, { dateStyle: 'medium' });
    const hour = new Intl.DateTimeFormat(language, { timeStyle: 'short' });
    const count = new Intl.NumberFormat(language);
    return {
      bytes: (bytes: number) => formatBytes(bytes, language),
      duration: (ms: number) => formatDuration(ms, language),
      time: (text: string) => time.format(new Date(text)),
      /** As short as it tells enough: of today the hour, else the date. */
      day: (text: string) => (isToday(new Date(text)) ? hour : day).format(new Date(text)),
      ago: (text: string, now: number) => formatAgo(text, now, language),
      count: (value: number) => count.format(value),
      list: (items: string[]) => new Intl.ListFormat(language, { type: 'conjunction' }).format(items),
    };
  }, [language]);
}
