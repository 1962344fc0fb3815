import { Affix, Box, Button, Card, Group, Paper, Stack, Text, Title, Transition } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useQueries } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { fieldProblems } from '@/api/errors';
import {
  settings as calls,
  type Setting,
  type SettingDefinition,
  type SettingValue,
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

import { changedValues } from './changes';
import { humanize, SettingField } from './SettingField';

/** Generated from the schema: a setting that the server gains appears here by itself. */
export function SettingsPage() {
  const { t } = useTranslation('admin');
  const [list, schema] = useQueries({ queries: [settingsQuery, settingsSchemaQuery] });
  const error = list.error ?? schema.error;
  return (
    <Page title={t('settings.title')} about={t('settings.about')}>
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

function SettingsForm({ settings, schema }: FormProps) {
  const { t } = useTranslation(['admin', 'common']);
  const [drafts, setDrafts] = useState<Record<string, SettingValue>>({});
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [saving, setSaving] = useState(false);
  const changes = changedValues(settings, drafts);
  const unsaved = changes.length > 0;
  const save = async () => {
    setSaving(true);
    const failed: Record<string, string> = {};
    // One by one, so that one bad value does not keep the good ones from being saved.
    for (const { key, value } of changes) {
      try {
        await calls.set(key, value);
        setDrafts(({ [key]: _, ...rest }) => rest);
      } catch (error) {
        failed[key] = fieldProblems(error)[0]?.message ?? (error instanceof Error ? error.message : String(error));
      }
    }
    setErrors(failed);
    setSaving(false);
    announce({ kind: 'changed', keys: [['settings']] });
    await queryClient.invalidateQueries({ queryKey: ['settings'], exact: true });
    if (Object.keys(failed).length === 0) tellDone(t('settings.saved'));
  };
  useHotkeys([['mod+S', () => unsaved && void save()]], []);
  const categories = [...new Set(schema.map((definition) => definition.category))];
  const draftOf = (key: string) => drafts[key] ?? settings.find((setting) => setting.key === key)?.value ?? '';
  return (
    <Stack maw={760} pb={unsaved ? 72 : 0}>
      <UnsavedGuard unsaved={unsaved} />
      {categories.map((category) => (
        <Card key={category}>
          <Title order={2} size="h4" mb="md">
            {t(`category.${category as 'general'}`, { defaultValue: humanize(category) })}
          </Title>
          <Stack gap="lg">
            {schema
              .filter((definition) => definition.category === category)
              .map((definition) => (
                <SettingField
                  key={definition.key}
                  definition={definition}
                  value={draftOf(definition.key)}
                  error={errors[definition.key]}
                  onChange={(value) => setDrafts((old) => ({ ...old, [definition.key]: value }))}
                />
              ))}
          </Stack>
        </Card>
      ))}
      <Affix position={{ bottom: 16, left: 16, right: 16 }} zIndex={90}>
        <Transition transition="slide-up" mounted={unsaved}>
          {(style) => (
            <Box style={{ ...style, display: 'flex', justifyContent: 'center' }}>
              <Paper shadow="md" withBorder p="sm" radius="lg">
                <Group>
                  <Text size="sm">{t('settings.unsaved', { count: changes.length })}</Text>
                  <Button
                    size="sm"
                    variant="default"
                    onClick={() => {
                      setDrafts({});
                      setErrors({});
                    }}
                  >
                    {t('common:action.discard')}
                  </Button>
                  <Button size="sm" loading={saving} onClick={() => void save()}>
                    {t('common:action.save')}
                  </Button>
                </Group>
              </Paper>
            </Box>
          )}
        </Transition>
      </Affix>
    </Stack>
  );
}
