import { Card } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import { nodes } from '@/api/nodes';
import { useChange } from '@/app/queries';
import { LinkAnchor } from '@/components/links';
import { Page } from '@/components/Page';

import { NameForm } from './wizard/NameForm';
import { WizardFrame } from './wizard/WizardFrame';

/** The first step; from the moment the node exists, the wizard is the node's own. */
export function NewNodePage() {
  const { t } = useTranslation('nodes');
  const navigate = useNavigate();
  const create = useChange(nodes.create, [['nodes']], (node) =>
    navigate({ to: '/admin/remote-nodes/$nodeId/setup', params: { nodeId: node.id } }),
  );
  return (
    <Page
      title={t('wizard.newTitle')}
      about={t('wizard.about')}
      above={[
        <LinkAnchor key="nodes" to="/admin/remote-nodes" size="sm">
          {t('list.title')}
        </LinkAnchor>,
      ]}
    >
      <WizardFrame shown="name" next="name" onShow={() => {}}>
        <Card>
          <NameForm onSubmit={(values) => create.mutateAsync(values)} />
        </Card>
      </WizardFrame>
    </Page>
  );
}
