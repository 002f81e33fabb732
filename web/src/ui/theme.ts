import { type CSSVariablesResolver, createTheme } from '@mantine/core'
import { BusyButton } from './BusyButton.tsx'

/** Ten shades each, light to dark; computed in OKLCH at one hue per scale (screens.md §3). */
export const theme = createTheme({
  colors: {
    petrol: ['#edf8fb', '#d6eef7', '#b2deed', '#86cadf', '#56b1cc', '#3097b3', '#187b93', '#066278', '#054f60', '#023643'],
    vermilion: ['#fff4f0', '#ffe4db', '#ffcbbb', '#ffa88d', '#f88460', '#e86338', '#cc4c20', '#ae3d15', '#8b3111', '#64230d'],
    plum: ['#fbf3f9', '#f7e2f2', '#efc8e5', '#e3a8d5', '#d185c1', '#ba67a9', '#9d4c8d', '#813c74', '#672d5c', '#4b1e42'],
    amber: ['#fff7eb', '#ffedcf', '#ffdda3', '#ffc86e', '#f4b443', '#de9f26', '#bc8519', '#956809', '#745004', '#553a05'],
    gray: ['#f9fafb', '#f0f3f4', '#e2e7e9', '#d1d7da', '#adb6b9', '#889397', '#657176', '#4c575c', '#303a3d', '#1a2225'],
    dark: ['#e6ebec', '#ccd2d4', '#a9b2b5', '#8b969a', '#343e42', '#222a2e', '#1a2124', '#11171a', '#0d1316', '#0b1013'],
  },
  primaryColor: 'petrol',
  primaryShade: { light: 7, dark: 6 },
  white: '#ffffff',
  black: '#1a2225',
  autoContrast: false,
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "'JetBrains Mono Variable', ui-monospace, monospace",
  fontSizes: { xs: '11px', sm: '12px', md: '13px', lg: '14px', xl: '16px' },
  lineHeights: { xs: '1.45', sm: '1.5', md: '1.5', lg: '1.55', xl: '1.5' },
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '20px', lineHeight: '28px' },
      h2: { fontSize: '16px', lineHeight: '24px' },
      h3: { fontSize: '13px', lineHeight: '20px' },
    },
  },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  radius: { xs: '3px', sm: '4px', md: '6px', lg: '10px', xl: '16px' },
  defaultRadius: 'md',
  cursorType: 'pointer',
  focusRing: 'auto',
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { component: BusyButton } },
    // A dialogue's head is no banner of the page.
    Modal: {
      defaultProps: {
        centered: true,
        radius: 'lg',
        transitionProps: { duration: 120 },
        attributes: { header: { role: 'presentation' } },
      },
    },
    Drawer: { defaultProps: { attributes: { header: { role: 'presentation' } } } },
    // The placeholder is an item that is none, which a menu may not hold.
    Menu: { defaultProps: { transitionProps: { duration: 80 }, shadow: 'md', withInitialFocusPlaceholder: false } },
    Tooltip: { defaultProps: { openDelay: 300, transitionProps: { duration: 80 }, withArrow: false } },
  },
})

/** Mantine's names stand for the tokens of `tokens.css`, which hold the pairs (light, dark). */
const mapped = {
  '--mantine-color-body': 'var(--surface)',
  '--mantine-color-text': 'var(--text)',
  '--mantine-color-dimmed': 'var(--text-3)',
  '--mantine-color-anchor': 'var(--link)',
  '--mantine-color-placeholder': 'var(--text-3)',
  '--mantine-color-default': 'var(--surface)',
  '--mantine-color-default-hover': 'var(--hover)',
  '--mantine-color-default-color': 'var(--text)',
  '--mantine-color-default-border': 'var(--line-2)',
  '--mantine-color-error': 'var(--fail)',
  '--mantine-color-disabled': 'var(--sunken)',
  '--mantine-color-disabled-color': 'var(--text-3)',
  '--mantine-color-disabled-border': 'var(--line)',
  '--mantine-primary-color-filled': 'var(--accent)',
  '--mantine-primary-color-filled-hover': 'var(--accent-hover)',
  '--mantine-color-petrol-filled': 'var(--accent)',
  '--mantine-color-petrol-filled-hover': 'var(--accent-hover)',
  '--mantine-color-vermilion-outline': 'var(--fail)',
}
export const cssVariablesResolver: CSSVariablesResolver = () => ({ variables: {}, light: mapped, dark: mapped })
