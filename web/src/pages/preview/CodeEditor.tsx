import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { Compartment, EditorState, type Extension } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useEffect, useRef } from 'react';

import { cspNonce } from '@/app/nonce';

import { languageOf } from './languages';
import classes from './preview.module.css';
import { lineBreakOf } from './text';

interface Props {
  name: string;
  /** What it begins with; afterwards the editor has the text. */
  text: string;
  label: string;
  editable: boolean;
  onChange: (text: string) => void;
  onSave: () => void;
}

/** Shows text with its lines and colours, and lets people change it. */
export function CodeEditor({ name, text, label, editable, onChange, onSave }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const parts = useRef({ editable: new Compartment(), language: new Compartment() });
  // The editor lives longer than one drawing; it calls what is there then.
  const calls = useRef({ onChange, onSave });
  const first = useRef(text);
  useEffect(() => {
    calls.current = { onChange, onSave };
  });
  useEffect(() => {
    if (!host.current) return;
    const { editable: access, language } = parts.current;
    const save = () => {
      calls.current.onSave();
      return true;
    };
    const made = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: first.current,
        extensions: [
          common(first.current, label),
          access.of(accessOf(false)),
          language.of([]),
          keymap.of([{ key: 'Mod-s', preventDefault: true, run: save }]),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) calls.current.onChange(update.state.sliceDoc());
          }),
        ],
      }),
    });
    view.current = made;
    let gone = false;
    void languageOf(name).then((found) => {
      if (found && !gone) made.dispatch({ effects: language.reconfigure(found) });
    });
    return () => {
      gone = true;
      made.destroy();
    };
  }, [label, name]);
  useEffect(() => {
    view.current?.dispatch({ effects: parts.current.editable.reconfigure(accessOf(editable)) });
    if (editable) view.current?.focus();
  }, [editable]);
  return <div ref={host} className={classes.editor} />;
}

/** Read-only text can still be focused, to be scrolled and searched by keyboard. */
const accessOf = (editable: boolean): Extension => [
  EditorState.readOnly.of(!editable),
  EditorView.editable.of(editable),
  EditorView.contentAttributes.of({ tabindex: '0', 'aria-readonly': `${!editable}` }),
];

function common(text: string, label: string): Extension {
  return [
    EditorView.cspNonce.of(cspNonce()),
    EditorState.lineSeparator.of(lineBreakOf(text)),
    EditorView.contentAttributes.of({ 'aria-label': label }),
    EditorView.lineWrapping,
    lineNumbers(),
    history(),
    drawSelection(),
    indentOnInput(),
    bracketMatching(),
    highlightActiveLine(),
    highlightSelectionMatches(),
    keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap, indentWithTab]),
    look,
    syntaxHighlighting(colours),
  ];
}

const look = EditorView.theme({
  '&': { height: '100%', fontSize: '14px', backgroundColor: 'var(--mantine-color-body)', color: 'inherit' },
  '.cm-scroller': { fontFamily: 'var(--mantine-font-family-monospace)', lineHeight: '1.5' },
  '.cm-content': { caretColor: 'var(--mantine-color-text)', paddingBlock: '0.75rem' },
  '.cm-cursor': { borderLeftColor: 'var(--mantine-color-text)' },
  '.cm-gutters': {
    backgroundColor: 'var(--mantine-color-body)',
    color: 'var(--mantine-color-dimmed)',
    borderRight: '1px solid var(--aster-line)',
  },
  '.cm-activeLine': { backgroundColor: 'light-dark(#f3f1fb80, #28243580)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'light-dark(#d9d4f7, #443c7a)',
  },
  '.cm-panels': { backgroundColor: 'var(--aster-surface)', color: 'inherit', borderColor: 'var(--aster-line)' },
});

/** Above 4.5:1 on the ground of either theme. */
const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], color: 'light-dark(#8a1a8a, #e29ae8)' },
  { tag: [tags.string, tags.regexp, tags.special(tags.string)], color: 'light-dark(#17703b, #86e0a8)' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'light-dark(#804c00, #f3c173)' },
  { tag: [tags.comment, tags.meta], color: 'light-dark(#645f72, #aba6ba)', fontStyle: 'italic' },
  { tag: [tags.typeName, tags.className, tags.tagName], color: 'light-dark(#0b5c8a, #7cc7f0)' },
  {
    tag: [tags.propertyName, tags.attributeName, tags.definition(tags.variableName)],
    color: 'light-dark(#4c42b4, #b3abee)',
  },
  { tag: tags.heading, fontWeight: 'bold' },
  { tag: tags.invalid, color: 'var(--aster-bad)' },
]);
