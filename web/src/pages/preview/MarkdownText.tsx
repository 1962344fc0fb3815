import { IconSquare, IconSquareCheck } from '@tabler/icons-react';
import Markdown from 'markdown-to-jsx/react';
import type { ReactNode } from 'react';

import classes from './preview.module.css';

/** Markdown as a page. HTML in it stays text, and nothing in it is loaded from elsewhere. */
export function MarkdownText({ text }: { text: string }) {
  return (
    <Markdown
      className={classes.prose}
      options={{
        disableParsingRawHTML: true,
        forceBlock: true,
        // An anchor of the document must not be one of the app.
        slugify: (heading) => `text-${heading.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-')}`,
        wrapper: 'article',
        forceWrapper: true,
        overrides: { a: OutsideLink, img: NamedPicture, input: Tick },
      }}
    >
      {text.replace(/^\ufeff/, '')}
    </Markdown>
  );
}

/** Only what leads out of here: a path relative to the file would lead somewhere into the app. */
function OutsideLink({ href = '', children }: { href?: string; children?: ReactNode }) {
  if (!/^(https?:\/\/|mailto:)/i.test(href)) return <span>{children}</span>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}

/** A picture from elsewhere would tell that server who reads; it is a link. */
function NamedPicture({ src = '', alt }: { src?: string; alt?: string }) {
  return <OutsideLink href={src}>[{alt || src}]</OutsideLink>;
}

function Tick({ checked }: { checked?: boolean }) {
  const Icon = checked ? IconSquareCheck : IconSquare;
  return <Icon size={18} role="img" aria-label={checked ? '[x]' : '[ ]'} style={{ verticalAlign: 'text-bottom' }} />;
}
