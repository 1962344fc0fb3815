import { type MantineColorScheme, useMantineColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';

import { preferences as calls, type Preferences } from '@/api/preferences';
import { meQuery } from '@/api/session';
import { chooseLanguage as applyLanguage, LANGUAGES, type Language } from '@/i18n';

import { queryClient } from './queries';
import { useMaybeMe, useMe } from './session';

type Theme = NonNullable<Preferences['theme']>;

export const themeOf = (scheme: MantineColorScheme): Theme => (scheme === 'auto' ? 'system' : scheme);
export const schemeOf = (theme: Theme): MantineColorScheme => (theme === 'system' ? 'auto' : theme);

/** The language of this app that a kept tag means: `zh-CN` is `zh`. */
export function languageOf(tag: string | null): Language | undefined {
  const short = tag?.slice(0, 2).toLowerCase();
  return Object.keys(LANGUAGES).find((known): known is Language => known === short);
}

/** Language and light or dark: in force here at once, and kept with the account of whoever is signed in. */
export function useChoices() {
  const me = useMaybeMe();
  const { setColorScheme } = useMantineColorScheme();
  const keep = async (change: Partial<Preferences>) => {
    if (!me) return;
    queryClient.setQueryData(meQuery.queryKey, { ...me, preferences: { ...me.preferences, ...change } });
    // It holds in this browser all the same when the server cannot be told.
    await calls.change(change).catch(() => {});
  };
  return {
    chooseLanguage: async (language: Language) => {
      await Promise.all([applyLanguage(language), keep({ language })]);
    },
    chooseScheme: (scheme: MantineColorScheme) => {
      setColorScheme(scheme);
      void keep({ theme: themeOf(scheme) });
    },
  };
}

/** Puts into force what the person chose in another browser, once after signing in. */
export function useKeptChoices(): void {
  const { id, preferences } = useMe();
  const { setColorScheme } = useMantineColorScheme();
  const applied = useRef<number>(undefined);
  useEffect(() => {
    if (applied.current === id) return;
    applied.current = id;
    const language = languageOf(preferences.language);
    if (language) void applyLanguage(language);
    if (preferences.theme) setColorScheme(schemeOf(preferences.theme));
  }, [id, preferences, setColorScheme]);
}
