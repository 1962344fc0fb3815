import { StreamLanguage, type StreamParser } from '@codemirror/language';

import { extensionOf } from './kinds';

type Loader = () => Promise<StreamParser<unknown>>;

const script = (pick: 'javascript' | 'typescript' | 'json') => async () =>
  (await import('@codemirror/legacy-modes/mode/javascript'))[pick];
const cLike = (pick: 'c' | 'cpp' | 'java' | 'csharp' | 'kotlin' | 'scala') => async () =>
  (await import('@codemirror/legacy-modes/mode/clike'))[pick];
const markup = (pick: 'xml' | 'html') => async () => (await import('@codemirror/legacy-modes/mode/xml'))[pick];
const styles = (pick: 'css' | 'sCSS' | 'less') => async () => (await import('@codemirror/legacy-modes/mode/css'))[pick];
const python: Loader = async () => (await import('@codemirror/legacy-modes/mode/python')).python;
const shell: Loader = async () => (await import('@codemirror/legacy-modes/mode/shell')).shell;
const yaml: Loader = async () => (await import('@codemirror/legacy-modes/mode/yaml')).yaml;
const properties: Loader = async () => (await import('@codemirror/legacy-modes/mode/properties')).properties;
const docker: Loader = async () => (await import('@codemirror/legacy-modes/mode/dockerfile')).dockerFile;

/** Colours for what people keep most; each is loaded for the first file that needs it. */
const LOADERS: Record<string, Loader> = {
  ...{ js: script('javascript'), mjs: script('javascript'), cjs: script('javascript'), jsx: script('javascript') },
  ...{ ts: script('typescript'), mts: script('typescript'), tsx: script('typescript') },
  ...{ json: script('json'), jsonc: script('json'), ndjson: script('json') },
  ...{ c: cLike('c'), h: cLike('c'), cc: cLike('cpp'), cpp: cLike('cpp'), hpp: cLike('cpp'), java: cLike('java') },
  ...{ cs: cLike('csharp'), kt: cLike('kotlin'), kts: cLike('kotlin') },
  ...{ xml: markup('xml'), svg: markup('xml'), html: markup('html'), htm: markup('html'), vue: markup('html') },
  ...{ css: styles('css'), scss: styles('sCSS'), less: styles('less') },
  ...{ py: python, sh: shell, bash: shell, zsh: shell, yaml, yml: yaml },
  ...{ ini: properties, cfg: properties, conf: properties, env: properties, properties },
  ...{ dockerfile: docker },
  rs: async () => (await import('@codemirror/legacy-modes/mode/rust')).rust,
  go: async () => (await import('@codemirror/legacy-modes/mode/go')).go,
  rb: async () => (await import('@codemirror/legacy-modes/mode/ruby')).ruby,
  lua: async () => (await import('@codemirror/legacy-modes/mode/lua')).lua,
  swift: async () => (await import('@codemirror/legacy-modes/mode/swift')).swift,
  toml: async () => (await import('@codemirror/legacy-modes/mode/toml')).toml,
  sql: async () => (await import('@codemirror/legacy-modes/mode/sql')).standardSQL,
  diff: async () => (await import('@codemirror/legacy-modes/mode/diff')).diff,
  patch: async () => (await import('@codemirror/legacy-modes/mode/diff')).diff,
  r: async () => (await import('@codemirror/legacy-modes/mode/r')).r,
  pl: async () => (await import('@codemirror/legacy-modes/mode/perl')).perl,
  ps1: async () => (await import('@codemirror/legacy-modes/mode/powershell')).powerShell,
  tex: async () => (await import('@codemirror/legacy-modes/mode/stex')).stex,
};

/** How a file is coloured; a language that cannot be loaded only leaves it plain. */
export async function languageOf(name: string): Promise<StreamLanguage<unknown> | undefined> {
  const load = LOADERS[extensionOf(name) || name.toLowerCase()];
  try {
    return load && StreamLanguage.define(await load());
  } catch {
    return undefined;
  }
}
