import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { formatBytes, parseBytes, useFormat } from '@/i18n/format';

interface Props {
  label: string;
  description?: string;
  error?: string | undefined;
  value: number;
  onChange: (bytes: number) => void;
  /** What 0 means, such as "unlimited". */
  zero?: string;
  disabled?: boolean;
  size?: string;
}

/** A count of bytes as people write it: `100 MiB`. Shows what it understood. */
export function SizeInput({ label, description, error, value, onChange, zero, disabled, size }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const [text, setText] = useState(() => asText(value));
  const [known, setKnown] = useState(value);
  // A value from outside (a reset form, a reload) replaces the text; one that this text means does not.
  if (known !== value) {
    setKnown(value);
    if (parseBytes(text) !== value) setText(asText(value));
  }
  const parsed = parseBytes(text);
  const meaning = parsed === 0 && zero ? zero : parsed !== undefined ? format.bytes(parsed) : '';
  return (
    <TextInput
      label={label}
      description={description}
      value={text}
      error={error ?? (parsed === undefined ? t('size.invalid') : undefined)}
      rightSection={meaning && meaning !== text ? <span aria-hidden>{meaning}</span> : undefined}
      rightSectionWidth="auto"
      rightSectionProps={{ style: { paddingInlineEnd: 12, fontSize: 12, color: 'var(--mantine-color-dimmed)' } }}
      disabled={disabled}
      {...(size ? { size } : {})}
      inputMode="text"
      onChange={(event) => {
        const next = event.currentTarget.value;
        setText(next);
        const bytes = parseBytes(next);
        if (bytes !== undefined && bytes !== value) {
          setKnown(bytes);
          onChange(bytes);
        }
      }}
    />
  );
}

/** The shortest exact text. */
function asText(bytes: number): string {
  const short = formatBytes(bytes);
  return parseBytes(short) === bytes ? short : `${bytes}`;
}
