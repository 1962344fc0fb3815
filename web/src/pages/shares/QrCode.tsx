import { generate } from 'lean-qr';
import { useEffect, useRef } from 'react';

/** Drawn on white in every theme: cameras do not read it the other way round. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current) generate(text).toCanvas(canvas.current, { on: [0, 0, 0, 255], off: [255, 255, 255, 255] });
  }, [text]);
  return (
    <canvas
      ref={canvas}
      role="img"
      aria-label={label}
      style={{ width: 168, height: 168, imageRendering: 'pixelated', borderRadius: 8 }}
    />
  );
}
