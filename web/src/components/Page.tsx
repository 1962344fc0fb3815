import { Anchor, Box, Breadcrumbs, Group, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import { useTranslation } from 'react-i18next';

interface Props {
  title: string;
  about?: ReactNode;
  actions?: ReactNode;
  /** Links to the pages above this one, the topmost first. */
  above?: ReactNode[];
  /** Beside the title: a state, for example. */
  beside?: ReactNode;
  children: ReactNode;
}

/** The frame of a page: one h1, where it belongs, what can be done there. */
export function Page({ title, about, actions, above, beside, children }: Props) {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `${title} · ${t('app.name')}`;
  }, [title, t]);
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="flex-start" gap="md">
        <Box flex={1} miw={240}>
          {above && (
            <Breadcrumbs component="nav" aria-label={t('nav.above')} mb={4} separatorMargin={6}>
              {above}
              <Anchor component="span" c="dimmed" size="sm" underline="never" aria-hidden>
                {title}
              </Anchor>
            </Breadcrumbs>
          )}
          <Group gap="sm">
            <Title order={1}>{title}</Title>
            {beside}
          </Group>
          {about && (
            <Text c="dimmed" mt={4} maw="72ch">
              {about}
            </Text>
          )}
        </Box>
        {actions && <Group gap="sm">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}
