import { Alert, Group, PasswordInput, Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { nodesQuery } from '@/api/nodes';
import { targetsQuery } from '@/api/targets';
import type { ServerForm } from '@/components/useServerForm';

import type { PolicyDraft } from './draft';

interface FieldProps {
  serverForm: Pick<ServerForm<PolicyDraft>, 'form'>;
}

/** What only one kind of storage needs. */
export function DriverFields({ serverForm: { form }, changing }: FieldProps & { changing: boolean }) {
  const { t } = useTranslation('admin');
  const nodes = useQuery({ ...nodesQuery, enabled: form.values.driver_type === 'remote' });
  if (form.values.driver_type === 'remote') {
    return (
      <>
        <Select
          label={t('policies.node')}
          required
          disabled={changing}
          data={(nodes.data?.items ?? []).map((node) => ({
            value: `${node.id}`,
            label: node.is_enabled ? node.name : t('policies.nodeDisabled', { name: node.name }),
          }))}
          placeholder={t('policies.nodePlaceholder')}
          nothingFoundMessage={t('policies.noNodes')}
          allowDeselect={false}
          {...form.getInputProps('remote_node_id')}
        />
        <TargetSelect serverForm={{ form }} />
        <TextInput
          label={t('policies.prefix')}
          description={t('policies.prefixAbout')}
          {...form.getInputProps('base_path')}
        />
      </>
    );
  }
  if (form.values.driver_type === 'local') {
    return (
      <TextInput
        label={t('policies.path')}
        description={t('policies.pathAbout')}
        required
        {...form.getInputProps('base_path')}
      />
    );
  }
  const keep = changing ? { placeholder: t('policies.keepKey') } : { required: true };
  return (
    <>
      <TextInput
        label={t('policies.endpoint')}
        placeholder="https://s3.example.com"
        {...form.getInputProps('endpoint')}
      />
      <TextInput label={t('policies.bucket')} required {...form.getInputProps('bucket')} />
      <Group grow align="flex-start">
        <TextInput label={t('policies.region')} placeholder="auto" {...form.getInputProps('region')} />
        <Select
          label={t('policies.addressing')}
          data={[
            { value: 'path', label: t('policies.addressingPath') },
            { value: 'virtual_host', label: t('policies.addressingHost') },
          ]}
          allowDeselect={false}
          {...form.getInputProps('addressing')}
        />
      </Group>
      <TextInput label={t('policies.prefix')} {...form.getInputProps('base_path')} />
      <TextInput label={t('policies.accessKey')} autoComplete="off" {...keep} {...form.getInputProps('access_key')} />
      <PasswordInput
        label={t('policies.secretKey')}
        autoComplete="new-password"
        {...keep}
        {...form.getInputProps('secret_key')}
      />
    </>
  );
}

/** Which way bytes travel. */
export function Strategies({ serverForm: { form } }: FieldProps) {
  const { t } = useTranslation('admin');
  const data = [
    { value: 'relay_stream', label: t('strategy.relay_stream') },
    { value: 'presigned', label: t('strategy.presigned') },
  ];
  return (
    <>
      <Select label={t('policies.upload')} data={data} allowDeselect={false} {...form.getInputProps('upload')} />
      <Select label={t('policies.download')} data={data} allowDeselect={false} {...form.getInputProps('download')} />
      {(form.values.upload === 'presigned' || form.values.download === 'presigned') && (
        <Alert color="yellow" title={t('strategy.presignedTitle')}>
          {t('strategy.presignedText')}
        </Alert>
      )}
    </>
  );
}

/** The target on the follower, which is asked for them; a follower that is away leaves the default one. */
function TargetSelect({ serverForm: { form } }: FieldProps) {
  const { t } = useTranslation('admin');
  const nodeId = Number(form.values.remote_node_id);
  const targets = useQuery({ ...targetsQuery(nodeId), enabled: nodeId > 0 });
  const chosen = form.values.ingress_target;
  const named = (targets.data ?? []).map((target) => ({ value: target.profile_key, label: target.name }));
  const unlisted = chosen !== '' && !named.some(({ value }) => value === chosen);
  return (
    <Select
      label={t('policies.target')}
      description={t('policies.targetAbout')}
      data={[
        { value: '', label: t('policies.defaultTarget') },
        ...named,
        ...(unlisted ? [{ value: chosen, label: chosen }] : []),
      ]}
      allowDeselect={false}
      {...form.getInputProps('ingress_target')}
    />
  );
}
