import {
  Alert,
  Badge,
  Button,
  Card,
  type CSSVariablesResolver,
  createTheme,
  type MantineColorsTuple,
  Menu,
  Modal,
  NavLink,
  Notification,
  Table,
  Tooltip,
} from '@mantine/core';

/** The violet of the flower. Shade 6 carries white text and 7 is text on the light ground, both above 4.5:1. */
const aster: MantineColorsTuple = [
  '#f1effd',
  '#e0dcf9',
  '#c2bbf2',
  '#a197ea',
  '#8478e3',
  '#6d60da',
  '#5a4fcf',
  '#4c42b4',
  '#3f3796',
  '#2f2972',
];

/** Greys with a trace of the same violet. */
const dark: MantineColorsTuple = [
  '#e6e3ee',
  '#cbc7d6',
  '#aba6ba',
  '#7d778e',
  '#474254',
  '#383444',
  '#2a2634',
  '#211e29',
  '#17151d',
  '#110f16',
];

const sans = '"Inter Variable", system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif';

/** The look of everything. Words that Mantine's parts need come from the language in use. */
export const themeWith = (closeLabel: string) =>
  createTheme({
    primaryColor: 'aster',
    primaryShade: { light: 6, dark: 6 },
    colors: { aster, dark },
    fontFamily: sans,
    fontFamilyMonospace: 'ui-monospace, "Cascadia Mono", "SF Mono", Menlo, Consolas, monospace',
    headings: { fontFamily: sans, fontWeight: '650', sizes: { h1: { fontSize: '1.5rem', lineHeight: '1.3' } } },
    defaultRadius: 'md',
    cursorType: 'pointer',
    respectReducedMotion: true,
    focusRing: 'auto',
    components: {
      Button: Button.extend({ defaultProps: { radius: 'md' } }),
      Card: Card.extend({ defaultProps: { withBorder: true, radius: 'lg', padding: 'lg' } }),
      NavLink: NavLink.extend({
        styles: { root: { borderRadius: 'var(--mantine-radius-md)' }, label: { fontWeight: 500 } },
      }),
      Alert: Alert.extend({ defaultProps: { radius: 'md', variant: 'light' } }),
      Badge: Badge.extend({
        defaultProps: { variant: 'light', radius: 'sm', tt: 'none', fw: 600 },
        styles: { root: { minWidth: 'max-content' }, label: { overflow: 'visible' } },
      }),
      // Without the hidden element that takes the focus first: a menu has only entries.
      Menu: Menu.extend({ defaultProps: { withInitialFocusPlaceholder: false } }),
      Modal: Modal.extend({
        defaultProps: {
          centered: true,
          radius: 'lg',
          // A `header` in a dialog would count as a second banner of the page.
          attributes: { header: { role: 'none' } },
          closeButtonProps: { 'aria-label': closeLabel },
        },
      }),
      Notification: Notification.extend({
        defaultProps: { closeButtonProps: { 'aria-label': closeLabel } },
        styles: { description: { color: 'var(--mantine-color-dimmed)' } },
      }),
      Table: Table.extend({ defaultProps: { verticalSpacing: 'sm', horizontalSpacing: 'md' } }),
      Tooltip: Tooltip.extend({ defaultProps: { withArrow: true, openDelay: 300, multiline: true, maw: 320 } }),
    },
  });

/** Where Mantine's own choices fall below 4.5:1, or do not fit the ground. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#fbfafd',
    '--mantine-color-dimmed': '#645f72',
    '--mantine-color-placeholder': '#716c80',
    '--mantine-color-error': '#c4262e',
    '--mantine-color-anchor': 'var(--mantine-color-aster-7)',
    '--mantine-color-green-light': '#e2f5e8',
    '--mantine-color-green-light-color': '#17703b',
    '--mantine-color-yellow-light': '#fdf1d8',
    '--mantine-color-yellow-light-color': '#804c00',
    '--mantine-color-red-light': '#fdeaeb',
    '--mantine-color-red-light-color': '#b31f27',
    '--mantine-color-gray-light': '#f0eef4',
    '--mantine-color-gray-light-color': '#554f63',
    '--aster-surface': '#ffffff',
    '--aster-line': '#e6e3ee',
    '--aster-hover': '#f6f4fb',
    '--aster-chosen': '#ebe8fb',
    '--aster-good': '#17703b',
    '--aster-bad': '#b31f27',
    '--aster-warn': '#804c00',
  },
  dark: {
    '--mantine-color-body': '#17151d',
    '--mantine-color-dimmed': '#aba6ba',
    '--mantine-color-placeholder': '#928ca3',
    '--mantine-color-error': '#ff8d8d',
    '--mantine-color-anchor': 'var(--mantine-color-aster-3)',
    '--mantine-color-aster-light': '#332d5c',
    '--mantine-color-aster-light-hover': '#3c3569',
    '--mantine-color-aster-light-color': '#d3cdf7',
    '--mantine-color-green-light': '#1b3527',
    '--mantine-color-green-light-color': '#86e0a8',
    '--mantine-color-yellow-light': '#3a2d14',
    '--mantine-color-yellow-light-color': '#f3c173',
    '--mantine-color-red-light': '#45212a',
    '--mantine-color-red-light-color': '#ffa8a8',
    '--mantine-color-gray-light': '#2f2b38',
    '--mantine-color-gray-light-color': '#c3bece',
    '--aster-surface': '#211e29',
    '--aster-line': '#383444',
    '--aster-hover': '#282431',
    '--aster-chosen': '#332d5c',
    '--aster-good': '#6fd695',
    '--aster-bad': '#ff8d8d',
    '--aster-warn': '#f3b95f',
  },
});
