import { Card, Center, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import type { ReactNode } from 'react';

interface Props {
  icon: ReactNode;
  title: string;
  children: ReactNode;
  action?: ReactNode;
}

/** A list without entries: what would be here, and how to get the first one. */
export function Empty({ icon, title, children, action }: Props) {
  return (
    <Card>
      <Center py="xl">
        <Stack align="center" gap="sm" maw={460} ta="center">
          <ThemeIcon size={56} radius="xl" variant="light" aria-hidden>
            {icon}
          </ThemeIcon>
          <Title order={2} size="h4">
            {title}
          </Title>
          <Text c="dimmed">{children}</Text>
          {action}
        </Stack>
      </Center>
    </Card>
  );
}
