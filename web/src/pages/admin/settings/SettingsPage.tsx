import {
  Affix,
  Anchor,
  Box,
  Button,
  Card,
  Group,
  Paper,
  Stack,
  Text,
  TextInput,
  Title,
  Transition,
} from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useQueries } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { fieldProblems } from '@/api/errors';
import {
  settings as calls,
  type Setting,
  type SettingDefinition,
  settingsQuery,
  settingsSchemaQuery,
} from '@/api/settings';
import { announce } from '@/api/tabs';
import { queryClient } from '@/app/queries';
import { Loading } from '@/components/Loaded';
import { tellDone } from '@/components/notify';
import { Page } from '@/components/Page';
import { Problem } from '@/components/Problem';
import { UnsavedGuard } from '@/components/UnsavedGuard';

import { changedValues, type Draft } from './changes';
import { humanize } from './humanize';
import { SettingField } from './SettingField';

/** Generated from the schema: a setting that the server gains appears here by itself. */
export function SettingsPage() {
  const { t } = useTranslation('settings');
  const [list, schema] = useQueries({ queries: [settingsQuery, settingsSchemaQuery] });
  const error = list.error ?? schema.error;
  return (
    <Page title={t('title')} about={t('about')}>
      {list.data && schema.data ? (
        <SettingsForm settings={list.data.items} schema={schema.data} />
      ) : error ? (
        <Problem error={error} retry={() => void Promise.all([list.refetch(), schema.refetch()])} />
      ) : (
        <Loading rows={6} />
      )}
    </Page>
  );
}

interface FormProps {
  settings: Setting[];
  schema: SettingDefinition[];
}

/** Drafts, what the server said about them, and saving them. */
function useDrafts(settings: Setting[]) {
  const { t } = useTranslation('settings');
  const [drafts, setDrafts] = useState<Record<string, Draft>>({});
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [saving, setSaving] = useState(false);
  const changes = changedValues(settings, drafts);
  const save = async () => {
    setSaving(true);
    const failed: Record<string, string> = {};
    // One by one, so that one bad value does not keep the good ones from being saved.
    for (const { key, value } of changes) {
      try {
        await (value === null ? calls.reset(key) : calls.set(key, value));
        setDrafts(({ [key]: _, ...rest }) => rest);
      } catch (error) {
        failed[key] = fieldProblems(error)[0]?.message ?? (error instanceof Error ? error.message : String(error));
      }
    }
    setErrors(failed);
    setSaving(false);
    announce({ kind: 'changed', keys: [['settings']] });
    await queryClient.invalidateQueries({ queryKey: ['settings'], exact: true });
    if (Object.keys(failed).length === 0) tellDone(t('saved'));
  };
  const set = (key: string, draft: Draft) => setDrafts((old) => ({ ...old, [key]: draft }));
  const discard = () => {
    setDrafts({});
    setErrors({});
  };
  return { drafts, errors, changes, saving, save, set, discard };
}

function SettingsForm({ settings, schema }: FormProps) {
  const { t } = useTranslation('settings');
  const { drafts, errors, changes, saving, save, set, discard } = useDrafts(settings);
  const [wanted, setWanted] = useState('');
  const unsaved = changes.length > 0;
  useHotkeys([['mod+S', () => unsaved && void save()]], []);
  const presentOf = (key: string) => settings.find((setting) => setting.key === key);
  const shownValue = (definition: SettingDefinition) => {
    const draft = drafts[definition.key];
    if (draft === null) return definition.default;
    return draft ?? presentOf(definition.key)?.value ?? definition.default;
  };
  const isSet = ({ key }: SettingDefinition) =>
    drafts[key] === undefined ? presentOf(key)?.source === 'database' : drafts[key] !== null;
  const matches = useMatches(wanted);
  const categories = [...new Set(schema.map((definition) => definition.category))];
  const shown = categories
    .map((category) => ({
      category,
      name: t(`category.${category as 'general'}`, { defaultValue: humanize(category) }),
      definitions: schema.filter((each) => each.category === category && matches(each)),
    }))
    .filter(({ definitions }) => definitions.length > 0);
  return (
    <Stack maw={760} pb={unsaved ? 72 : 0}>
      <UnsavedGuard unsaved={unsaved} />
      <TextInput
        type="search"
        label={t('search')}
        leftSection={<IconSearch size={16} aria-hidden />}
        value={wanted}
        onChange={(event) => setWanted(event.currentTarget.value)}
      />
      <Group component="nav" gap="md" aria-label={t('groups')}>
        {shown.map(({ category, name }) => (
          <Anchor key={category} href={`#settings-${category}`} size="sm">
            {name}
          </Anchor>
        ))}
      </Group>
      {shown.length === 0 && <Text size="sm">{t('noneFits')}</Text>}
      {shown.map(({ category, name, definitions }) => (
        <Card key={category} id={`settings-${category}`} style={{ scrollMarginTop: 76 }}>
          <Title order={2} size="h4" mb="md">
            {name}
          </Title>
          <Stack gap="lg">
            {definitions.map((definition) => (
              <SettingField
                key={definition.key}
                definition={definition}
                value={shownValue(definition)}
                error={errors[definition.key]}
                isSet={isSet(definition)}
                onChange={(value) => set(definition.key, value)}
                onReset={() => set(definition.key, null)}
              />
            ))}
          </Stack>
        </Card>
      ))}
      <SaveBar count={changes.length} saving={saving} onSave={() => void save()} onDiscard={discard} />
    </Stack>
  );
}

/** Whether a setting has the words somebody looks for in its name, its label or what is said about it. */
function useMatches(wanted: string): (definition: SettingDefinition) => boolean {
  const { t } = useTranslation('settings');
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  return ({ key, description }) => {
    const known = key as 'public_site_url';
    const label = t(`setting.${known}.label`, { defaultValue: humanize(key) });
    const about = t(`setting.${known}.about`, { defaultValue: description });
    const text = `${key} ${label} ${about}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
}

interface SaveBarProps {
  count: number;
  saving: boolean;
  onSave: () => void;
  onDiscard: () => void;
}

function SaveBar({ count, saving, onSave, onDiscard }: SaveBarProps) {
  const { t } = useTranslation(['settings', 'common']);
  return (
    <Affix position={{ bottom: 16, left: 16, right: 16 }} zIndex={90}>
      <Transition transition="slide-up" mounted={count > 0}>
        {(style) => (
          <Box style={{ ...style, display: 'flex', justifyContent: 'center' }}>
            <Paper shadow="md" withBorder p="sm" radius="lg">
              <Group>
                <Text size="sm">{t('unsaved', { count })}</Text>
                <Button size="sm" variant="default" onClick={onDiscard}>
                  {t('common:action.discard')}
                </Button>
                <Button size="sm" loading={saving} onClick={onSave}>
                  {t('common:action.save')}
                </Button>
              </Group>
            </Paper>
          </Box>
        )}
      </Transition>
    </Affix>
  );
}
