import {
  Alert,
  Badge,
  Button,
  Card,
  type CSSVariablesResolver,
  createTheme,
  type MantineColorsTuple,
  Modal,
  NavLink,
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

export const theme = createTheme({
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
    Badge: Badge.extend({ defaultProps: { variant: 'light', radius: 'sm', tt: 'none', fw: 600 } }),
    Modal: Modal.extend({ defaultProps: { centered: true, radius: 'lg' } }),
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
    '--aster-surface': '#ffffff',
    '--aster-line': '#e6e3ee',
    '--aster-good': '#1a7f43',
    '--aster-bad': '#c4262e',
    '--aster-warn': '#9a5b00',
  },
  dark: {
    '--mantine-color-body': '#17151d',
    '--mantine-color-dimmed': '#aba6ba',
    '--mantine-color-placeholder': '#928ca3',
    '--mantine-color-error': '#ff8d8d',
    '--mantine-color-anchor': 'var(--mantine-color-aster-3)',
    '--aster-surface': '#211e29',
    '--aster-line': '#383444',
    '--aster-good': '#6fd695',
    '--aster-bad': '#ff8d8d',
    '--aster-warn': '#f3b95f',
  },
});
