import { Checkbox, NumberInput, PasswordInput, Select, Stack, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useTranslation } from 'react-i18next';

import { EXPIRIES, type TermsForm } from './terms';

interface Props {
  form: UseFormReturnType<TermsForm>;
  /** Of the share as it is. */
  hasPassword?: boolean;
}

/** Password, end and limit of a share. */
export function TermsFields({ form, hasPassword = false }: Props) {
  const { t } = useTranslation('shares');
  return (
    <Stack gap="sm">
      <PasswordInput
        label={t('terms.password')}
        description={hasPassword ? t('terms.passwordKeep') : t('terms.passwordAbout')}
        autoComplete="new-password"
        disabled={form.values.removePassword}
        maxLength={128}
        {...form.getInputProps('password')}
      />
      {hasPassword && (
        <Checkbox label={t('terms.passwordRemove')} {...form.getInputProps('removePassword', { type: 'checkbox' })} />
      )}
      <Select
        label={t('terms.expiry')}
        data={EXPIRIES.map((value) => ({ value, label: t(`terms.${value}`) }))}
        allowDeselect={false}
        checkIconPosition="right"
        {...form.getInputProps('expiry')}
      />
      {form.values.expiry === 'at' && (
        <TextInput type="datetime-local" label={t('terms.atLabel')} required {...form.getInputProps('at')} />
      )}
      <NumberInput
        label={t('terms.limit')}
        description={t('terms.limitAbout')}
        placeholder={t('terms.unlimited')}
        min={1}
        max={1_000_000_000}
        allowDecimal={false}
        allowNegative={false}
        hideControls
        {...form.getInputProps('limit')}
      />
    </Stack>
  );
}
