import { Alert, Button, Group, SegmentedControl, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { isOtherVersion, readContent } from '@/api/content';
import { ApiError } from '@/api/errors';
import { Loading } from '@/components/Loaded';
import { tellDone } from '@/components/notify';
import { Problem } from '@/components/Problem';
import { useFormat } from '@/i18n/format';

import { isEditable, viewerOf } from './kinds';
import { FailedViewer } from './NoViewer';
import classes from './preview.module.css';
import type { ViewerProps } from './source';
import { decodeText, MOST_TEXT } from './text';
import { useUnsaved } from './unsaved';

const CodeEditor = lazy(async () => ({ default: (await import('./CodeEditor')).CodeEditor }));
const MarkdownText = lazy(async () => ({ default: (await import('./MarkdownText')).MarkdownText }));
const CsvTable = lazy(async () => ({ default: (await import('./CsvTable')).CsvTable }));

/** Text of any kind: formatted where there is a format, as it stands otherwise, and to be changed where that is allowed. */
export function TextViewer({ file, source }: ViewerProps) {
  const { t } = useTranslation('preview');
  const format = useFormat();
  const tooLarge = file.size > MOST_TEXT;
  const query = useQuery({
    queryKey: ['preview', source.url(file)],
    queryFn: ({ signal }) => readContent(source.url(file), signal),
    enabled: !tooLarge,
    // What an editor holds must not change under it.
    refetchOnWindowFocus: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
  });
  if (tooLarge) {
    const why = t('text.tooLarge', { size: format.bytes(file.size), most: format.bytes(MOST_TEXT) });
    return <FailedViewer file={file} source={source} why={why} />;
  }
  if (query.error) {
    return (
      <div className={classes.waiting}>
        <Problem error={query.error} retry={() => void query.refetch()} />
      </div>
    );
  }
  if (!query.data) {
    return (
      <div className={classes.waiting}>
        <Loading rows={8} />
      </div>
    );
  }
  const text = decodeText(query.data.bytes);
  if (text === undefined) return <FailedViewer file={file} source={source} why={t('text.binary')} />;
  const reload = async () => void (await query.refetch());
  return <TextShown key={query.dataUpdatedAt} {...{ file, source, text, reload }} etag={query.data.etag} />;
}

interface ShownProps extends ViewerProps {
  text: string;
  etag: string | null;
  reload: () => Promise<void>;
}

function TextShown({ file, source, text, etag, reload }: ShownProps) {
  const { t } = useTranslation('preview');
  const kind = viewerOf(file);
  const formatted = kind === 'markdown' || kind === 'csv';
  const [mode, setMode] = useState<'rendered' | 'source'>(formatted ? 'rendered' : 'source');
  const [editing, setEditing] = useState(false);
  const editor = useSaving({ file, source, text, etag, reload });
  const edit = () => {
    setMode('source');
    setEditing(true);
  };
  const canEdit = source.save !== undefined && (isEditable(kind) || kind === 'none');
  return (
    <>
      {editor.problem !== undefined && <SaveProblem editor={editor} />}
      <div className={classes.scroll}>
        <Suspense fallback={<Loading rows={8} />}>
          {mode === 'source' && (
            <CodeEditor
              name={file.name}
              text={editor.base}
              label={t('text.editor', { name: file.name })}
              editable={editing}
              onChange={editor.change}
              onSave={editor.save}
            />
          )}
          {mode === 'rendered' && kind === 'markdown' && <MarkdownText text={editor.base} />}
          {mode === 'rendered' && kind === 'csv' && <CsvTable text={editor.base} name={file.name} />}
        </Suspense>
      </div>
      {(formatted || canEdit) && (
        <div className={classes.tools}>
          {formatted && editor.draft === undefined && (
            <SegmentedControl
              size="xs"
              aria-label={t('text.mode')}
              value={mode}
              onChange={(value) => setMode(value as typeof mode)}
              data={[
                { value: 'rendered', label: t('text.rendered') },
                { value: 'source', label: t('text.source') },
              ]}
            />
          )}
          {editor.draft !== undefined && (
            <Text size="sm" c="var(--aster-warn)" role="status">
              {t('text.unsaved')}
            </Text>
          )}
          {canEdit && !editing && (
            <Button size="xs" variant="default" onClick={edit}>
              {t('text.edit')}
            </Button>
          )}
          {editing && (
            <Group gap="xs">
              <Button
                size="xs"
                onClick={() => editor.save()}
                loading={editor.busy}
                disabled={editor.draft === undefined}
              >
                {t('text.save')}
              </Button>
              <Button
                size="xs"
                variant="default"
                disabled={editor.draft !== undefined}
                onClick={() => setEditing(false)}
              >
                {t('text.view')}
              </Button>
            </Group>
          )}
        </div>
      )}
    </>
  );
}

interface Saving {
  /** The text as the server has it, as far as is known here. */
  base: string;
  /** What the person has made of the text; `undefined` while it is as it was. */
  draft: string | undefined;
  change: (text: string) => void;
  save: (anyway?: boolean) => void;
  takeTheirs: () => void;
  busy: boolean;
  problem: unknown;
}

function useSaving({ file, source, text, etag, reload }: ShownProps): Saving {
  const { t } = useTranslation('preview');
  const [base, setBase] = useState({ text, etag });
  const [draft, setDraft] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  useUnsaved(draft !== undefined);
  const save = async (anyway = false) => {
    if (draft === undefined || !source.save || busy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await source.save(file, draft, anyway ? null : base.etag);
      tellDone(t('text.saved'));
      const now = await readContent(source.url(file), new AbortController().signal);
      // Somebody else may have saved a moment later; the tag of that must not stand for what is shown here.
      if (decodeText(now.bytes) !== draft) return await reload();
      setBase({ text: draft, etag: now.etag });
      // What was typed while it was saved is unsaved again.
      setDraft((latest) => (latest === draft ? undefined : latest));
    } catch (error) {
      setProblem(error);
    } finally {
      setBusy(false);
    }
  };
  return {
    base: base.text,
    draft,
    change: (next) => setDraft(next === base.text ? undefined : next),
    save: (anyway) => void save(anyway),
    takeTheirs: () => {
      setProblem(undefined);
      setDraft(undefined);
      void reload();
    },
    busy,
    problem,
  };
}

/** A version of somebody else is a question, everything else a failure. */
function SaveProblem({ editor: { problem, save, takeTheirs, busy } }: { editor: Saving }) {
  const { t } = useTranslation('preview');
  const locked = problem instanceof ApiError && problem.status === 423;
  if (!isOtherVersion(problem)) {
    return (
      <Group p="sm">
        <Problem error={problem} title={locked ? t('text.locked') : undefined} />
      </Group>
    );
  }
  return (
    <Alert color="yellow" role="alert" title={t('text.conflict')} m="sm">
      <Text size="sm" mb="sm">
        {t('text.conflictText')}
      </Text>
      <Group gap="xs">
        <Button size="xs" variant="default" onClick={takeTheirs}>
          {t('text.takeTheirs')}
        </Button>
        <Button size="xs" color="red.8" onClick={() => save(true)} loading={busy}>
          {t('text.keepMine')}
        </Button>
      </Group>
    </Alert>
  );
}
