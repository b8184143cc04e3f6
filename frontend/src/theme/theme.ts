/** Mantine dressed in the product's own tokens. */
import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core'

const petrol: MantineColorsTuple = [
  '#eef7f6',
  '#d9ecea',
  '#b3d9d5',
  '#86c2bd',
  '#58a8a3',
  '#338d89',
  '#1f7471',
  '#185e5c',
  '#124a49',
  '#0e3736',
]

/** Greys with a breath of the brand, so that Mantine's own surfaces sit on ours. */
const dark: MantineColorsTuple = [
  '#e7eceb',
  '#c6d0cf',
  '#a7b4b3',
  '#7d8c8c',
  '#3b494a',
  '#2a3637',
  '#1b2526',
  '#172021',
  '#121a1b',
  '#0f1516',
]

const gray: MantineColorsTuple = [
  '#f7f6f3',
  '#f0efe9',
  '#e6e5de',
  '#dad9d1',
  '#c5c6bf',
  '#9ea29e',
  '#7b8283',
  '#515d60',
  '#343e40',
  '#1c2628',
]

export const theme = createTheme({
  colors: { petrol, dark, gray },
  primaryColor: 'petrol',
  primaryShade: { light: 7, dark: 6 },
  fontFamily: "'Figtree Variable', ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif",
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, monospace',
  headings: {
    fontFamily: "'Figtree Variable', ui-sans-serif, system-ui, sans-serif",
    fontWeight: '650',
    sizes: {
      h1: { fontSize: '1.75rem', lineHeight: '1.2' },
      h2: { fontSize: '1.25rem', lineHeight: '1.3' },
      h3: { fontSize: '1.0625rem', lineHeight: '1.35' },
    },
  },
  defaultRadius: 'md',
  radius: { xs: '4px', sm: '6px', md: '8px', lg: '12px', xl: '18px' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  focusRing: 'auto',
})

const shared = {
  '--mantine-color-body': 'var(--canvas)',
  '--mantine-color-text': 'var(--ink)',
  '--mantine-color-bright': 'var(--ink)',
  '--mantine-color-dimmed': 'var(--ink-soft)',
  '--mantine-color-placeholder': 'var(--ink-soft)',
  '--mantine-color-anchor': 'var(--brand-text)',
  '--mantine-color-default': 'var(--surface)',
  '--mantine-color-default-hover': 'var(--surface-hover)',
  '--mantine-color-default-color': 'var(--ink)',
  '--mantine-color-default-border': 'var(--field-line)',
  '--mantine-color-error': 'var(--danger)',
  '--mantine-color-petrol-light': 'var(--brand-soft)',
  '--mantine-color-petrol-light-color': 'var(--brand-soft-ink)',
  '--mantine-color-petrol-outline': 'var(--brand-text)',
  '--mantine-color-petrol-text': 'var(--brand-text)',
}

export const cssVariables: CSSVariablesResolver = () => ({ variables: {}, light: shared, dark: shared })
