import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

// The console, beside the modules that vite.config.ts builds. Nothing is inlined: the page lives under a policy that runs only files of its own origin.
export default defineConfig({
  plugins: [svelte()],
  base: "./",
  server: { proxy: { "/arenas": process.env["DETENTE_SERVER"] ?? "http://127.0.0.1:8642" } }, // `npx vite --config …`, while it is worked on
  build: {
    outDir: "../src/detente/web",
    emptyOutDir: false,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2_000,
  },
});
