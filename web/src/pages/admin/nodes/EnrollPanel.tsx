import { Alert, Badge, Button, Card, Group, Loader, SegmentedControl, Stack, Text } from '@mantine/core';
import { IconClock, IconRefresh } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { healthQuery } from '@/api/health';
import { type IssuedToken, type Node, nodes } from '@/api/nodes';
import { settingsQuery, siteUrls } from '@/api/settings';
import { queryClient, useChange } from '@/app/queries';
import { Copyable } from '@/components/Copyable';
import { LinkAnchor } from '@/components/links';
import { Problem } from '@/components/Problem';

import { enrollCommands } from './enrollCommands';

const WAYS = ['compose', 'docker', 'command'] as const;
type Way = (typeof WAYS)[number];

const tokenKey = (nodeId: number) => ['issued-token', nodeId];

/** The token as long as this tab lives; the server keeps only its hash and cannot show it again. */
function useIssuedToken(nodeId: number) {
  return useQuery<IssuedToken | null>({
    queryKey: tokenKey(nodeId),
    queryFn: () => null,
    initialData: null,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
  }).data;
}

interface Props {
  node: Node;
  reEnroll?: boolean;
  /** How the follower may run, the likeliest first. */
  ways?: readonly Way[];
}

/** Makes the token and shows what to run with it, until the follower has come. */
export function EnrollPanel({ node, reEnroll = false, ways = WAYS }: Props) {
  const { t } = useTranslation('nodes');
  const issued = useIssuedToken(node.id);
  const status = reEnroll ? (node.re_enrollment_status ?? 'not_started') : node.enrollment_status;
  const settings = useQuery(settingsQuery);
  const issue = useChange(
    () => nodes.issueToken(node.id, reEnroll),
    [['nodes']],
    (token) => queryClient.setQueryData(tokenKey(node.id), token),
  );
  const left = useTimeLeft(issued?.expires_at);
  const usable = issued !== null && left > 0 && (status === 'pending' || status === 'redeemed');
  const urls = siteUrls(settings.data);
  if (settings.data && urls.length === 0) {
    return (
      <Alert color="yellow" title={t('enroll.noSiteUrl')}>
        <Stack gap="xs">
          <Text size="sm">{t('enroll.noSiteUrlText')}</Text>
          <LinkAnchor to="/admin/settings" size="sm">
            {t('enroll.toSettings')}
          </LinkAnchor>
        </Stack>
      </Alert>
    );
  }
  return (
    <Stack>
      {urls[0] && <SiteUrlNote url={urls[0]} />}
      {usable ? (
        <Commands
          issued={issued}
          node={node}
          left={left}
          ways={ways}
          onNew={() => issue.mutate(undefined)}
          busy={issue.isPending}
        />
      ) : (
        <Card>
          <Stack>
            <Text size="sm">
              {status === 'expired'
                ? t('enroll.expired')
                : status === 'not_started' || status === 'completed'
                  ? t('enroll.first')
                  : t('enroll.elsewhere')}
            </Text>
            {issue.error && <Problem error={issue.error} />}
            <Group>
              <Button loading={issue.isPending} onClick={() => issue.mutate(undefined)}>
                {status === 'not_started' || status === 'completed' ? t('enroll.make') : t('enroll.makeNew')}
              </Button>
            </Group>
          </Stack>
        </Card>
      )}
      {(status === 'pending' || status === 'redeemed') && (
        <Group gap="sm" role="status" wrap="nowrap">
          <Loader size="sm" aria-hidden />
          <Text size="sm">{status === 'redeemed' ? t('enroll.redeemed') : t('enroll.waiting')}</Text>
        </Group>
      )}
    </Stack>
  );
}

function SiteUrlNote({ url }: { url: string }) {
  const { t } = useTranslation('nodes');
  const local = ['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname);
  return local ? (
    <Alert color="yellow" title={t('enroll.localTitle', { url })}>
      <Text size="sm">{t('enroll.localText')}</Text>
    </Alert>
  ) : null;
}

interface CommandsProps {
  issued: IssuedToken;
  node: Node;
  left: number;
  ways: readonly Way[];
  onNew: () => void;
  busy: boolean;
}

function Commands({ issued, node, left, ways, onNew, busy }: CommandsProps) {
  const { t } = useTranslation('nodes');
  const [way, setWay] = useState<Way>(ways[0] ?? 'compose');
  const health = useQuery(healthQuery);
  const texts = enrollCommands(issued, health.data?.version ?? 'latest', node.base_url);
  const minutes = Math.floor(left / 60_000);
  const seconds = Math.floor((left % 60_000) / 1000);
  return (
    <Card>
      <Stack>
        <Group justify="space-between">
          {ways.length > 1 && (
            <SegmentedControl
              value={way}
              onChange={(value) => setWay(value as Way)}
              data={ways.map((value) => ({ value, label: t(`enroll.way.${value}`) }))}
              aria-label={t('enroll.ways')}
            />
          )}
          <Badge
            size="lg"
            color={left < 300_000 ? 'yellow' : 'gray'}
            c="var(--mantine-color-text)"
            leftSection={<IconClock size={14} aria-hidden />}
            data-testid="time-left"
          >
            {t('enroll.left', { time: `${minutes}:${String(seconds).padStart(2, '0')}` })}
          </Badge>
        </Group>
        <Text size="sm">{t(`enroll.how.${way}`)}</Text>
        <Copyable label={t(`enroll.label.${way}`)} text={texts[way]} />
        {way === 'command' && ways.length > 1 && <Copyable label={t('enroll.label.start')} text="aster_drive" />}
        <Group justify="space-between">
          <Text size="sm" c="dimmed">
            {t('enroll.once')}
          </Text>
          <Button
            size="xs"
            variant="subtle"
            loading={busy}
            leftSection={<IconRefresh size={16} aria-hidden />}
            onClick={onNew}
          >
            {t('enroll.makeNew')}
          </Button>
        </Group>
      </Stack>
    </Card>
  );
}

/** Milliseconds until then, counted down each second. */
function useTimeLeft(until: string | undefined): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!until) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [until]);
  return until ? Math.max(0, Date.parse(until) - now) : 0;
}
