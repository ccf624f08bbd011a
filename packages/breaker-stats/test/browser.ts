import { chromium, type Browser } from 'playwright-core'
import { findBinary } from '../../../test/binary.ts'

/** Chromium as it comes with the system, kept from talking to anybody but us. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: findBinary('chromium') ?? 'chromium',
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
