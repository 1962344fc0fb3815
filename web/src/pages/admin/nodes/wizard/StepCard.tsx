import { Card, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

/** One step: what it is, why, and what to do. */
export function StepCard({ title, about, children }: { title: string; about: ReactNode; children: ReactNode }) {
  return (
    <Card>
      <Stack>
        <div>
          <Title order={2} size="h4">
            {title}
          </Title>
          <Text c="dimmed" size="sm" mt={4} maw="70ch">
            {about}
          </Text>
        </div>
        {children}
      </Stack>
    </Card>
  );
}
