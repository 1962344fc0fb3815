import { ActionIcon, Button, Group, NumberInput, Stack, Switch, Text, TextInput } from '@mantine/core';
import { IconPlus, IconRestore, IconTrash } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

import { PUBLIC_SITE_URL, type SettingDefinition, type SettingValue } from '@/api/settings';

import { useSettingWords } from './useSettingWords';

interface Props {
  definition: SettingDefinition;
  value: SettingValue;
  error?: string | undefined;
  /** Whether something else than the default is set, or about to be. */
  isSet: boolean;
  onChange: (value: SettingValue) => void;
  onReset: () => void;
}

/** One setting: its field by the kind its schema names, its default and bounds, and the way back to the default. */
export function SettingField({ definition, value, error, isSet, onChange, onReset }: Props) {
  const { t } = useTranslation('settings');
  const words = useSettingWords(definition);
  return (
    <Stack gap={4} data-setting={definition.key}>
      <Field {...{ definition, value, error, onChange }} />
      <Group gap="xs" mih={26}>
        <Text size="xs" c="dimmed">
          {t('default', { value: words.inWords(definition.default) })}
          <Bounds definition={definition} inWords={words.inWords} />
        </Text>
        {isSet && (
          <Button
            size="compact-xs"
            variant="subtle"
            leftSection={<IconRestore size={14} aria-hidden />}
            onClick={onReset}
            aria-label={t('resetWhat', { label: words.label })}
          >
            {t('reset')}
          </Button>
        )}
      </Group>
    </Stack>
  );
}

interface BoundsProps {
  definition: SettingDefinition;
  inWords: (value: SettingValue) => string;
}

/** From where to where a number may go; a bound that no number here reaches is none. */
function Bounds({ definition: { min, max, key }, inWords }: BoundsProps) {
  const { t } = useTranslation('settings');
  if (min === undefined || max === undefined) return null;
  const least = key.includes('quota') && min === 0 ? '0' : inWords(`${min}`);
  const text = Number.isSafeInteger(max)
    ? t('bounds', { min: least, max: inWords(`${max}`) })
    : t('atLeast', { min: least });
  return <>{` · ${text}`}</>;
}

type FieldProps = Omit<Props, 'isSet' | 'onReset'>;

function Field({ definition, value, error, onChange }: FieldProps) {
  const { label, about, foreign } = useSettingWords(definition);
  const description = foreign ? <span lang="en">{about}</span> : about;
  if (definition.value_type === 'boolean') {
    return (
      <Switch
        label={label}
        description={description}
        checked={value === 'true'}
        error={error}
        onChange={(event) => onChange(`${event.currentTarget.checked}`)}
      />
    );
  }
  if (definition.value_type === 'string_array' || Array.isArray(value)) {
    const list = Array.isArray(value) ? value : [value];
    const example = definition.key === PUBLIC_SITE_URL ? 'https://drive.example.com' : undefined;
    return <ListField {...{ label, example, error, onChange }} about={description} values={list} />;
  }
  if (definition.value_type === 'number') {
    return <NumberField {...{ definition, error, onChange }} value={String(value)} />;
  }
  return (
    <TextInput
      label={label}
      description={description}
      value={String(value)}
      error={error}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

interface NumberProps {
  definition: SettingDefinition;
  value: string;
  error?: string | undefined;
  onChange: (value: string) => void;
}

function NumberField({ definition, value, error, onChange }: NumberProps) {
  const { t } = useTranslation('settings');
  const { label, about, foreign, unit, inWords } = useSettingWords(definition);
  const meaning = value.trim() !== '' && (unit === 'seconds' || unit === 'bytes') ? inWords(value) : '';
  const bounds = Number.isSafeInteger(definition.max) ? { max: definition.max } : {};
  return (
    <NumberInput
      label={unit === 'none' ? label : t('inUnit', { label, unit: t(`unit.${unit}`) })}
      description={foreign ? <span lang="en">{about}</span> : about}
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
  about: React.ReactNode;
  example: string | undefined;
  values: string[];
  error?: string | undefined;
  onChange: (values: string[]) => void;
}

/** A list in its order: for addresses the first one matters. */
function ListField({ label, about, example, values, error, onChange }: ListProps) {
  const { t } = useTranslation('settings');
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
            aria-label={t('entry', { label, place: index + 1 })}
            placeholder={example}
            error={error !== undefined}
            onChange={(event) => set(index, event.currentTarget.value)}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={t('removeEntry', { place: index + 1 })}
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
          {t('addEntry')}
        </Button>
      </Group>
    </Stack>
  );
}
