import { Breadcrumbs } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { Ancestor } from '@/api/folders';
import type { Place, Space } from '@/api/spaces';
import { LinkAnchor } from '@/components/links';
import css from './Drive.module.css';
import { dropHandlers } from './dnd';
import { folderPath } from './paths';
import type { Acts } from './useActs';
import { useDrop } from './useDrop';

/** Folders shown between the root and this one; the rest is behind the first of them. */
const MOST_SHOWN = 4;

interface Props {
  root: string;
  space: Space;
  /** With the folder itself, which comes last. */
  above: Ancestor[];
  acts: Acts;
}

/** The way here; things can be dropped on each step of it. */
export function Crumbs({ root, space, above, acts }: Props) {
  const { t } = useTranslation();
  const parents = above.slice(0, -1);
  const hidden = Math.max(0, parents.length - MOST_SHOWN);
  const steps = [
    { place: { space, folderId: null }, name: root },
    ...parents.slice(hidden).map(({ id, name }) => ({ place: { space, folderId: id }, name })),
  ];
  return (
    <Breadcrumbs component="nav" aria-label={t('nav.above')} separatorMargin={4} className={css.crumbs}>
      {steps.map(({ place, name }, index) => (
        <Step key={place.folderId} place={place} name={hidden > 0 && index === 1 ? `… / ${name}` : name} acts={acts} />
      ))}
    </Breadcrumbs>
  );
}

function Step({ place, name, acts }: { place: Place; name: string; acts: Acts }) {
  const drop = useDrop(acts.changes);
  return (
    <LinkAnchor
      to={folderPath(place)}
      size="sm"
      className={css.crumb}
      {...dropHandlers((event) => ({ element: event.currentTarget, place }), drop)}
    >
      {name}
    </LinkAnchor>
  );
}
