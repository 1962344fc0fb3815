import { Button, Group, PasswordInput, SegmentedControl, Select, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import { type Target, type TargetDriver, type TargetRequest, targets } from '@/api/targets';
import { useChange } from '@/app/queries';
import { Problem } from '@/components/Problem';
import { SizeInput } from '@/components/SizeInput';
import { useServerForm } from '@/components/useServerForm';

interface Props {
  nodeId: number;
  /** Absent: a new one. */
  target?: Target | undefined;
  /** The first target becomes the default by itself. */
  first: boolean;
  onDone: (target: Target) => void;
  onCancel?: () => void;
}

/** Where on the follower received objects go. */
export function TargetForm({ nodeId, target, first, onDone, onCancel }: Props) {
  const { t } = useTranslation(['nodes', 'common']);
  const { form, problem, submit, busy } = useServerForm({
    initialValues: {
      driver_type: (target?.driver_type ?? 'local') as TargetDriver,
      name: target?.name ?? (first ? 'default-local' : ''),
      base_path: target?.base_path ?? (first ? 'default' : ''),
      endpoint: target?.endpoint ?? '',
      bucket: target?.bucket ?? '',
      region: target?.region ?? '',
      addressing: target?.addressing ?? 'path',
      access_key: '',
      secret_key: '',
      max_file_size: target?.max_file_size ?? 0,
      is_default: target?.is_default ?? first,
    },
    validate: {
      name: (text) => (text.trim() ? null : t('target.nameRule')),
      base_path: (text, values) =>
        values.driver_type === 'local' && !text.trim()
          ? t('target.pathRule')
          : /^\/|(^|\/)\.\.(\/|$)/.test(text)
            ? t('target.pathRelative')
            : null,
      bucket: (text, values) => (values.driver_type === 's3' && !text.trim() ? t('target.bucketRule') : null),
    },
  });
  const s3 = form.values.driver_type === 's3';
  const save = useChange(
    (request: TargetRequest) =>
      target ? targets.change(nodeId, target.profile_key, request) : targets.create(nodeId, request),
    [['nodes']],
    onDone,
  );
  const act = submit((values) => {
    const { endpoint, bucket, region, addressing, access_key, secret_key, ...common } = values;
    const keys = { ...(access_key && { access_key }), ...(secret_key && { secret_key }) };
    const bucketPart = { endpoint, bucket, region, addressing, ...keys };
    return save.mutateAsync(values.driver_type === 's3' ? { ...common, ...bucketPart } : common);
  });
  return (
    <form onSubmit={act} noValidate>
      <Stack>
        {problem !== undefined && <Problem error={problem} />}
        {!target && (
          <SegmentedControl
            aria-label={t('target.driver')}
            data={[
              { value: 'local', label: t('target.local') },
              { value: 's3', label: t('target.s3') },
            ]}
            {...form.getInputProps('driver_type')}
          />
        )}
        <Text size="sm" c="dimmed">
          {s3 ? t('target.aboutS3') : t('target.aboutLocal')}
        </Text>
        <TextInput label={t('target.name')} required {...form.getInputProps('name')} />
        {s3 && <BucketFields form={form} changing={target !== undefined} />}
        <TextInput
          label={s3 ? t('target.prefix') : t('target.path')}
          description={s3 ? t('target.prefixAbout') : t('target.pathAbout')}
          required={!s3}
          {...form.getInputProps('base_path')}
        />
        <SizeInput
          label={t('target.limit')}
          zero={t('target.unlimited')}
          value={form.values.max_file_size}
          error={form.errors.max_file_size as string | undefined}
          onChange={(bytes) => form.setFieldValue('max_file_size', bytes)}
        />
        {!first && !target?.is_default && (
          <Switch
            label={t('target.makeDefault')}
            description={t('target.makeDefaultAbout')}
            {...form.getInputProps('is_default', { type: 'checkbox' })}
          />
        )}
        <Group justify="flex-end">
          {onCancel && (
            <Button variant="default" onClick={onCancel}>
              {t('common:action.cancel')}
            </Button>
          )}
          <Button type="submit" loading={busy}>
            {target ? t('common:action.save') : t('target.create')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface BucketProps {
  form: { getInputProps: (name: string) => object };
  changing: boolean;
}

function BucketFields({ form, changing }: BucketProps) {
  const { t } = useTranslation('nodes');
  const keep = changing ? { placeholder: t('target.keepKey') } : { required: true };
  return (
    <>
      <TextInput
        label={t('target.endpoint')}
        description={t('target.endpointAbout')}
        placeholder="https://s3.example.com"
        {...form.getInputProps('endpoint')}
      />
      <TextInput label={t('target.bucket')} required {...form.getInputProps('bucket')} />
      <Group grow align="flex-start">
        <TextInput label={t('target.region')} placeholder="auto" {...form.getInputProps('region')} />
        <Select
          label={t('target.addressing')}
          data={[
            { value: 'path', label: t('target.addressingPath') },
            { value: 'virtual_host', label: t('target.addressingHost') },
          ]}
          allowDeselect={false}
          {...form.getInputProps('addressing')}
        />
      </Group>
      <TextInput label={t('target.accessKey')} autoComplete="off" {...keep} {...form.getInputProps('access_key')} />
      <PasswordInput
        label={t('target.secretKey')}
        autoComplete="new-password"
        {...keep}
        {...form.getInputProps('secret_key')}
      />
    </>
  );
}
