import 'react-pdf/dist/Page/TextLayer.css';
import 'react-pdf/dist/Page/AnnotationLayer.css';

import { ActionIcon, Button, Group, NumberInput, PasswordInput, Text, Tooltip } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { IconZoomIn, IconZoomOut } from '@tabler/icons-react';
import workerUrl from 'pdfjs-dist/build/pdf.worker.min.mjs?url';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Document, Page, PasswordResponses, pdfjs } from 'react-pdf';

import { Loading } from '@/components/Loaded';

import { FailedViewer } from './NoViewer';
import classes from './preview.module.css';
import type { ViewerProps } from './source';

pdfjs.GlobalWorkerOptions.workerSrc = workerUrl;

/** Beside the pages, which are files of the build: characters of East Asia, standard typefaces, rarer pictures. */
const OPTIONS = {
  cMapUrl: `${__PDF_FILES__}cmaps/`,
  standardFontDataUrl: `${__PDF_FILES__}standard_fonts/`,
  wasmUrl: `${__PDF_FILES__}wasm/`,
  iccUrl: `${__PDF_FILES__}iccs/`,
  isEvalSupported: false,
};
const WIDEST = 1_000;
const MARGIN = 24;
/** A4, until a page has told its own. */
const USUAL_RATIO = Math.SQRT2;

/** A document that asks for its password. */
interface Lock {
  answer: (password: string | null) => void;
  /** The one before was wrong. */
  again: boolean;
}

export function PdfViewer({ file, source }: ViewerProps) {
  const { t } = useTranslation('preview');
  const { ref, width } = useElementSize();
  const [count, setCount] = useState(0);
  const [zoom, setZoom] = useState(1);
  const [at, setAt] = useState(1);
  const [failed, setFailed] = useState(false);
  const [lock, setLock] = useState<Lock>();
  const pages = useRef(new Map<number, HTMLElement>());
  const url = source.url(file);
  const input = useMemo(() => ({ url }), [url]);
  if (failed) return <FailedViewer file={file} source={source} why={t('failed.pdf')} />;
  const pageWidth = Math.max(200, Math.min(WIDEST, width - MARGIN)) * zoom;
  const goTo = (page: number) => pages.current.get(page)?.scrollIntoView({ block: 'start' });
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable */}
      <section ref={ref} className={classes.scroll} aria-label={t('pdf.document', { name: file.name })} tabIndex={0}>
        {lock && <PasswordForm lock={lock} />}
        {width > 0 && (
          <Document
            file={input}
            options={OPTIONS}
            suspense={false}
            className={classes.pages ?? ''}
            loading={<Loading rows={8} />}
            externalLinkTarget="_blank"
            onLoadSuccess={({ numPages }) => {
              setLock(undefined);
              setCount(numPages);
            }}
            onPassword={(answer, reason) => setLock({ answer, again: reason === PasswordResponses.INCORRECT_PASSWORD })}
            onLoadError={() => setFailed(true)}
            onSourceError={() => setFailed(true)}
          >
            {Array.from({ length: count }, (_, index) => index + 1).map((page) => (
              <LazyPage
                key={page}
                page={page}
                width={pageWidth}
                onElement={(element) => pages.current.set(page, element)}
                onSeen={setAt}
              />
            ))}
          </Document>
        )}
      </section>
      <div className={classes.tools}>
        <Tooltip label={t('image.out')}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={t('image.out')}
            onClick={() => setZoom(Math.max(0.5, zoom / 1.25))}
          >
            <IconZoomOut size={20} aria-hidden />
          </ActionIcon>
        </Tooltip>
        <Tooltip label={t('image.in')}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={t('image.in')}
            onClick={() => setZoom(Math.min(4, zoom * 1.25))}
          >
            <IconZoomIn size={20} aria-hidden />
          </ActionIcon>
        </Tooltip>
        <Button size="xs" variant="default" onClick={() => setZoom(1)}>
          {t('image.fit')}
        </Button>
        {count > 0 && (
          <>
            <NumberInput
              size="xs"
              w={64}
              hideControls
              aria-label={t('pdf.goTo')}
              min={1}
              max={count}
              value={at}
              onChange={(value) => typeof value === 'number' && goTo(value)}
            />
            <Text size="sm">{t('pdf.of', { count })}</Text>
          </>
        )}
      </div>
    </>
  );
}

interface LazyPageProps {
  page: number;
  width: number;
  onElement: (element: HTMLElement) => void;
  onSeen: (page: number) => void;
}

/** Drawn when it comes near the window; a document may have a thousand pages. */
function LazyPage({ page, width, onElement, onSeen }: LazyPageProps) {
  const box = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(page === 1);
  const [ratio, setRatio] = useState(USUAL_RATIO);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the callbacks are new at each drawing, the page is not
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    onElement(element);
    const nearing = new IntersectionObserver(([entry]) => setNear(entry?.isIntersecting ?? false), {
      rootMargin: '800px 0px',
    });
    const seeing = new IntersectionObserver(([entry]) => entry?.isIntersecting && onSeen(page), {
      rootMargin: '-45% 0px -50% 0px',
    });
    nearing.observe(element);
    seeing.observe(element);
    return () => {
      nearing.disconnect();
      seeing.disconnect();
    };
  }, [page]);
  return (
    <div ref={box} className={classes.page} style={{ width, minHeight: width * ratio }}>
      {near && (
        <Page
          pageNumber={page}
          width={width}
          suspense={false}
          loading={null}
          onLoadSuccess={({ originalWidth, originalHeight }) => setRatio(originalHeight / originalWidth)}
        />
      )}
    </div>
  );
}

function PasswordForm({ lock: { answer, again } }: { lock: Lock }) {
  const { t } = useTranslation('preview');
  const [password, setPassword] = useState('');
  return (
    <form
      className={classes.waiting}
      onSubmit={(event) => {
        event.preventDefault();
        answer(password);
      }}
    >
      <Group align="flex-end">
        <PasswordInput
          flex={1}
          label={t('pdf.password')}
          autoComplete="off"
          autoFocus
          required
          error={again && t('pdf.wrong')}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Button type="submit">{t('pdf.unlock')}</Button>
      </Group>
    </form>
  );
}
