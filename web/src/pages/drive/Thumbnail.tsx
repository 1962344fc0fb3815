import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

import { type DriveItem, type FileItem, thumbnailSupportQuery, thumbnailUrl } from '@/api/files';
import { renewLogin } from '@/api/renewal';
import type { Space } from '@/api/spaces';

import css from './Drive.module.css';
import { ItemIcon } from './ItemIcon';

/** A thumbnail is made when somebody asks for the first time; it is asked for again this often. */
const MOST_TRIES = 10;
const PAUSE_MS = 2_000;

interface Props {
  space: Space;
  item: DriveItem;
  /** Of the icon, where there is no picture. */
  size: number;
}

/** The picture of a picture, and the icon of everything else. */
export function Thumbnail({ space, item, size }: Props) {
  if (item.kind === 'folder' || item.file_category !== 'image') return <ItemIcon item={item} size={size} />;
  return <MaybePicture space={space} item={item} size={size} />;
}

function MaybePicture({ space, item, size }: Props & { item: FileItem }) {
  const support = useQuery(thumbnailSupportQuery).data;
  const hasOne = support?.mime_types.includes(item.mime_type) && item.size <= support.max_source_bytes;
  if (!hasOne) return <ItemIcon item={item} size={size} />;
  const url = thumbnailUrl(space, item);
  return <Picture key={url} url={url} fallback={<ItemIcon item={item} size={size} />} />;
}

type State = { is: 'asking' | 'ready' | 'waiting' | 'missing'; tries: number };

function Picture({ url, fallback }: { url: string; fallback: React.ReactNode }) {
  const [state, setState] = useState<State>({ is: 'asking', tries: 0 });
  const { is, tries } = state;
  useEffect(() => {
    if (is !== 'waiting') return;
    const gone = new AbortController();
    let timer = 0;
    whyNot(url, gone.signal).then((next) => {
      if (gone.signal.aborted) return;
      if (next === 'missing' || tries >= MOST_TRIES) return setState({ is: 'missing', tries });
      timer = window.setTimeout(() => setState({ is: 'asking', tries: tries + 1 }), next === 'now' ? 0 : PAUSE_MS);
    });
    return () => {
      gone.abort();
      window.clearTimeout(timer);
    };
  }, [is, tries, url]);
  if (is === 'missing') return fallback;
  return (
    <>
      {is !== 'ready' && fallback}
      {is !== 'waiting' && (
        <img
          // The number keeps the browser from remembering that it failed.
          src={tries === 0 ? url : `${url}&try=${tries}`}
          alt=""
          className={css.picture}
          hidden={is !== 'ready'}
          draggable={false}
          onLoad={() => setState({ is: 'ready', tries })}
          onError={() => setState({ is: 'waiting', tries })}
        />
      )}
    </>
  );
}

/** An image element only says that it failed. */
async function whyNot(url: string, signal: AbortSignal): Promise<'now' | 'later' | 'missing'> {
  try {
    const reply = await fetch(url, { credentials: 'same-origin', signal });
    if (reply.status === 202) return 'later';
    if (reply.status === 401) return (await renewLogin()) ? 'now' : 'missing';
    return reply.ok ? 'now' : 'missing';
  } catch {
    return 'later';
  }
}
