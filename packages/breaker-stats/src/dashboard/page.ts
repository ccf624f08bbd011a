/** Where the page finds what it shows, as attributes of its root element. Addresses are absolute paths. */
export interface PageAddresses {
  readonly assets: string
  readonly stats: string
  readonly live: string
  readonly ticket: string
  readonly frame: string
  /** Empty: there is no test. */
  readonly test: string
  readonly keyHeader: string
}

/** Fills in `{{name}}` in the page. */
export function renderPage(template: string, addresses: PageAddresses): Buffer {
  const page = template.replace(/\{\{(\w+)\}\}/g, (_, name: keyof PageAddresses) =>
    escapeHtml(addresses[name]),
  )
  return Buffer.from(page)
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
