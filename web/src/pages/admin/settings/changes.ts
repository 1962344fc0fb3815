import type { Setting, SettingValue } from '@/api/settings';

/** What somebody wants a setting to be; `null` is its default, whatever that becomes in a later release. */
export type Draft = SettingValue | null;

/** A change as it is sent; without a value the setting returns to its default. */
export interface Change {
  key: string;
  value: SettingValue | null;
}

/** Drafts that differ from what is in force: empty entries of lists are left out. */
export function changedValues(settings: readonly Setting[], drafts: Readonly<Record<string, Draft>>): Change[] {
  return settings.flatMap(({ key, value: present, source }): Change[] => {
    const draft = drafts[key];
    if (draft === undefined) return [];
    if (draft === null) return source === 'database' ? [{ key, value: null }] : [];
    const value = Array.isArray(draft) ? draft.map((text) => text.trim()).filter(Boolean) : draft.trim();
    return JSON.stringify(value) === JSON.stringify(present) ? [] : [{ key, value }];
  });
}
