export type Theme = 'system' | 'light' | 'dark'

const KEY = 'chatproject.theme'
const ORDER: Theme[] = ['system', 'light', 'dark']

class ThemeChoice {
  current = $state<Theme>('system')

  constructor() {
    const stored = localStorage.getItem(KEY) as Theme | null
    if (stored && ORDER.includes(stored)) this.choose(stored)
  }

  next(): void {
    this.choose(ORDER[(ORDER.indexOf(this.current) + 1) % ORDER.length] ?? 'system')
  }

  private choose(theme: Theme): void {
    this.current = theme
    localStorage.setItem(KEY, theme)
    document.documentElement.dataset.theme = theme
  }
}

export const theme = new ThemeChoice()
