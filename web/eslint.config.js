import js from "@eslint/js";
import svelte from "eslint-plugin-svelte";
import ts from "typescript-eslint";

// The rules that know types are the ones we are here for: a verification nobody awaits would be a verification nobody made.
export default ts.config(
  { ignores: ["node_modules", "dist-fixtures", "src/channel/schema.d.ts"] },
  js.configs.recommended,
  ...ts.configs.strictTypeChecked,
  ...svelte.configs["flat/recommended"],
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ["eslint.config.js", "svelte.config.js"] },
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: [".svelte"],
      },
    },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
    },
  },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser } },
    rules: {
      "no-undef": "off", // TypeScript knows what there is
      "no-unused-private-class-members": "off", // does not know `??=`
      "svelte/prefer-svelte-reactivity": "off", // our state is replaced whole
    },
  },
  { files: ["*.config.js"], ...ts.configs.disableTypeChecked },
);
