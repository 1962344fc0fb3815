import { Group, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** The flower; six petals drawn once and turned. */
export function Flower({ size = 28 }: { size?: number }) {
  const turns = [0, 60, 120, 180, 240, 300];
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#5a4fcf" />
      {turns.map((turn) => (
        <ellipse key={turn} cx="16" cy="8.6" rx="2.7" ry="4.6" fill="#fff" transform={`rotate(${turn} 16 16)`} />
      ))}
      <circle cx="16" cy="16" r="3.4" fill="#ffd166" />
    </svg>
  );
}

/** `short` leaves the name to wide windows. */
export function Logo({ short = false }: { short?: boolean }) {
  const { t } = useTranslation();
  return (
    <Group gap="sm" wrap="nowrap">
      <Flower />
      <Text fw={700} fz="lg" lh={1} {...(short ? { visibleFrom: 'sm' } : {})}>
        {t('app.name')}
      </Text>
    </Group>
  );
}
