import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

// What is built lies in the Python package, which carries it in its wheel. The verifier is a module of its own, read as it stands: not minified.
export default defineConfig({
  plugins: [svelte()],
  build: {
    outDir: "../src/detente/web",
    emptyOutDir: true,
    target: "es2022",
    minify: false,
    lib: { entry: { record: "src/record/index.ts", signing: "src/signing/index.ts" }, formats: ["es"] },
    rolldownOptions: { preserveEntrySignatures: "allow-extension" }, // so that record.js is one whole file, and signing.js imports it
  },
  test: { environment: "node", include: ["tests/**/*.test.ts"] },
});
