import { Group, Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import { useTranslation } from 'react-i18next';

import css from './Drive.module.css';

interface Props {
  title: string;
  /** Where this is, above the title. */
  crumbs?: ReactNode;
  about?: ReactNode;
  /** The main button. */
  lead?: ReactNode;
  tools?: ReactNode;
  /** Beside the list. */
  aside?: ReactNode;
  children: ReactNode;
}

/** A page that fills the window: the list scrolls, what stands above it stays. */
export function DriveFrame({ title, crumbs, about, lead, tools, aside, children }: Props) {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `${title} · ${t('app.name')}`;
  }, [title, t]);
  return (
    <div className={css.frame}>
      <Group justify="space-between" align="flex-end" gap="sm" className={css.head}>
        <div className={css.titles}>
          {crumbs}
          <Title order={1} className={css.title} title={title}>
            {title}
          </Title>
          {about}
        </div>
        <Group gap="xs" wrap="nowrap" className={css.tools}>
          {tools}
          {lead}
        </Group>
      </Group>
      <div className={css.body}>
        <div className={css.main}>{children}</div>
        {aside}
      </div>
    </div>
  );
}
