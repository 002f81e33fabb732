import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/**
 * Two entries: `index.html` (console, sign-in, wizard, self-service) and `phone.html` (the page of every scan).
 * Everything is a file of our own: no data: URLs, no polyfill, so that the strict content policies hold.
 */
export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [react()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    assetsDir: 'assets',
    assetsInlineLimit: 0,
    target: 'es2022',
    modulePreload: { polyfill: false },
    // kB before gzip: the console's frame (React, Mantine, router) has 650, and is told of where it grows
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      input: { index: 'index.html', phone: 'phone.html' },
      // The contract is declarations only: an entry that imports one function of it does not carry its schemas.
      treeshake: { moduleSideEffects: [{ test: /\/contract\/src\//, sideEffects: false }] },
    },
  },
  server: { proxy: { '/api': 'http://localhost:8080' } },
})
