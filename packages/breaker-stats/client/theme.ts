const storageKey = 'sluice-theme'
const dark = matchMedia('(prefers-color-scheme: dark)')

/** The system's theme, until the button says otherwise. `onChange` is called whenever colours change. */
export function themeButton(button: HTMLButtonElement, onChange: () => void): void {
  const isDark = (): boolean =>
    (document.documentElement.dataset.theme ?? (dark.matches ? 'dark' : 'light')) === 'dark'
  const show = (): void => {
    button.setAttribute('aria-label', isDark() ? 'Switch to light colours' : 'Switch to dark colours')
    onChange()
  }
  const chosen = localStorage.getItem(storageKey)
  if (chosen === 'dark' || chosen === 'light') document.documentElement.dataset.theme = chosen
  button.addEventListener('click', () => {
    const theme = isDark() ? 'light' : 'dark'
    document.documentElement.dataset.theme = theme
    localStorage.setItem(storageKey, theme)
    show()
  })
  dark.addEventListener('change', show)
  show()
}

/** The value of a custom property in the theme of the moment, as a canvas needs it. */
export function colour(name: string): string {
  const probe = document.createElement('span')
  probe.style.color = `var(--${name})`
  document.body.append(probe)
  const value = getComputedStyle(probe).color
  probe.remove()
  return value
}
