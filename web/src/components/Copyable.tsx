import { ActionIcon, Box, Button, Code, Group, Text, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

/** Copies; also on plain HTTP, where browsers offer no clipboard to scripts. */
export async function copyText(text: string, source: HTMLElement | null = null): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    if (!source) return copyUnseen(text);
    // Selecting it leaves Ctrl+C to the person, if the old way fails as well.
    window.getSelection()?.selectAllChildren(source);
    return document.execCommand('copy');
  }
}

/** What stands nowhere on the page is put there for a moment, as only what is selected can be copied. */
function copyUnseen(text: string): boolean {
  const before = document.activeElement;
  const field = document.createElement('textarea');
  field.value = text;
  field.style.position = 'fixed';
  field.style.opacity = '0';
  document.body.append(field);
  field.select();
  const copied = document.execCommand('copy');
  field.remove();
  if (before instanceof HTMLElement) before.focus();
  return copied;
}

interface Props {
  text: string;
  label: string;
  /** One value within a line instead of a block. */
  inline?: boolean;
}

/** Text to be used elsewhere: shown whole, copied with one press. */
export function Copyable({ text, label, inline = false }: Props) {
  const { t } = useTranslation();
  const source = useRef<HTMLElement>(null);
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [copied]);
  const take = async () => setCopied(await copyText(text, source.current));
  const icon = copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />;
  const word = copied ? t('action.copied') : t('action.copy');
  if (inline) {
    return (
      <Group gap={4} wrap="nowrap" display="inline-flex">
        <Code ref={source}>{text}</Code>
        <Tooltip label={word}>
          <ActionIcon variant="subtle" size="sm" onClick={take} aria-label={t('action.copyWhat', { what: label })}>
            {icon}
          </ActionIcon>
        </Tooltip>
      </Group>
    );
  }
  return (
    <Box>
      <Group justify="space-between" mb={4} wrap="nowrap">
        <Text size="sm" fw={600}>
          {label}
        </Text>
        <Button
          size="compact-sm"
          variant="light"
          leftSection={icon}
          onClick={take}
          aria-label={copied ? word : t('action.copyWhat', { what: label })}
        >
          {word}
        </Button>
      </Group>
      <Code
        block
        ref={source as never}
        tabIndex={0}
        fz="sm"
        style={{ whiteSpace: 'pre', overflowX: 'auto' }}
        data-copyable={label}
      >
        {text}
      </Code>
      <span role="status" style={{ position: 'absolute', clipPath: 'inset(50%)' }}>
        {copied ? t('action.copied') : ''}
      </span>
    </Box>
  );
}
