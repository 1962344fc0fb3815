import { ActionIcon, Button, Group, NumberInput, Stack, Switch, Text, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

import type { SettingDefinition, SettingValue } from '@/api/settings';
import { useFormat } from '@/i18n/format';

interface Props {
  definition: SettingDefinition;
  value: SettingValue;
  error?: string | undefined;
  onChange: (value: SettingValue) => void;
}

/** `auth_cookie_secure` as somebody would say it, for settings this app has no words for yet. */
export function humanize(key: string): string {
  const words = key.replace(/_(secs|bytes)$/, '').replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Label and meaning of a setting: in our words where we have them, in the server's where it is newer than we are. */
function useWords(definition: SettingDefinition) {
  const { t } = useTranslation('admin');
  const known = definition.key as 'public_site_url';
  return {
    label: t(`setting.${known}.label`, { defaultValue: humanize(definition.key) }),
    about: t(`setting.${known}.about`, { defaultValue: definition.description }),
  };
}

/** One setting, by the kind its schema names. */
export function SettingField({ definition, value, error, onChange }: Props) {
  const { label, about } = useWords(definition);
  if (definition.value_type === 'boolean') {
    return (
      <Switch
        label={label}
        description={about}
        checked={value === 'true'}
        error={error}
        onChange={(event) => onChange(`${event.currentTarget.checked}`)}
      />
    );
  }
  if (definition.value_type === 'string_array' || Array.isArray(value)) {
    const list = Array.isArray(value) ? value : [value];
    return <ListField label={label} about={about} values={list} error={error} onChange={onChange} />;
  }
  if (definition.value_type === 'number') {
    return <NumberField {...{ definition, label, about, error, onChange }} value={String(value)} />;
  }
  return (
    <TextInput
      label={label}
      description={about}
      value={String(value)}
      error={error}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

interface NumberProps {
  definition: SettingDefinition;
  label: string;
  about: string;
  value: string;
  error?: string | undefined;
  onChange: (value: string) => void;
}

function NumberField({ definition, label, about, value, error, onChange }: NumberProps) {
  const format = useFormat();
  const { t } = useTranslation('admin');
  const number = Number(value);
  const seconds = definition.key.endsWith('_secs');
  const bytes = /bytes|quota/.test(definition.key);
  const meaning = seconds
    ? format.duration(number * 1000)
    : bytes
      ? number === 0
        ? t('settings.unlimited')
        : format.bytes(number)
      : '';
  const bounds = Number.isSafeInteger(definition.max) ? { max: definition.max } : {};
  return (
    <NumberInput
      label={label}
      description={about}
      // Text, because 2^53 and more are allowed.
      value={value}
      error={error}
      min={definition.min}
      {...bounds}
      allowDecimal={false}
      allowNegative={false}
      clampBehavior="none"
      thousandSeparator=" "
      hideControls
      inputMode="numeric"
      rightSection={<span aria-hidden>{meaning}</span>}
      rightSectionWidth="auto"
      rightSectionProps={{ style: { paddingInlineEnd: 12, fontSize: 12, color: 'var(--mantine-color-dimmed)' } }}
      onChange={(next) => onChange(`${next}`)}
    />
  );
}

interface ListProps {
  label: string;
  about: string;
  values: string[];
  error?: string | undefined;
  onChange: (values: string[]) => void;
}

/** A list in its order: for addresses the first one matters. */
function ListField({ label, about, values, error, onChange }: ListProps) {
  const { t } = useTranslation('admin');
  const shown = values.length > 0 ? values : [''];
  const set = (index: number, text: string) => onChange(shown.map((old, at) => (at === index ? text : old)));
  return (
    <Stack gap={6} role="group" aria-label={label}>
      <div>
        <Text size="sm" fw={500}>
          {label}
        </Text>
        <Text size="xs" c="dimmed">
          {about}
        </Text>
      </div>
      {shown.map((text, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: entries have no other identity than their place
        <Group key={index} gap="xs" wrap="nowrap">
          <TextInput
            flex={1}
            value={text}
            aria-label={t('settings.entry', { label, place: index + 1 })}
            placeholder="https://drive.example.com"
            error={error !== undefined}
            onChange={(event) => set(index, event.currentTarget.value)}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={t('settings.removeEntry', { place: index + 1 })}
            onClick={() => onChange(shown.filter((_, at) => at !== index))}
          >
            <IconTrash size={16} aria-hidden />
          </ActionIcon>
        </Group>
      ))}
      {error && (
        <Text size="xs" c="var(--aster-bad)" role="alert">
          {error}
        </Text>
      )}
      <Group>
        <Button
          size="compact-sm"
          variant="subtle"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => onChange([...shown, ''])}
        >
          {t('settings.addEntry')}
        </Button>
      </Group>
    </Stack>
  );
}
