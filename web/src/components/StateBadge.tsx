import { Badge } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconCircleX, IconClock, IconMinus } from '@tabler/icons-react';

export type Tone = 'good' | 'bad' | 'warn' | 'wait' | 'off';

const LOOKS = {
  good: { color: 'green', Icon: IconCircleCheck, text: 'var(--aster-good)' },
  bad: { color: 'red', Icon: IconCircleX, text: 'var(--aster-bad)' },
  warn: { color: 'yellow', Icon: IconAlertTriangle, text: 'var(--aster-warn)' },
  wait: { color: 'aster', Icon: IconClock, text: 'var(--mantine-color-anchor)' },
  off: { color: 'gray', Icon: IconMinus, text: 'var(--mantine-color-dimmed)' },
} as const;

/** A state in one word. The sign says the same as the colour, for those who do not see it. */
export function StateBadge({ tone, children }: { tone: Tone; children: string }) {
  const { color, Icon, text } = LOOKS[tone];
  return (
    <Badge color={color} size="lg" leftSection={<Icon size={14} aria-hidden />} style={{ color: text, flexShrink: 0 }}>
      {children}
    </Badge>
  );
}

export function ToneIcon({ tone, size = 18 }: { tone: Tone; size?: number }) {
  const { Icon, text } = LOOKS[tone];
  return <Icon size={size} color={text} style={{ flexShrink: 0 }} aria-hidden />;
}
