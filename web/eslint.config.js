import js from '@eslint/js'
import prettier from 'eslint-config-prettier'
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript'
import { importX } from 'eslint-plugin-import-x'
import svelte from 'eslint-plugin-svelte'
import globals from 'globals'
import ts from 'typescript-eslint'

import svelteConfig from './svelte.config.js'

const FEATURES = [
  'account',
  'chat',
  'composer',
  'files',
  'instructions',
  'keys',
  'models',
  'settings',
  'threads',
  'usage',
]
/** The lower rooms, from the ground up: each imports those before it and nothing else of ours. */
const LOWER = ['api', 'agui', 'agent', 'shared', 'markdown']

const src = (...names) => names.map((name) => `./src/${name}`)
const above = LOWER.map((room, index) => ({
  target: src(room),
  from: src(...LOWER.slice(index + 1), ...FEATURES, 'layout', 'app.svelte.ts', 'Shell.svelte'),
  message: `${room} imports lower rooms only: ${LOWER.slice(0, index).join(', ') || 'none'}.`,
}))

/** State of a feature is built by `app.svelte.ts`; only components reach for the app. */
const stateBelowApp = [
  {
    target: FEATURES.map((name) => `./src/${name}/**/*.ts`),
    from: src('app.svelte.ts'),
    message: 'State does not know the app: pass what it needs to its constructor.',
  },
]

export default ts.config(
  { ignores: ['dist/', 'src/api/schema.d.ts'] },
  js.configs.recommended,
  ...ts.configs.recommendedTypeChecked,
  ...svelte.configs.recommended,
  prettier,
  ...svelte.configs.prettier,
  {
    languageOptions: {
      globals: { ...globals.browser },
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.js', 'svelte.config.js'] },
        extraFileExtensions: ['.svelte'],
      },
    },
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [
        createTypeScriptImportResolver({ extensions: ['.ts', '.svelte'] }),
      ],
    },
    rules: {
      'import-x/no-restricted-paths': ['error', { zones: [...above, ...stateBelowApp] }],
      'import-x/order': [
        'error',
        {
          groups: [
            ['builtin', 'external'],
            ['parent', 'sibling'],
          ],
          'newlines-between': 'always',
          alphabetize: { order: 'asc' },
        },
      ],
      // Fakes and handlers are async for their type's sake.
      '@typescript-eslint/require-await': 'off',
      // A blank before a block has to be written as a string.
      'svelte/no-useless-mustaches': 'off',
      // Sets and maps here are local to a function, or replaced whole.
      'svelte/prefer-svelte-reactivity': 'off',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
  },
  {
    files: ['**/*.svelte'],
    rules: {
      // The linter sees what a component exports, or passes to a callback, as `any`; svelte-check does not.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
)
