import i18next, { type BackendModule } from 'i18next';
import { initReactI18next } from 'react-i18next';

import type account from './en/account.json';
import type admin from './en/admin.json';
import type common from './en/common.json';
import type console from './en/console.json';
import type drive from './en/drive.json';
import type nodes from './en/nodes.json';
import type preview from './en/preview.json';
import type settings from './en/settings.json';
import type shares from './en/shares.json';
import type uploads from './en/uploads.json';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'common';
    resources: {
      account: typeof account;
      admin: typeof admin;
      common: typeof common;
      console: typeof console;
      drive: typeof drive;
      nodes: typeof nodes;
      preview: typeof preview;
      settings: typeof settings;
      shares: typeof shares;
      uploads: typeof uploads;
    };
  }
}

/** What each language calls itself. */
export const LANGUAGES = { en: 'English', zh: '中文' } as const;
export type Language = keyof typeof LANGUAGES;

const STORED = 'aster-language';
const texts = import.meta.glob<{ default: Record<string, unknown> }>('./{en,zh}/*.json');

/** Texts are chunks of their own: a page loads those of its area, in the language in use. */
const backend: BackendModule = {
  type: 'backend',
  init: () => {},
  read: (language, namespace, done) => {
    const load = texts[`./${language}/${namespace}.json`];
    if (!load) return done(new Error(`no texts ${language}/${namespace}`), null);
    load().then(
      (module) => done(null, module.default),
      (error: unknown) => done(error as Error, null),
    );
  },
};

/** The language somebody chose here, or the first of the browser's that we speak. */
export function firstLanguage(stored: string | null, wanted: readonly string[]): Language {
  if (stored === 'en' || stored === 'zh') return stored;
  const known = wanted.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag === 'en' || tag === 'zh');
  return (known as Language | undefined) ?? 'en';
}

export async function startI18n(): Promise<void> {
  i18next.on('languageChanged', (language) => {
    document.documentElement.lang = language === 'zh' ? 'zh-Hans' : language;
  });
  await i18next
    .use(backend)
    .use(initReactI18next)
    .init({
      lng: firstLanguage(read(), navigator.languages),
      fallbackLng: false,
      ns: ['common'],
      defaultNS: 'common',
      interpolation: { escapeValue: false },
    });
}

export async function chooseLanguage(language: Language): Promise<void> {
  try {
    localStorage.setItem(STORED, language);
  } catch {
    // The choice then lasts as long as the page.
  }
  await i18next.changeLanguage(language);
}

function read(): string | null {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}
