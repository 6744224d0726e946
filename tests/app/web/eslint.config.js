import js from "@eslint/js";
import globals from "globals";

export default [
  {
    ...js.configs.recommended,
    languageOptions: { ecmaVersion: 2022, sourceType: "module", globals: globals.browser },
    rules: {
      ...js.configs.recommended.rules,
      curly: ["error", "multi-line"],
      eqeqeq: "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: "Text becomes text nodes: see dom.js." },
        { property: "outerHTML", message: "Text becomes text nodes: see dom.js." },
        { property: "insertAdjacentHTML", message: "Text becomes text nodes: see dom.js." },
      ],
      "no-shadow": "off",
      "no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "prefer-template": "error",
    },
  },
  {
    files: ["**/recorder-worklet.js"],
    languageOptions: { globals: { ...globals.audioWorklet } },
  },
];
