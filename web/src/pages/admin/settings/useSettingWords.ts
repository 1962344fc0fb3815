import { useTranslation } from 'react-i18next';

import type { SettingDefinition, SettingValue } from '@/api/settings';
import { useFormat } from '@/i18n/format';

import { humanize } from './humanize';

/** What a number of a setting counts, by the end of its name. */
export function unitOf(key: string): 'seconds' | 'hours' | 'days' | 'bytes' | 'none' {
  if (key.endsWith('_secs')) return 'seconds';
  if (key.endsWith('_hours')) return 'hours';
  if (key.endsWith('_days')) return 'days';
  return /bytes|quota/.test(key) ? 'bytes' : 'none';
}

/** Label and meaning of a setting, in our words where we have them and else in the server's; and values for people. */
export function useSettingWords(definition: SettingDefinition) {
  const { t, i18n } = useTranslation('settings');
  const format = useFormat();
  const { key } = definition;
  const known = i18n.exists(`setting.${key}.label`, { ns: 'settings' });
  const unit = unitOf(key);
  const inWords = (value: SettingValue): string => {
    if (Array.isArray(value)) return value.length === 0 ? t('value.none') : value.join(', ');
    if (definition.value_type === 'boolean') return value === 'true' ? t('value.on') : t('value.off');
    const number = Number(value);
    if (definition.value_type !== 'number' || Number.isNaN(number)) return value || t('value.none');
    if (unit === 'seconds') return format.duration(number * 1000);
    if (unit === 'bytes') return number === 0 && key.includes('quota') ? t('value.unlimited') : format.bytes(number);
    if (unit === 'hours') return t('value.hours', { count: number });
    if (unit === 'days') return t('value.days', { count: number });
    return format.count(number);
  };
  return {
    label: known ? t(`setting.${key as 'public_site_url'}.label`) : humanize(key),
    about: known ? t(`setting.${key as 'public_site_url'}.about`) : definition.description,
    /** In English, because only the server's own words are there. */
    foreign: !known,
    unit,
    inWords,
  };
}
