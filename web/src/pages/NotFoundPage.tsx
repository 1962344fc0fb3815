import { useTranslation } from 'react-i18next';

import { LinkButton } from '@/components/links';

import { Entry } from './Entry';

export function NotFoundPage() {
  const { t } = useTranslation();
  return (
    <Entry title={t('notFound.title')} about={t('notFound.text')}>
      <LinkButton to="/">{t('notFound.home')}</LinkButton>
    </Entry>
  );
}
