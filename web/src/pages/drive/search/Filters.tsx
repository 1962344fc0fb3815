import { Button, Collapse, Group, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback, useDisclosure } from '@mantine/hooks';
import { IconAdjustmentsHorizontal, IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { SizeInput } from '@/components/SizeInput';

import { CATEGORIES, type SearchState } from './filter';

const PAUSE_MS = 250;

interface Props {
  state: SearchState;
  onChange: (state: SearchState) => void;
}

/** What is looked for. The address has it, so that a search can be kept and sent to somebody. */
export function Filters({ state, onChange }: Props) {
  const { t } = useTranslation('drive');
  const { q = '', ...filters } = state;
  const [text, setText] = useState(q);
  const [known, setKnown] = useState(q);
  // Another search was opened from outside.
  if (known !== q) {
    setKnown(q);
    setText(q);
  }
  const [opened, more] = useDisclosure(Object.keys(filters).length > 0);
  const set = (change: Partial<Record<keyof SearchState, unknown>>) => {
    const next = Object.entries({ ...state, q: text, ...change }).filter(
      ([, value]) => value !== undefined && value !== '',
    );
    setKnown(typeof change.q === 'string' ? change.q : text);
    onChange(Object.fromEntries(next) as SearchState);
  };
  const soon = useDebouncedCallback((next: string) => set({ q: next }), PAUSE_MS);
  return (
    <search>
      <Group gap="sm">
        <TextInput
          flex="1 1 220px"
          type="search"
          aria-label={t('search.label')}
          placeholder={t('search.placeholder')}
          leftSection={<IconSearch size={18} aria-hidden />}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            soon(event.currentTarget.value);
          }}
        />
        <Button
          variant="default"
          leftSection={<IconAdjustmentsHorizontal size={18} aria-hidden />}
          aria-expanded={opened}
          onClick={more.toggle}
        >
          {t('search.filters')}
        </Button>
      </Group>
      <Collapse expanded={opened}>
        <More state={state} set={set} />
      </Collapse>
    </search>
  );
}

interface MoreProps {
  state: SearchState;
  set: (change: Partial<Record<keyof SearchState, unknown>>) => void;
}

function More({ state, set }: MoreProps) {
  const { t } = useTranslation('drive');
  const kinds = ['file', 'folder', ...CATEGORIES] as const;
  return (
    <Group gap="sm" mt="sm" align="flex-start">
      <Select
        label={t('column.type')}
        data={kinds.map((value) => ({ value, label: t(`category.${value}`) }))}
        value={state.kind ?? null}
        onChange={(kind) => set({ kind: kind ?? undefined })}
        placeholder={t('search.any')}
        clearable
        clearButtonProps={{ 'aria-label': t('search.clear') }}
        w={160}
      />
      <TextInput
        label={t('search.extension')}
        placeholder="pdf, docx"
        defaultValue={state.ext ?? ''}
        onBlur={(event) => set({ ext: event.currentTarget.value.trim() || undefined })}
        onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
        w={140}
      />
      <SizeInput
        label={t('search.min')}
        value={state.min ?? 0}
        zero={t('search.any')}
        onChange={(bytes) => set({ min: bytes || undefined })}
      />
      <SizeInput
        label={t('search.max')}
        value={state.max ?? 0}
        zero={t('search.any')}
        onChange={(bytes) => set({ max: bytes || undefined })}
      />
      <TextInput
        type="date"
        label={t('search.after')}
        value={state.after ?? ''}
        onChange={(event) => set({ after: event.currentTarget.value || undefined })}
      />
      <TextInput
        type="date"
        label={t('search.before')}
        value={state.before ?? ''}
        onChange={(event) => set({ before: event.currentTarget.value || undefined })}
      />
    </Group>
  );
}
