import { queryOptions } from '@tanstack/react-query';

import { del, get, put } from './client';
import type { Page } from './page';

export type SettingValue = string | string[];

export interface Setting {
  key: string;
  value: SettingValue;
  value_type: string;
  category: string;
  source: 'default' | 'database';
  updated_at?: string;
}

export interface SettingDefinition {
  key: string;
  value_type: string;
  default: SettingValue;
  category: string;
  description: string;
  min?: number;
  max?: number;
}

const path = (key: string) => `/admin/config/${encodeURIComponent(key)}`;

export const settings = {
  set: (key: string, value: SettingValue) => put<Setting>(path(key), { value }),
  reset: (key: string) => del<Setting>(path(key)),
};

export const settingsQuery = queryOptions({
  queryKey: ['settings'],
  queryFn: ({ signal }) => get<Page<Setting>>('/admin/config', { signal }),
});

export const settingsSchemaQuery = queryOptions({
  queryKey: ['settings', 'schema'],
  queryFn: ({ signal }) => get<SettingDefinition[]>('/admin/config/schema', { signal }),
  staleTime: Number.POSITIVE_INFINITY,
});

export const PUBLIC_SITE_URL = 'public_site_url';

/** The addresses people open this site under; the first is the one followers are told. */
export function siteUrls(page: Page<Setting> | undefined): string[] {
  const value = page?.items.find((setting) => setting.key === PUBLIC_SITE_URL)?.value;
  return Array.isArray(value) ? value : [];
}
