import { ActionIcon, Button, Text, Tooltip } from '@mantine/core';
import { IconZoomIn, IconZoomOut } from '@tabler/icons-react';
import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { FailedViewer } from './NoViewer';
import classes from './preview.module.css';
import type { ViewerProps } from './source';
import { FITTED, moved, STEP, type View, zoomed } from './zoom';

/** Pixels that an arrow key moves an enlarged picture. */
const ARROW = 60;

export function ImageViewer({ file, source }: ViewerProps) {
  const { t } = useTranslation('preview');
  const [view, setView] = useState(FITTED);
  const [failed, setFailed] = useState(false);
  const area = useRef<HTMLDivElement>(null);
  useWheel(area, setView);
  const drag = useDrag(area, setView);
  if (failed) return <FailedViewer file={file} source={source} why={t('failed.image')} />;
  const zoom = (factor: number) => setView((before) => zoomed(before, factor));
  const onKeyDown = (event: KeyboardEvent) => {
    const arrows: Record<string, [number, number]> = {
      ArrowLeft: [ARROW, 0],
      ArrowRight: [-ARROW, 0],
      ArrowUp: [0, ARROW],
      ArrowDown: [0, -ARROW],
    };
    const arrow = arrows[event.key];
    const box = area.current;
    if (event.key === '+' || event.key === '=') zoom(STEP);
    else if (event.key === '-') zoom(1 / STEP);
    else if (event.key === '0') setView(FITTED);
    else if (arrow && view.scale > 1 && box) {
      setView((before) => moved(before, arrow[0], arrow[1], box.clientWidth, box.clientHeight));
    } else return;
    // An enlarged picture takes the arrows; otherwise they lead to the next one.
    event.preventDefault();
  };
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a picture that is moved is no element of its own */}
      <div
        ref={area}
        className={classes.picture}
        role="group"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it takes keys
        tabIndex={0}
        aria-label={t('image.area', { name: file.name })}
        onKeyDown={onKeyDown}
        onDoubleClick={() => setView((before) => (before.scale > 1 ? FITTED : zoomed(before, 2)))}
        {...drag}
      >
        <img
          src={source.url(file)}
          alt={file.name}
          draggable={false}
          onError={() => setFailed(true)}
          style={{ transform: `translate(${view.x}px, ${view.y}px) scale(${view.scale})` }}
        />
      </div>
      <div className={classes.tools}>
        <Tool label={t('image.out')} act={() => zoom(1 / STEP)}>
          <IconZoomOut size={20} aria-hidden />
        </Tool>
        <Text size="sm" w={64} ta="center" role="status">
          {t('image.zoom', { percent: Math.round(view.scale * 100) })}
        </Text>
        <Tool label={t('image.in')} act={() => zoom(STEP)}>
          <IconZoomIn size={20} aria-hidden />
        </Tool>
        <Button size="xs" variant="default" onClick={() => setView(FITTED)}>
          {t('image.fit')}
        </Button>
      </div>
    </>
  );
}

function Tool({ label, act, children }: { label: string; act: () => void; children: React.ReactNode }) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label={label} onClick={act}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

type SetView = (change: (before: View) => View) => void;

/** React listens to wheels passively, so the page would scroll along. */
function useWheel(area: React.RefObject<HTMLDivElement | null>, setView: SetView): void {
  useEffect(() => {
    const box = area.current;
    if (!box) return;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const { left, top, width, height } = box.getBoundingClientRect();
      const [x, y] = [event.clientX - left - width / 2, event.clientY - top - height / 2];
      setView((before) => zoomed(before, event.deltaY < 0 ? STEP : 1 / STEP, x, y));
    };
    box.addEventListener('wheel', onWheel, { passive: false });
    return () => box.removeEventListener('wheel', onWheel);
  }, [area, setView]);
}

/** One finger or the mouse moves, two fingers enlarge. */
function useDrag(area: React.RefObject<HTMLDivElement | null>, setView: SetView) {
  const fingers = useRef(new Map<number, { x: number; y: number }>());
  const apart = () => {
    const [one, other] = [...fingers.current.values()];
    return one && other ? Math.hypot(one.x - other.x, one.y - other.y) : 0;
  };
  const end = (event: PointerEvent) => void fingers.current.delete(event.pointerId);
  return {
    onPointerDown: (event: PointerEvent) => {
      area.current?.setPointerCapture(event.pointerId);
      fingers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
    },
    onPointerMove: (event: PointerEvent) => {
      const before = fingers.current.get(event.pointerId);
      const box = area.current;
      if (!before || !box) return;
      const distance = apart();
      fingers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (fingers.current.size > 1) {
        const factor = distance > 0 ? apart() / distance : 1;
        setView((view) => zoomed(view, factor));
        return;
      }
      const [dx, dy] = [event.clientX - before.x, event.clientY - before.y];
      setView((view) => moved(view, dx, dy, box.clientWidth, box.clientHeight));
    },
    onPointerUp: end,
    onPointerCancel: end,
  };
}
