import type { Setting, SettingValue } from '@/api/settings';

/** Drafts that differ from what is in force, as they are sent: empty entries of lists are left out. */
export function changedValues(
  settings: readonly Setting[],
  drafts: Readonly<Record<string, SettingValue>>,
): { key: string; value: SettingValue }[] {
  return settings.flatMap(({ key, value: present }) => {
    const draft = drafts[key];
    if (draft === undefined) return [];
    const value = Array.isArray(draft) ? draft.map((text) => text.trim()).filter(Boolean) : draft.trim();
    return JSON.stringify(value) === JSON.stringify(present) ? [] : [{ key, value }];
  });
}
