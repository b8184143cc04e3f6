/** How the app is built and tested. The dev server passes API and socket calls on to a local back end. */
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

const backend = process.env.CLINIC_BACKEND ?? 'http://127.0.0.1:8000'

export default defineConfig({
  plugins: [react()],
  base: '/',
  // The service puts each answer's own nonce in its place (api/app.py).
  html: { cspNonce: '__CSP_NONCE__' },
  build: {
    outDir: 'dist',
    assetsDir: 'assets',
    // The content security policy allows no data: scripts and few data: images; files are cached by name anyway.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
    rolldownOptions: {
      output: {
        // A few files instead of forty: what every page needs comes in one, what one page needs comes with it.
        codeSplitting: {
          groups: [
            { name: 'libraries', test: /node_modules[\\/](?!@mantine)/, priority: 2 },
            { name: 'mantine', test: /node_modules[\\/]@mantine/, minShareCount: 3, priority: 2 },
            { name: 'shared', test: /[\\/]src[\\/]/, minShareCount: 3, priority: 1 },
          ],
        },
      },
    },
  },
  server: {
    proxy: {
      '/api': backend,
      '/ws': { target: backend.replace(/^http/, 'ws'), ws: true },
    },
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.{ts,tsx}'],
    restoreMocks: true,
  },
})
