/** @inkjs/ui's components in our symbols and tones. */

import { defaultTheme, extendTheme } from '@inkjs/ui'
import type { Theme } from './theme.ts'

/** What its theme provider takes. */
export function componentTheme(theme: Theme) {
  const { symbols, tones } = theme
  const icons = { info: symbols.dot, success: symbols.pass, error: symbols.fail, warning: symbols.warn }
  const tone = { info: tones.accent, success: tones.good, error: tones.bad, warning: tones.warning }
  return extendTheme(defaultTheme, {
    components: {
      ProgressBar: {
        styles: { completed: () => tones.good, remaining: () => tones.muted },
        config: () => ({ completedCharacter: symbols.barFull, remainingCharacter: symbols.barEmpty }),
      },
      StatusMessage: {
        styles: {
          icon: (props?: { variant?: keyof typeof icons }) => tone[props?.variant ?? 'info'],
        },
        config: (props?: { variant?: keyof typeof icons }) => ({ icon: icons[props?.variant ?? 'info'] }),
      },
      Badge: {
        styles: {
          container: (props?: { color?: string }) =>
            theme.colour ? { backgroundColor: props?.color ?? 'cyan' } : { inverse: true },
          label: () => (theme.colour ? { color: 'black' } : {}),
        },
      },
    },
  })
}
