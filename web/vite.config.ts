import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

// `make dev`: Vite has the page's address, and hands on what is the server's. The host stays the one
// that the browser named, because sign-in to the admin compares it with the origin.
const server = { target: process.env.BACKEND_URL ?? 'http://127.0.0.1:8000', changeOrigin: false }

export default defineConfig(({ command }) => ({
  plugins: [svelte()],
  base: command === 'build' ? '/static/' : '/',
  build: {
    target: 'es2022',
    cssTarget: ['chrome123', 'firefox121', 'safari17.5'],
    // The content security policy allows no data: scripts or styles, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      '/api': server,
      '/admin': server,
      '/static': server,
      '/favicon.ico': server,
      '/chat/stream': { ...server, ws: true },
    },
  },
  test: {
    include: ['src/**/*.test.ts'],
    environment: 'node',
  },
}))
