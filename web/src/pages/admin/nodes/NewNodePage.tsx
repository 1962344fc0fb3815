import { Card } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import { nodes } from '@/api/nodes';
import { settingsQuery, siteUrls } from '@/api/settings';
import { useChange } from '@/app/queries';
import { Loaded } from '@/components/Loaded';
import { LinkAnchor } from '@/components/links';
import { Page } from '@/components/Page';

import { NameForm } from './wizard/NameForm';
import { SiteStep } from './wizard/stepViews';
import { WizardFrame } from './wizard/WizardFrame';

/** The steps before there is a node; from the moment it exists, the wizard is the node's own. */
export function NewNodePage() {
  const { t } = useTranslation('nodes');
  const navigate = useNavigate();
  const settings = useQuery(settingsQuery);
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
      <Loaded query={settings}>
        {(page) => {
          const step = siteUrls(page).length === 0 ? 'site' : 'name';
          return (
            <WizardFrame shown={step} next={step} onShow={() => {}}>
              {step === 'site' ? (
                <SiteStep urls={[]} onDone={() => {}} />
              ) : (
                <Card>
                  <NameForm onSubmit={(values) => create.mutateAsync(values)} />
                </Card>
              )}
            </WizardFrame>
          );
        }}
      </Loaded>
    </Page>
  );
}
