import { useTranslation } from 'react-i18next';

import { useServerForm } from '@/components/useServerForm';

import { NEW_TERMS, type TermsForm, whyNot } from './terms';

export function useTermsForm(initialValues: TermsForm = NEW_TERMS) {
  const { t } = useTranslation('shares');
  return useServerForm<TermsForm>({
    initialValues,
    names: { expires_at: 'at', max_downloads: 'limit' },
    validate: {
      at: (_, values) => {
        const why = whyNot(values, Date.now());
        return why && t(why);
      },
    },
  });
}
