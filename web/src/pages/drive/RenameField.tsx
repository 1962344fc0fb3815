import { TextInput } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { DriveItem } from '@/api/files';

import { nameProblem } from './names';

interface Props {
  item: DriveItem;
  /** Fails with what the server says. */
  onRename: (name: string) => Promise<void>;
  onEnd: () => void;
}

/** The name, to be edited where it stands. Enter takes it, Escape leaves it as it was. */
export function RenameField({ item, onRename, onEnd }: Props) {
  const { t } = useTranslation('drive');
  const field = useRef<HTMLInputElement>(null);
  const [name, setName] = useState(item.name);
  const [problem, setProblem] = useState('');
  const ended = useRef(false);
  const [stemLength] = useState(() => stem(item).length);
  useEffect(() => {
    field.current?.focus();
    field.current?.setSelectionRange(0, stemLength);
  }, [stemLength]);
  const end = () => {
    ended.current = true;
    onEnd();
  };
  const take = async (stays: boolean) => {
    if (ended.current) return;
    const next = name.trim();
    if (next === item.name) return end();
    const wrong = nameProblem(next);
    // Whoever goes elsewhere with half a name did not mean it.
    if (wrong) return stays ? setProblem(t(wrong)) : end();
    ended.current = true;
    try {
      await onRename(next);
      onEnd();
    } catch (error) {
      ended.current = false;
      setProblem(error instanceof Error ? error.message : String(error));
      field.current?.focus();
    }
  };
  return (
    <TextInput
      ref={field}
      size="xs"
      aria-label={t('rename.label', { name: item.name })}
      value={name}
      error={problem || undefined}
      onChange={(event) => {
        setName(event.currentTarget.value);
        setProblem('');
      }}
      onBlur={() => void take(false)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === 'Enter') void take(true);
        if (event.key === 'Escape') end();
      }}
    />
  );
}

/** A file is mostly renamed without its ending. */
function stem({ kind, name }: DriveItem): string {
  const dot = name.lastIndexOf('.');
  return kind === 'file' && dot > 0 ? name.slice(0, dot) : name;
}
