import { ActionIcon, Group, Menu, Tooltip, useMantineColorScheme } from '@mantine/core';
import { IconCheck, IconDeviceDesktop, IconLanguage, IconMoon, IconSun } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

import { useChoices } from '@/app/choices';
import { LANGUAGES, type Language } from '@/i18n';

const SCHEMES = { light: IconSun, dark: IconMoon, auto: IconDeviceDesktop } as const;

/** Language and light or dark, on every page. */
export function Preferences() {
  const { t, i18n } = useTranslation();
  const { colorScheme } = useMantineColorScheme();
  const { chooseLanguage, chooseScheme } = useChoices();
  const Scheme = SCHEMES[colorScheme];
  const tick = <IconCheck size={16} aria-hidden />;
  return (
    <Group gap={4} wrap="nowrap">
      <Menu position="bottom-end">
        <Menu.Target>
          <Tooltip label={t('preferences.language')}>
            <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('preferences.language')}>
              <IconLanguage size={20} aria-hidden />
            </ActionIcon>
          </Tooltip>
        </Menu.Target>
        <Menu.Dropdown>
          {(Object.keys(LANGUAGES) as Language[]).map((language) => (
            <Menu.Item
              key={language}
              lang={language}
              aria-current={i18n.language === language}
              rightSection={i18n.language === language ? tick : undefined}
              onClick={() => void chooseLanguage(language)}
            >
              {LANGUAGES[language]}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Menu position="bottom-end">
        <Menu.Target>
          <Tooltip label={t('preferences.scheme')}>
            <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('preferences.scheme')}>
              <Scheme size={20} aria-hidden />
            </ActionIcon>
          </Tooltip>
        </Menu.Target>
        <Menu.Dropdown>
          {(Object.keys(SCHEMES) as (keyof typeof SCHEMES)[]).map((scheme) => (
            <Menu.Item
              key={scheme}
              aria-current={colorScheme === scheme}
              rightSection={colorScheme === scheme ? tick : undefined}
              onClick={() => chooseScheme(scheme)}
            >
              {t(`preferences.${scheme}`)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </Group>
  );
}
